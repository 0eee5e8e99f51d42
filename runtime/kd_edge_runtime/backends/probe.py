"""Whether a backend works on this device, tried in a process of its own.

A wheel for another processor may end whoever imports it (SIGILL). So a backend first scores an
item's golden rows in a child process, and the outcome is kept until something changes.
"""

from __future__ import annotations

import json
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
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.files import share
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem

WORKS = "works"
MISSING = "not installed"
DIES = "dies"
FAILS = "fails"
WRONG = "wrong"
SLOW = "too slow"
UNTRIED = "untried"

# Seconds. A Pi Zero reads ONNX Runtime from its card for half a minute.
TIMEOUT = 120.0

# What is kept is what will be the same next time: not a full memory, not a busy device.
_CRASHES = ("SIGILL", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGABRT")
_SIZE = 8192

_PROCESSOR = Path("/proc/cpuinfo")

# The child finds the packages that its parent finds, however the parent was started.
_CHILD = (
    "import sys; sys.path[:] = sys.argv[{0}:]; import json; from {1} import child; "
    "print('{2}', flush=True); said = child(*sys.argv[1:{0}]); print(); print(json.dumps(said))"
)
_BEGUN = b"begun"


class ProbeOutcome(NamedTuple):
    """What came of a probe: one of the words above, and the signal, the error or what is wrong."""

    verdict: str
    why: str = ""

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against the backend."""
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
    """Tries a backend in a child process.

    Args:
        name: one of `backends.NAMES`.
        item: the item whose golden rows it scores; without one it is only imported.
        form: a form that the item has and the backend reads.
        cache: the file with earlier outcomes; one that cannot be read or written is no error.
        timeout: seconds.
    """
    if backends.missing(name):
        return ProbeOutcome(MISSING)
    key, asked = name, ["", ""]
    if item:
        bundle, entry = item.bundle, item.entry
        if not isinstance(bundle, Bundle):
            return ProbeOutcome(UNTRIED, "its bundle is not a file")
        manifest = bundle.manifest
        for member in (entry.forms[form], entry.golden):
            key += f" {manifest.members[member].sha256[:16]}"
        asked = [str(bundle.path), str(manifest.items.index(entry))]
    device = _device() if cache else ""
    kept = _read(cache, device) if cache else {}
    if key in kept:
        return kept[key]
    outcome = _try([name, form, *asked], timeout)
    if cache and (outcome.verdict in (WORKS, WRONG) or outcome.why in _CRASHES):
        kept[key] = outcome
        _write(cache, device, kept)
    return outcome


def forget(cache: Path | None) -> None:
    """Has everything tried again."""
    if cache and cache.exists():
        _write(cache, "", {})


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package; "?" for one that does not say."""
    from importlib.metadata import PackageNotFoundError, version

    found = dict.fromkeys(packages, "?")
    for package in found:
        # Half removed, it has a version that is None, or none that can be read.
        with suppress(PackageNotFoundError, LookupError, OSError, ValueError):
            found[package] = version(package) or "?"
    return found


def child(name: str, form: str, path: str, at: str) -> ProbeOutcome:
    """What the child process does: it tries."""
    try:
        return _scored(name, form, path, at)
    except Exception as error:  # whatever the package raises
        return ProbeOutcome(FAILS, f"{type(error).__name__}: {error}"[:300])


def _scored(name: str, form: str, path: str, at: str) -> ProbeOutcome:
    if not path:
        backends.module(name)
        return ProbeOutcome(WORKS)
    with Bundle(path) as bundle:
        item = LoadedItem(bundle, bundle.manifest.items[int(at)])
        result = reproduce(item, name, form, golden.read(item))
    return ProbeOutcome(WRONG, result.summary) if result.wrong else ProbeOutcome(WORKS)


def in_child(
    module: str,
    asked: Sequence[str],
    timeout: float,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
    heard: Callable[[bytes], None] = lambda _: None,
) -> Any:
    """Calls a module's `child` in a process of its own.

    Args:
        module: the module.
        asked: the arguments.
        timeout: seconds.
        given: what the child can read on its standard input.
        env: the child's variables; None for this process's.
        heard: called with each line that the child prints meanwhile.

    Returns:
        What JSON makes of what `child` returns; an `ProbeOutcome` where it never did.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        return ProbeOutcome(UNTRIED, "no Python to start")
    program = _CHILD.format(len(asked) + 1, module, _BEGUN.decode())
    begun, last = False, b""
    late: list[bool] = []
    try:
        with subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", program, *asked, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
        ) as process:
            assert process.stdin and process.stdout
            timer = Timer(timeout, _stop, (process, late))
            timer.start()
            try:
                with suppress(OSError):  # one that has ended already
                    process.stdin.write(given)
                with suppress(OSError):
                    process.stdin.close()
                for last in process.stdout:
                    begun = begun or last.strip() == _BEGUN
                    heard(last)
            except BaseException:
                process.kill()
                raise
            finally:
                timer.cancel()
    except (OSError, ValueError) as error:
        return ProbeOutcome(UNTRIED, str(error))
    if late:
        return ProbeOutcome(SLOW, f"over {timeout:g} s")
    if not begun:
        return ProbeOutcome(UNTRIED, "its process did not start")
    if process.returncode < 0:
        return ProbeOutcome(DIES, signal.Signals(-process.returncode).name)
    with suppress(ValueError):
        if not process.returncode:
            return json.loads(last)
    return ProbeOutcome(DIES, f"exit code {process.returncode:#x}")


def _stop(process: subprocess.Popen[bytes], late: list[bool]) -> None:
    late.append(True)
    process.kill()


def _try(asked: list[str], timeout: float) -> ProbeOutcome:
    said = in_child(__name__, asked, timeout)
    if isinstance(said, list):
        return ProbeOutcome(*said)
    # Another JSON than a list is what a package printed when it was about to end.
    return said if isinstance(said, ProbeOutcome) else ProbeOutcome(DIES)


def _device() -> str:
    """A hash of all that an outcome depends on and that may change."""
    used = [package for name in backends.NAMES for package in backends.packages(name)]
    found = versions(["tokenizers", *used])
    facts = [__version__, sys.version, platform.machine(), *found.values()]
    with suppress(OSError):
        said = _PROCESSOR.read_text("utf-8", "replace")
        facts += sorted({*re.findall("(?m)^(?:flags|Features|CPU part|model name).*", said)})
    for package in found:
        spec = find_spec(package)
        if spec and spec.origin:
            with suppress(OSError):  # the same version may be built otherwise
                facts.append(str(Path(spec.origin).stat().st_mtime_ns))
    return sha256("\n".join(facts).encode()).hexdigest()[:16]


def _read(cache: Path, device: str) -> dict[str, ProbeOutcome]:
    """The outcomes of this device as it is now; none from what is no such file."""
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        kept = json.loads(cache.read_bytes())
        if kept["device"] == device:
            return {key: ProbeOutcome(*map(str, one)) for key, one in kept["outcomes"].items()}
    return {}


def _write(cache: Path, device: str, kept: dict[str, ProbeOutcome]) -> None:
    # Over itself and of one size: on FAT a file that is renamed or cut short when the power goes
    # may give away another's clusters (see `slots`). A torn one is no JSON, and so forgotten.
    while len(data := json.dumps({"device": device, "outcomes": kept})) > _SIZE:
        del kept[next(iter(kept))]
    with suppress(OSError), cache.open("r+b" if cache.exists() else "xb", 0) as file:
        file.write(data.encode().ljust(_SIZE))
        share(cache)
