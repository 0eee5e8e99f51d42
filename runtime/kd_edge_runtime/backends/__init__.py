"""Ways to run a student, one file each: C, plain Python, numpy, TFLite, ONNX Runtime.

All of them turn responses into the same probabilities. A backend is imported only when it is
used, so a device does not need the packages of the others.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from importlib import import_module

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import BackendError, KdEdgeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Protocol

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.students.item import LoadedItem

    class Model(Protocol):
        """A loaded student."""

        def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
            """The probability of each class, lowest class first, for each of N responses."""
            ...


@dataclass(frozen=True)
class _Backend:
    """What a backend can run.

    Attributes:
        module: the name of its module.
        students: the kinds of students that it runs.
        forms: the forms of the network that it reads, the preferred one first.
        needs: the packages that it needs; each entry lists alternatives, of which one is enough.
    """

    module: str
    students: tuple[str, ...]
    forms: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...] = ()


_NUMPY = ("numpy",)
_BAG = ("bag",)
# Students whose text stage is a vocabulary of n-grams, not a tokenizer.
_NGRAMS = (*_BAG, "pairs")

# In order of preference: the core is the fastest, where it is installed; plain Python is ready
# before the packages of the others are imported, and runs a bag student fast.
_BACKENDS = {
    "core": _Backend("with_core", _NGRAMS, ("plain-int8",), (("kd_edge_core",),)),
    "plain": _Backend("plain", _NGRAMS, ("plain-int8",)),
    "numpy": _Backend("with_numpy", _NGRAMS, ("plain-int8",), (_NUMPY,)),
    "tflite": _Backend(
        "with_tflite",
        _BAG,
        ("tflite-int8", "tflite-fp32"),
        (_NUMPY, ("ai_edge_litert", "tflite_runtime")),
    ),
    "onnx": _Backend(
        "with_onnx",
        (*_NGRAMS, "rnn", "transformer", "cross"),
        ("onnx-int8", "onnx-fp16", "onnx-fp32"),
        (_NUMPY, ("onnxruntime",)),
    ),
}

NAMES = tuple(_BACKENDS)

# In place of a name: whichever suits this device, see `choose`.
AUTO = "auto"


def check_name(name: str) -> None:
    """Refuses a name that is not one of `NAMES`.

    Raises:
        BackendError: there is no backend of this name.
    """
    if name not in NAMES:
        raise BackendError(f"there is no backend '{name}': choose from {', '.join(NAMES)}")


def is_installed(package: str) -> bool:
    """Whether a package is installed; it is not imported."""
    from importlib.util import (
        find_spec,
    )  # not needed for plain Python, so not imported at every start

    return find_spec(package) is not None


def packages(name: str) -> tuple[str, ...]:
    """The installed packages that a backend uses here."""
    preferred = (next(filter(is_installed, choices), "") for choices in _BACKENDS[name].needs)
    return tuple(filter(None, preferred))


def missing(name: str) -> tuple[str, ...]:
    """The missing packages that a backend needs, as pip names them.

    A student whose tokenizer plain Python cannot read needs `tokenizers` besides, see `token_ids`.
    """
    return tuple(
        choices[0].replace("_", "-")
        for choices in _BACKENDS[name].needs
        if not any(map(is_installed, choices))
    )


def students(name: str) -> tuple[str, ...]:
    """The kinds of students that a backend runs."""
    return _BACKENDS[name].students


def forms(entry: ItemEntry, name: str) -> tuple[str, ...]:
    """The forms of an item that a backend reads, the preferred one first.

    Empty if the backend does not run this kind of student, or the bundle has no form for it.
    """
    backend = _BACKENDS[name]
    if entry.student not in backend.students:
        return ()
    return tuple(form for form in backend.forms if form in entry.forms)


def module(name: str) -> Any:
    """Imports a backend, and with it the packages it needs.

    Raises:
        BackendError: one of them does not work here.
    """
    with _working(name):
        return import_module(f"{__name__}.{_BACKENDS[name].module}")


@contextmanager
def _working(name: str) -> Iterator[None]:
    """Turns whatever a half-installed package, or one built for another device, raises."""
    try:
        yield
    except KdEdgeError:
        raise
    except (Exception, SystemExit) as error:
        if not _BACKENDS[name].needs:
            raise  # no package but this one
        why = " ".join(str(error).split())[:300]
        raise BackendError(
            f"the backend '{name}' does not work here ({type(error).__name__}: {why}): try another "
            f"version of {' or '.join(packages(name)[-1:]) or name}, or another backend; 'kd-edge "
            "doctor' shows which work"
        ) from error


def pip_install(packages: Sequence[str]) -> str:
    """The command that installs packages here, and where, if the system's Python refuses pip."""
    import sysconfig

    command = f"pip install {' '.join(packages)}"
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")  # noqa: PTH118
    if sys.prefix != sys.base_prefix or not os.path.exists(marker):  # noqa: PTH110
        return command
    system = ", or 'sudo apt install python3-numpy'" if [*packages] == ["numpy"] else ""
    return (
        f"'{command}' in a virtual environment, which 'python3 -m venv ENV' makes (this system's "
        f"own Python takes no packages from pip){system}"
    )


def load(item: LoadedItem, name: str, form: str = "", threads: int = 1) -> Model:
    """Loads a student.

    Args:
        item: the item of an open bundle.
        name: one of `NAMES`; `choose.choose` finds the one that suits this device.
        form: the form of the network; "" for the backend's preferred one.
        threads: threads per batch, for backends that use threads.

    Raises:
        BackendError: the backend does not exist, is not installed, does not work here, does not run
            this kind of student, or the bundle has no form for it.
        BundleError: the bundle is damaged.
    """
    require(name, item)
    with _working(name):
        model: Model = module(name).load(item, form or forms(item.entry, name)[0], threads)
    return model


def require(name: str, item: LoadedItem) -> None:
    """Refuses a backend that cannot run an item here.

    Raises:
        BackendError: the backend cannot run the item; the message says why.
    """
    check_name(name)
    backend, student = _BACKENDS[name], item.entry.student
    if student not in backend.students:
        able = [other for other in NAMES if student in _BACKENDS[other].students]
        raise BackendError(
            f"the backend '{name}' does not run small models of kind '{student}'"
            + (f": use {' or '.join(able)}" if able else ", nor does any other in this version")
        )
    absent = missing(name)
    if absent:
        raise BackendError(
            f"the backend '{name}' needs {' and '.join(absent)} for this small model: "
            f"{pip_install(absent)}"
        )
    if not forms(item.entry, name):
        item.form(backend.forms[0])  # raises an error that lists the forms in the bundle
