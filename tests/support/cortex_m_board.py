"""An emulated Cortex-M3 that scores texts with a folder of C from `kd-edge export --c`."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import zig

BOARD = Path(__file__).with_name("cortex_m")
TARGET = ("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m3")
SMALL = ("-std=c99", "-Oz", "-ffp-contract=off", "-DKD_FLOAT32", "-DKD_SMALL")
SECTIONS = ("-ffunction-sections", "-fdata-sections", "-fno-unwind-tables", "-g")
MACHINE = (
    "qemu-system-arm",
    "-M",
    "mps2-an385",
    "-nographic",
    "-monitor",
    "none",
    "-serial",
    "none",
)


@dataclass(frozen=True)
class Ran:
    """What a board did: a line for each text; bytes of RAM; and of flash, without the item.

    `question` is what a student of the kind `pairs` keeps of its references. `library` is what the
    compiler's library adds: floats in software, and mathematics.
    """

    lines: list[list[int]]
    scratch: int
    question: int
    stack: int
    static: int
    core: int
    library: int


def missing() -> str:
    return "" if shutil.which(MACHINE[0]) else MACHINE[0]


def run(folder: Path, texts: list[str], classes: int, item: int = 0) -> Ran:
    """Compiles a folder for the board and scores texts there.

    `code` is of the core alone: its code and tables, and what it takes of C's library.
    """
    lines = []
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        escaped = "".join(f"\\{byte:03o}" for byte in data)
        lines.append(f'{{"{escaped}", {len(data)}}},\n')
    (folder / "texts.h").write_text(
        "static const struct { const char *text; uint32_t bytes; } texts[] = {\n"
        + "".join(lines) + "};\n"
    )  # fmt: skip
    found = re.findall("-DKD_[A-Z0-9_]+", (folder / "Makefile").read_text())
    options = [*TARGET, *SMALL, *SECTIONS, *found, f"-I{BOARD}", f"-I{folder}"]
    options += [f"-DITEM={item}", f"-DCLASSES={classes}", "-DSCRATCH=16384", "-DQUESTION=8192"]
    program, bare = folder / "board.elf", folder / "bare.elf"
    core, items, board = folder / "kd_edge.c", folder / "items.c", BOARD / "main.c"
    link = ["-Wl,--gc-sections", "-T", BOARD / "board.ld"]
    build = zig.build_wheels().zig
    build(["cc", *options, *link, "-o", program, core, items, board])
    build(["cc", *options, "-DBARE", *link, "-o", bare, core, board])
    done = subprocess.run(
        [
            *MACHINE,
            "-serial",
            "none",
            "-semihosting-config",
            "enable=on,target=native",
            "-kernel",
            str(program),
        ],
        capture_output=True,
        encoding="ascii",
        timeout=300,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    said = [[*map(int, line.split())] for line in (done.stdout + done.stderr).splitlines()]
    *rows, (scratch, question, stack, static) = said
    return Ran(rows, scratch, question, stack, static, *flash(bare))


LIBRARY = ("compiler_rt", "__", "mem", "math.", "sqrt", "log", "exp", "floor", "fmod", "fabs")


def flash(elf: Path) -> tuple[int, int]:
    """Bytes of code and tables in a program for 32 bits: of the core, and of the library."""
    data = elf.read_bytes()
    start, size, number = (
        struct.unpack_from("<I", data, 32)[0],
        *struct.unpack_from("<HH", data, 46),
    )
    sections = [struct.unpack_from("<10I", data, start + k * size) for k in range(number)]
    (table,) = [section for section in sections if section[1] == 2]
    names = sections[table[6]][4]
    sizes = {}
    for at in range(table[4], table[4] + table[5], 16):
        name, value, many, _, _, section = struct.unpack_from("<IIIBBH", data, at)
        end = data.index(b"\0", names + name)
        if 0 < section < number and sections[section][1] == 1:
            sizes[value] = many, data[names + name : end].decode()
    library = sum(many for many, name in sizes.values() if name.startswith(LIBRARY))
    ours = sum(many for many, name in sizes.values() if name in ("start", "vectors"))
    return sum(many for many, _ in sizes.values()) - library - ours, library
