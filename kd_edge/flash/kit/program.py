"""The device's program for transport: a zip that Python runs, or text sent before a request."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from importlib.resources import files as resources

# In the order of their imports.
_MODULES = ("disk", "kit", "unpack", "signers", "runtime", "bundles", "serve", "stick")

_PACKAGE = "kd_edge.flash.device"

_MAIN = f"import sys\n\nfrom {_PACKAGE}.stick import main\n\nmain(*sys.argv[1:])\n"

# Puts the modules where `import` finds them, without a file.
_LOADER = f"""\
import json, sys, types
for name, text in json.loads(sys.stdin.buffer.readline()).items():
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = []
    exec(compile(text, name, "exec"), module.__dict__)
sys.modules["{_PACKAGE}.serve"].serve()
"""

# The newest first.
_NAMES = " ".join(f"python3.{minor}" for minor in range(15, 8, -1))

_PROGRAM = f'-Ic "import sys;exec(sys.stdin.buffer.read({len(_LOADER)}))"'

COMMAND = f"python3 {_PROGRAM}"
"""The command that ssh runs on the device; all shells read it alike."""

SEARCH = (
    f"sh -c 'for one in {_NAMES} python; do "
    'if $one -Ic "import sys;sys.exit(sys.version_info<(3,9))" 2>/dev/null; then '
    f"exec $one {_PROGRAM}; fi; done; exit 127'"
)
"""The same command for devices without a `python3`: it tries other names of Python."""


@cache
def loader_and_sources() -> bytes:
    """The text that `COMMAND` reads from standard input before the request."""
    return _LOADER.encode("ascii") + json.dumps(_sources()).encode("ascii") + b"\n"


@cache
def as_zip() -> bytes:
    """The program as a file for `python3 FILE SOURCE [ROOT]`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        files = {"__main__.py": _MAIN}
        for name, text in _sources().items():
            package = _PACKAGE.startswith(name)
            files[name.replace(".", "/") + ("/__init__.py" if package else ".py")] = text
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _sources() -> dict[str, str]:
    """The modules' texts by name, after their packages, which are empty."""
    folder = resources(_PACKAGE)
    texts = {"kd_edge": "", "kd_edge.flash": "", _PACKAGE: ""}
    for name in _MODULES:
        text = folder.joinpath(f"{name}.py").read_text(encoding="utf-8")
        texts[f"{_PACKAGE}.{name}"] = text
    return texts
