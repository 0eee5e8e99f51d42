"""The machine that is measured, and how hot it is: what Linux says of it, None where unknown."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
_PATIENCE = 5.0  # seconds for the firmware to answer
_CPUS = "sys/devices/system/cpu/cpu[0-9]*"

# The bits of `vcgencmd get_throttled`; 16 higher, whether it has happened since the start.
_BITS = ("under-voltage", "frequency capped", "throttled", "near the temperature limit")


@dataclass(frozen=True)
class Machine:
    """What does not change while it is measured.

    Attributes:
        device: the board or computer, e.g. "Raspberry Pi 4 Model B Rev 1.4".
        cpu: the processor.
        architecture: e.g. "aarch64".
        cores: those that this process may use.
        cores_there: all of them.
        max_mhz: the highest frequency.
        memory_mib: of the whole machine.
        system: the operating system.
        python: the version of Python, and its kind.
    """

    device: str | None
    cpu: str | None
    architecture: str
    cores: int | None
    cores_there: int | None
    max_mhz: int | None
    memory_mib: int
    system: str
    python: str


@dataclass(frozen=True)
class MachineState:
    """What changes.

    Attributes:
        governor: who sets the frequency, e.g. "ondemand".
        mhz: the frequency of the fastest core now.
        celsius: the temperature of the processor.
        throttled: "no", or what the firmware or the processor says of it.
        load: processes that want to run, mean of the last minute.
    """

    governor: str | None
    mhz: int | None
    celsius: float | None
    throttled: str | None
    load: float | None


def machine(root: Path = ROOT) -> Machine:
    """This machine.

    Args:
        root: the folder with `sys` and `proc`.
    """
    told = _cpuinfo(root)
    models = ("sys/firmware/devicetree/base/model", "sys/class/dmi/id/product_name")
    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Machine(
        device=next(filter(None, (_text(root / one) for one in models)), told.get("Model")),
        cpu=told.get("model name") or told.get("Hardware") or platform.processor() or None,
        architecture=platform.machine(),
        cores=may,
        cores_there=os.cpu_count(),
        max_mhz=_mhz(root, "cpuinfo_max_freq"),
        memory_mib=memory() >> 20,
        system=_system(root),
        python=f"{platform.python_version()} {platform.python_implementation()}",
    )


def state(root: Path = ROOT) -> MachineState:
    """How the machine is now."""
    governors = {_text(path) for path in root.glob(f"{_CPUS}/cpufreq/scaling_governor")}
    running = re.fullmatch(r"(\d+)\.?\d*", _cpuinfo(root).get("cpu MHz", ""))
    load = None
    with suppress(AttributeError, OSError):
        load = round(os.getloadavg()[0], 2)
    return MachineState(
        governor=", ".join(sorted(filter(None, governors))) or None,
        mhz=_mhz(root, "scaling_cur_freq") or (int(running[1]) if running else None),
        celsius=celsius(root),
        throttled=_throttled(root),
        load=load,
    )


def celsius(root: Path = ROOT) -> float | None:
    """The temperature of the processor: of the zone named after it, or else of the hottest."""
    zones = {path: _text(path / "type") for path in root.glob("sys/class/thermal/thermal_zone*")}
    of_cpu = [path for path, kind in zones.items() if re.search("cpu|soc|pkg", kind, re.I)]
    files = [path / "temp" for path in of_cpu or zones]
    files = files or [*root.glob("sys/class/hwmon/hwmon*/temp1_input")]
    found = [int(told) / 1000 for told in map(_text, files) if re.fullmatch(r"\d{4,6}", told)]
    if not found and (told := _vcgencmd("measure_temp")):  # temp=48.3'C
        found = [float(one) for one in re.findall(r"\d+\.\d+", told)]
    return max(found, default=None)


def memory() -> int:
    """Bytes; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def _throttled(root: Path) -> str | None:
    if found := re.search("0x([0-9a-fA-F]+)", _vcgencmd("get_throttled")):
        bits = int(found[1], 16)
        told = [
            f"{when}: {', '.join(names)}"
            for when, shift in (("now", 0), ("since the start", 16))
            if (names := [name for at, name in enumerate(_BITS) if bits >> shift + at & 1])
        ]
        return "; ".join(told) or "no"
    counts = [
        int(told)
        for told in map(_text, root.glob(f"{_CPUS}/thermal_throttle/core_throttle_count"))
        if told.isdigit()
    ]
    if not counts:
        return None
    return f"{sum(counts)} times since the start" if any(counts) else "no"


def _vcgencmd(word: str) -> str:
    """What the firmware of a Raspberry Pi says; "" on other machines."""
    program = shutil.which("vcgencmd")
    with suppress(OSError, subprocess.SubprocessError):
        if program:
            done = subprocess.run([program, word], capture_output=True, timeout=_PATIENCE)  # noqa: S603
            return done.stdout.decode("ascii", "replace")
    return ""


def _mhz(root: Path, name: str) -> int | None:
    told = map(_text, root.glob(f"{_CPUS}/cpufreq/{name}"))
    return max((int(one) // 1000 for one in told if one.isdigit()), default=None)


def _cpuinfo(root: Path) -> dict[str, str]:
    return dict(_fields(_text(root / "proc/cpuinfo"), ":"))


def _system(root: Path) -> str:
    name = dict(_fields(_text(root / "etc/os-release"), "=")).get("PRETTY_NAME", "").strip('"')
    return f"{name} ({platform.system()} {platform.release()})" if name else platform.platform()


def _fields(text: str, mark: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition(mark)
        yield name.strip(), value.strip()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""
