"""The machine and its state, such as temperature, as Linux reports them; None if unknown."""

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
_PATIENCE = 5.0  # seconds to wait for the firmware to answer
_CPUS = "sys/devices/system/cpu/cpu[0-9]*"

# The bits of `vcgencmd get_throttled`; those 16 higher say whether it happened since the boot.
_BITS = ("under-voltage", "frequency capped", "throttled", "near the temperature limit")


@dataclass(frozen=True)
class Machine:
    """The fixed properties of a machine.

    Attributes:
        device: the board or computer, e.g. "Raspberry Pi 4 Model B Rev 1.4".
        cpu: the processor.
        architecture: e.g. "aarch64".
        cores: the cores that this process may use.
        cores_there: all cores.
        max_mhz: the highest frequency.
        memory_mib: the memory of the machine.
        system: the operating system.
        python: the version of Python, and its implementation.
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
    """The state of a machine at a time.

    Attributes:
        governor: the frequency governor, e.g. "ondemand".
        mhz: the current frequency of the fastest core.
        celsius: the temperature of the processor.
        throttled: "no", or what the firmware or the processor reports.
        load: the load average of the last minute.
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
    cpuinfo = _cpuinfo(root)
    models = ("sys/firmware/devicetree/base/model", "sys/class/dmi/id/product_name")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Machine(
        device=next(filter(None, (_text(root / one) for one in models)), cpuinfo.get("Model")),
        cpu=cpuinfo.get("model name") or cpuinfo.get("Hardware") or platform.processor() or None,
        architecture=platform.machine(),
        cores=usable,
        cores_there=os.cpu_count(),
        max_mhz=_mhz(root, "cpuinfo_max_freq"),
        memory_mib=memory() >> 20,
        system=_system(root),
        python=f"{platform.python_version()} {platform.python_implementation()}",
    )


def state(root: Path = ROOT) -> MachineState:
    """The current state of the machine."""
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
    """The temperature of the processor: of its thermal zone, or of the hottest one."""
    zones = {path: _text(path / "type") for path in root.glob("sys/class/thermal/thermal_zone*")}
    of_cpu = [path for path, kind in zones.items() if re.search("cpu|soc|pkg", kind, re.I)]
    files = [path / "temp" for path in of_cpu or zones]
    files = files or [*root.glob("sys/class/hwmon/hwmon*/temp1_input")]
    temperatures = [
        int(value) / 1000 for value in map(_text, files) if re.fullmatch(r"\d{4,6}", value)
    ]
    if not temperatures and (answer := _vcgencmd("measure_temp")):  # temp=48.3'C
        temperatures = [float(value) for value in re.findall(r"\d+\.\d+", answer)]
    return max(temperatures, default=None)


def memory() -> int:
    """The machine's memory in bytes; 0 if the system does not report it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def _throttled(root: Path) -> str | None:
    if found := re.search("0x([0-9a-fA-F]+)", _vcgencmd("get_throttled")):
        bits = int(found[1], 16)
        events = [
            f"{when}: {', '.join(names)}"
            for when, shift in (("now", 0), ("since the start", 16))
            if (names := [name for at, name in enumerate(_BITS) if bits >> shift + at & 1])
        ]
        return "; ".join(events) or "no"
    counts = [
        int(count)
        for count in map(_text, root.glob(f"{_CPUS}/thermal_throttle/core_throttle_count"))
        if count.isdigit()
    ]
    if not counts:
        return None
    return f"{sum(counts)} times since the start" if any(counts) else "no"


def _vcgencmd(word: str) -> str:
    """The answer of a Raspberry Pi's firmware to a command; "" on other machines."""
    program = shutil.which("vcgencmd")
    with suppress(OSError, subprocess.SubprocessError):
        if program:
            done = subprocess.run([program, word], capture_output=True, timeout=_PATIENCE)  # noqa: S603
            return done.stdout.decode("ascii", "replace")
    return ""


def _mhz(root: Path, name: str) -> int | None:
    values = map(_text, root.glob(f"{_CPUS}/cpufreq/{name}"))
    return max((int(value) // 1000 for value in values if value.isdigit()), default=None)


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
