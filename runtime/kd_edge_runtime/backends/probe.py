"""Tests in a child process whether a backend works on this device.

A wheel for another processor may crash the process that imports it (SIGILL). So a backend first
scores an item's golden rows in a child process, and the outcome is kept until something changes.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import Any, Callable, NamedTuple

from kd_edge_runtime import backends
from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends.reproduce import reproduce
from kd_edge_runtime.backends.shared import member_key
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.errors import BundleError, ParityError
from kd_edge_runtime.files import open_in_place, read_in_place, share
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.system.child_limits import drop_rights

WORKS = "works"
MISSING = "not installed"
DIES = "dies"
FAILS = "fails"
WRONG = "wrong"
SLOW = "too slow"
DAMAGED = "damaged"
UNTRIED = "untried"

# Seconds. A Pi Zero takes half a minute to read ONNX Runtime from its card.
TIMEOUT = 120.0

# Failures that are kept because they will happen again; not a lack of memory or a busy device.
CRASHES = ("SIGILL", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGABRT")
_SIZE = 8192

_PROCESSOR = Path("/proc/cpuinfo")

# The child finds the packages that its parent finds, however the parent was started.
_CHILD = (
    "import sys; sys.path[:] = sys.argv[{0}:]; import json; {3}from {1} import child; "
    "print('{2}', flush=True); answer = child(*sys.argv[1:{0}]); print(); print(json.dumps(answer))"
)
_LIMITS = "from kd_edge_runtime.system.child_limits import limit; limit({0}); "
_BEGUN = b"begun"


class ProbeOutcome(NamedTuple):
    """The outcome of a probe: one of the verdicts above, and the signal, error or reason."""

    verdict: str
    why: str = ""

    @property
    def usable(self) -> bool:
        """Whether the backend can be used."""
        return self.verdict in (WORKS, UNTRIED)

    def __str__(self) -> str:
        return f"{self.verdict} ({self.why})" if self.why else self.verdict


def probe(
    name: str,
    item: LoadedItem | None = None,
    form: str = "",
    cache: Path | None = None,
    timeout: float = TIMEOUT,
) -> ProbeOutcome:
    """Tests a backend in a child process.

    Args:
        name: one of `backends.NAMES`.
        item: the item whose golden rows the backend scores; None to import the backend only.
        form: a form that the item has and the backend reads.
        cache: the file with earlier outcomes; ignored if it cannot be read or written.
        timeout: seconds.
    """
    if backends.missing(name):
        return ProbeOutcome(MISSING)
    key, arguments = name, ["", ""]
    if item:
        if not isinstance(item.bundle, Bundle):
            return ProbeOutcome(UNTRIED, "its bundle is not a file")
        key = _key(name, item, form)
        place = students(item.bundle.manifest.items).index(item.entry)
        arguments = [str(item.bundle.path), str(place)]
    device = _device() if cache else ""
    kept = _read(cache, device) if cache else {}
    if key in kept:
        return kept[key]
    outcome = _try([name, form, *arguments], timeout)
    if cache and (outcome.verdict in (WORKS, WRONG) or outcome.why in CRASHES):
        kept[key] = outcome
        _write(cache, device, kept)
    return outcome


def keep(name: str, item: LoadedItem, form: str, outcome: ProbeOutcome, cache: Path) -> None:
    """Keeps what is known of a backend in place of what `probe` found; see there."""
    device = _device()
    _write(cache, device, {**_read(cache, device), _key(name, item, form): outcome})


def _key(name: str, item: LoadedItem, form: str) -> str:
    """What an outcome is kept under."""
    members = item.entry.forms[form], item.entry.golden
    return " ".join((name, *(member_key(item, member)[:16] for member in members)))


def forget(cache: Path | None) -> None:
    """Empties the cache, so that every backend is tested again."""
    if cache and os.path.exists(cache):  # noqa: PTH110 (pathlib raises where it may not look)
        _write(cache, "", {})


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package; "?" if it is unknown."""
    from importlib.metadata import PackageNotFoundError, version

    by_package = dict.fromkeys(packages, "?")
    for package in by_package:
        # A package that was removed in part may have no version, or an unreadable one.
        with suppress(PackageNotFoundError, LookupError, OSError, ValueError):
            by_package[package] = version(package) or "?"
    return by_package


def child(name: str, form: str, path: str, at: str) -> ProbeOutcome:
    """Runs in the child process: tests the backend."""
    try:
        return _scored(name, form, path, at)
    except BundleError as error:  # no package is at fault
        return ProbeOutcome(DAMAGED, str(error)[:300])
    except ParityError as error:
        return ProbeOutcome(WRONG, str(error)[:300])
    except Exception as error:  # the package may raise anything
        cause = error.__cause__ or error
        return ProbeOutcome(FAILS, f"{type(cause).__name__}: {cause}"[:300])


