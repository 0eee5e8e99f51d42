"""Builds the wheels of kd-edge-core for all platforms on one machine: `make wheels`.

The compiler is the package `ziglang`, which has the C libraries of every target, so that nothing of
the targets has to be here. The same versions of it and of Python's headers give the same bytes.

    python runtime/core/build_wheels.py [--output dist] [PLATFORM ...]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "kd_edge_core"
SOURCES = ("module.c", "kd_edge.c")

# Products and sums must be rounded one by one, as Python does, or scores differ in their last bits.
EXACT = ("-std=c99", "-O2", "-ffp-contract=off")
_LIBRARY = (*EXACT, "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-shared", "-s")
_LINUX = ("-fPIC", "-Wl,-z,relro,-z,now", "-lm")
_MACOS = ("-fPIC", "-Wl,-undefined,dynamic_lookup")
_WINDOWS = ("-Oz", "-ffunction-sections", "-fdata-sections")
# What Windows calls when it loads a library, and what the core takes of C's library there.
_ENTRY = "int __stdcall DllMainCRTStartup(void *m, unsigned long r, void *x) { return 1; }\n"
_UCRT = (
    *("exp", "log", "pow", "floor", "fmod", "malloc", "calloc", "free"),
    *("memcmp", "memcpy", "memmove", "memset"),
)
_FILE_MODE = 0o100644 << 16


class BuildError(Exception):
    """Why no wheel can be built here, in words."""


@dataclass(frozen=True)
class Platform:
    """What a wheel is for.

    Attributes:
        tags: the platforms in the wheel's name.
        target: zig's name of it, with the oldest C library or system that the wheel runs on.
        flags: for the compiler.
        suffix: of the extension's file.
    """

    tags: str
    target: str
    flags: tuple[str, ...] = _LINUX
    suffix: str = ".abi3.so"


# Raspberry Pi OS 11 has glibc 2.31. A Pi Zero is an ARMv6, for which there is no manylinux: what
# pip takes there is named after Linux alone.
PLATFORMS = {
    "linux-x86-64": Platform("manylinux_2_17_x86_64.manylinux2014_x86_64", "x86_64-linux-gnu.2.17"),
    "linux-aarch64": Platform(
        "manylinux_2_17_aarch64.manylinux2014_aarch64", "aarch64-linux-gnu.2.17"
    ),
    "linux-armv7": Platform(
        "manylinux_2_17_armv7l.manylinux2014_armv7l",
        "arm-linux-gnueabihf.2.17",
        (*_LINUX, "-mcpu=generic+v7a+vfp3d16"),
    ),
    "linux-armv6": Platform(
        "linux_armv6l", "arm-linux-gnueabihf.2.17", (*_LINUX, "-mcpu=arm1176jzf_s")
    ),
    "macos-x86-64": Platform("macosx_11_0_x86_64", "x86_64-macos.11.0", _MACOS),
    "macos-arm64": Platform("macosx_11_0_arm64", "aarch64-macos.11.0", _MACOS),
    "windows-x86-64": Platform("win_amd64", "x86_64-windows-gnu", _WINDOWS, ".pyd"),
}


def build(name: str, folder: Path) -> Path:
    """Builds a wheel.

    Args:
        name: one of `PLATFORMS`.
        folder: where it is put; made if it is not there.

    Raises:
        BuildError: the compiler or Python's headers are missing, or do not take the source.
    """
    platform = PLATFORMS[name]
    with tempfile.TemporaryDirectory() as scratch:
        extension = _compiled(platform, Path(scratch))
    files = {f"{PACKAGE}/_core{platform.suffix}": extension}
    for path in sorted((HERE / PACKAGE).iterdir()):
        if path.suffix in (".py", ".pyi", ".typed"):
            files[f"{PACKAGE}/{path.name}"] = path.read_bytes()
    project = _project()
    stem = f"{PACKAGE}-{project['version']}"
    tag = f"cp39-abi3-{platform.tags}"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-{tag}.whl"
    _write(wheel, files, f"{stem}.dist-info", _about(project, tag))
    return wheel


def zig(arguments: Sequence[object]) -> None:
    """Runs zig, e.g. `("cc", "-target", …)`.

    Raises:
        BuildError: it is not installed, or fails; with what it wrote.
    """
    command = [sys.executable, "-m", "ziglang", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if "No module named ziglang" in done.stderr:
        raise BuildError(f"there is no compiler here: {sys.executable} -m pip install ziglang")
    if done.returncode:
        raise BuildError(f"zig {arguments[0]} failed:\n{done.stderr.strip()}")


def _compiled(platform: Platform, scratch: Path) -> bytes:
    headers, output = _headers(scratch / "include"), scratch / f"_core{platform.suffix}"
    command: list[object] = [
        "cc",
        "-target",
        platform.target,
        *_LIBRARY,
        f"-I{headers}",
        "-include",
        HERE / "libm.h",
    ]
    sources = [HERE / source for source in SOURCES]
    if platform.suffix == ".pyd":
        return _compiled_for_windows(command, platform, scratch, sources)
    zig([*command, *platform.flags, "-o", output, *sources])
    return output.read_bytes()


def _compiled_for_windows(
    command: list[object], platform: Platform, scratch: Path, sources: list[Path]
) -> bytes:
    """Links objects to system libraries alone, without MinGW's start-up code.

    That brings a `printf` of its own, which is half as large as all of the rest.
    """
    alone = [flag for flag in command if flag not in ("-shared", "-s", "-Wextra")]
    entry = scratch / "entry.c"
    entry.write_text(_ENTRY, encoding="utf-8")
    objects = [scratch / f"{source.stem}.obj" for source in (*sources, entry)]
    for source, compiled in zip((*sources, entry), objects):
        zig([*alone, *platform.flags, "-c", "-o", compiled, source])
    # Of python3.dll, all that is known here is what the extension asks for.
    asked = imported_names(objects[0].read_bytes())
    libraries = [
        _import_library(scratch, "python3", asked),
        _import_library(scratch, "ucrtbase", _UCRT),
    ]
    output = scratch / f"_core{platform.suffix}"
    link = ["cc", "-target", platform.target, "-shared", "-s", "-nostdlib"]
    zig([*link, "-Wl,--gc-sections", "-o", output, *objects, *libraries])
    return output.read_bytes()


def _import_library(scratch: Path, dll: str, names: Sequence[str]) -> Path:
    definition, library = scratch / f"{dll}.def", scratch / f"{dll}.lib"
    definition.write_text("\n".join((f"LIBRARY {dll}.dll", "EXPORTS", *names, "")))
    zig(("dlltool", "-m", "i386:x86-64", "-d", definition, "-l", library))
    return library


def _headers(folder: Path) -> Path:
    """Python's headers, with a configuration that fits every target in place of this machine's."""
    own = Path(sysconfig.get_path("include"))
    if not (own / "Python.h").is_file():
        raise BuildError(
            f"Python's headers are not in {own}: on Debian apt-get install python3-dev"
        )
    shutil.copytree(own, folder)
    (folder / "pyconfig.h").write_text((HERE / "pyconfig.h").read_text(encoding="utf-8"))
    return folder


def imported_names(coff: bytes) -> list[str]:
    """What an object file for Windows asks Python's DLL for."""
    start = int.from_bytes(coff[8:12], "little")
    number = int.from_bytes(coff[12:16], "little")
    strings = coff[start + 18 * number :]
    names = set()
    at = 0
    while at < number:
        entry = coff[start + 18 * at : start + 18 * at + 18]
        name = entry[:8]
        if name[:4] == bytes(4):
            name = strings[int.from_bytes(name[4:], "little") :]
        if entry[12:14] == bytes(2):  # in no section of its own: defined elsewhere
            names.add(name.split(b"\0")[0].decode("ascii").replace("__imp_", ""))
        at += 1 + entry[17]
    return sorted(name for name in names if name.startswith(("Py", "_Py")))


def _project() -> dict[str, str]:
    """The one-line texts of pyproject.toml's `project`, which Python 3.9 has no reader for."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    project = dict(re.findall(r'^([\w-]+) = "(.*)"$', text, re.MULTILINE))
    project["text"] = re.search(r'text = "(.*)"', text)[1]  # type: ignore[index]
    classifiers = re.search(r"classifiers = \[(.*?)\]", text, re.DOTALL)[1]  # type: ignore[index]
    project["classifiers"] = "\n".join(re.findall(r'"(.*?)"', classifiers))
    return project


def _about(project: Mapping[str, str], tag: str) -> dict[str, str]:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License: {project['license']}",
        *(f"Classifier: {one}" for one in project["classifiers"].splitlines()),
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
        "",
        project["text"],
    ]
    python, abi, platforms = tag.split("-")
    tags = [f"Tag: {python}-{abi}-{one}" for one in platforms.split(".")]
    wheel = ["Wheel-Version: 1.0", "Generator: kd-edge", "Root-Is-Purelib: false", *tags]
    return {
        "METADATA": "\n".join(lines) + "\n",
        "WHEEL": "\n".join(wheel) + "\n",
        "licenses/LICENSE": (HERE.parent / "LICENSE").read_text(encoding="utf-8"),
        f"sboms/{project['name']}.cdx.json": json.dumps(_bill(project), indent=1) + "\n",
    }


def _bill(project: Mapping[str, str]) -> dict[str, object]:
    """The bill of materials (CycloneDX): the wheel's code is all its own."""
    purl = f"pkg:pypi/{project['name']}@{project['version']}"
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": project["name"],
        "version": project["version"],
        "licenses": [{"expression": project["license"]}],
        "purl": purl,
    }
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    return {**head, "metadata": {"component": component}, "components": []}


def _write(wheel: Path, files: Mapping[str, bytes], info: str, about: Mapping[str, str]) -> None:
    members = {**files, **{f"{info}/{name}": text.encode() for name, text in about.items()}}
    record = ""
    for name, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, _FILE_MODE
            archive.writestr(entry, data, compresslevel=9)


def main() -> None:
    """Builds the wheels that are asked for, all by default."""
    parser = argparse.ArgumentParser(description="Builds wheels of kd-edge-core.")
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=", ".join(PLATFORMS))
    parser.add_argument("--output", type=Path, default=Path("dist"), help="folder for the wheels")
    options = parser.parse_args()
    if unknown := [name for name in options.platforms if name not in PLATFORMS]:
        parser.error(f"{unknown[0]}: choose from {', '.join(PLATFORMS)}")
    try:
        for name in options.platforms or PLATFORMS:
            wheel = build(name, options.output)
            print(f"{wheel}: {wheel.stat().st_size:,} bytes", flush=True)  # noqa: T201
    except BuildError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