def _scored(name: str, form: str, path: str, at: str) -> ProbeOutcome:
    if not path:
        backends.module(name)
        return ProbeOutcome(WORKS)
    with Bundle(path) as bundle:
        backends.module(name)
        drop_rights()
        item = LoadedItem(bundle, students(bundle.manifest.items)[int(at)])
        result = reproduce(item, name, form, golden.read(item))
    return ProbeOutcome(WRONG, result.summary) if result.differing else ProbeOutcome(WORKS)


def in_child(
    module: str,
    arguments: Sequence[str],
    timeout: float,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    on_line: Callable[[bytes], None] = lambda _: None,
    limited: bool = False,
    parts: int = 1,
) -> Any:
    """Calls a module's `child` function in a child process.

    Args:
        module: the name of the module.
        arguments: the arguments of `child`.
        timeout: seconds; if there are parts, for each.
        stdin: the child's standard input.
        env: the child's environment variables; None for those of this process.
        on_line: called with each line that the child prints.
        limited: whether its memory and processor time are limited; see `child_limits`.
        parts: parts of its work, after each of which it prints a line.

    Returns:
        The value that `child` returned, after a round trip through JSON; a `ProbeOutcome` if it
        returned none.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        return ProbeOutcome(UNTRIED, "there is no Python interpreter to start")
    limits = _LIMITS.format(timeout * parts) if limited else ""
    program = _CHILD.format(len(arguments) + 1, module, _BEGUN.decode(), limits)
    begun, last = False, b""
    timed_out: list[bool] = []
    try:
        with subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", program, *arguments, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
        ) as process:
            assert process.stdin and process.stdout
            timer = _started(timeout, process, timed_out)
            try:
                with suppress(OSError):  # the child has ended already
                    process.stdin.write(stdin)
                with suppress(OSError):
                    process.stdin.close()
                for last in process.stdout:
                    if parts > 1:
                        timer.cancel()
                        timer = _started(timeout, process, timed_out)
                    begun = begun or last.strip() == _BEGUN
                    on_line(last)
            except BaseException:
                process.kill()
                raise
            finally:
                timer.cancel()
    except (OSError, ValueError) as error:
        return ProbeOutcome(UNTRIED, str(error))
    if timed_out:
        return ProbeOutcome(SLOW, f"over {timeout:g} s")
    if not begun:
        return ProbeOutcome(UNTRIED, "the child process did not start")
    if process.returncode < 0:
        return ProbeOutcome(DIES, signal.Signals(-process.returncode).name)
    with suppress(ValueError):
        if not process.returncode:
            return json.loads(last)
    return ProbeOutcome(DIES, f"exit code {process.returncode:#x}")


def _started(timeout: float, process: subprocess.Popen[bytes], timed_out: list[bool]) -> Timer:
    timer = Timer(timeout, _stop, (process, timed_out))
    timer.start()
    return timer


def _stop(process: subprocess.Popen[bytes], timed_out: list[bool]) -> None:
    timed_out.append(True)
    process.kill()


def _try(arguments: list[str], timeout: float) -> ProbeOutcome:
    answer = in_child(__name__, arguments, timeout, limited=True)
    if isinstance(answer, list):
        return ProbeOutcome(*answer)
    # Any other JSON was printed by a package before it ended the process.
    return answer if isinstance(answer, ProbeOutcome) else ProbeOutcome(DIES)


def _device() -> str:
    """A hash of everything that an outcome depends on and that may change."""
    used = [package for name in backends.NAMES for package in backends.packages(name)]
    by_package = versions(["tokenizers", *used])
    facts = [__version__, sys.version, platform.machine(), *by_package.values()]
    with suppress(OSError):
        cpuinfo = _PROCESSOR.read_text("utf-8", "replace")
        facts += sorted({*re.findall("(?m)^(?:flags|Features|CPU part|model name).*", cpuinfo)})
    for package in by_package:
        spec = find_spec(package)
        if spec and spec.origin:
            with suppress(OSError):  # the same version may be another build
                facts.append(str(Path(spec.origin).stat().st_mtime_ns))
    return sha256("\n".join(facts).encode()).hexdigest()[:16]


def _read(cache: Path, device: str) -> dict[str, ProbeOutcome]:
    """The kept outcomes that apply to the device as it is now; empty if the file is not valid."""
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        kept = json.loads(read_in_place(cache, _SIZE))
        if kept["device"] == device:
            outcomes = kept["outcomes"].items()
            return {key: ProbeOutcome(*map(str, outcome)) for key, outcome in outcomes}
    return {}


def _write(cache: Path, device: str, kept: dict[str, ProbeOutcome]) -> None:
    # Overwritten in place with a fixed size: on FAT, a power cut while a file is renamed or
    # truncated may free another file's clusters (see `slots`). A partly written file is not valid
    # JSON and is ignored.
    while len(data := json.dumps({"device": device, "outcomes": kept})) > _SIZE:
        del kept[next(iter(kept))]
    with suppress(OSError), open_in_place(cache) as file:
        file.write(data.encode().ljust(_SIZE))
        share(cache)
