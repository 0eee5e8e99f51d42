"""Ways to run a student, one file each: plain Python, numpy, TFLite, ONNX Runtime.

All of them turn responses into the same probabilities. A backend is imported when it is
used and not before, so that a device without numpy never hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from kd_edge_runtime._startup.dataclass import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.errors import BackendError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Protocol

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.students.item import LoadedItem

    class Model(Protocol):
        """A student, loaded and ready."""

        def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
            """The probability of each class, lowest class first, for each of N responses."""
            ...


class _Backend(NamedTuple):
    """What a backend can run.

    Attributes:
        module: its file.
        students: kinds of students.
        forms: forms of the network that it reads, the one to take first.
        needs: packages, each with those that do as well: any one of them is enough.
    """

    module: str
    students: tuple[str, ...]
    forms: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...] = ()


_NUMPY = ("numpy",)
_BAG = ("bag",)
# Students whose text stage is a vocabulary of n-grams, and not a tokenizer.
_NGRAMS = (*_BAG, "pairs")

# In order of preference: plain Python is ready before the others are imported, and a
# bag student is fast in it.
_BACKENDS = {
    "plain": _Backend("plain", _NGRAMS, ("plain-int8",)),
    "numpy": _Backend("with_numpy", _BAG, ("plain-int8",), (_NUMPY,)),
    "tflite": _Backend(
        "with_tflite",
        _BAG,
        ("tflite-int8", "tflite-fp32"),
        (_NUMPY, ("ai_edge_litert", "tflite_runtime")),
    ),
    "onnx": _Backend(
        "with_onnx",
        ("bag", "rnn", "transformer"),
        ("onnx-int8", "onnx-fp16", "onnx-fp32"),
        (_NUMPY, ("onnxruntime",)),
    ),
}

NAMES = tuple(_BACKENDS)


def check_name(name: str) -> None:
    """Refuses a name that is neither "auto" nor one of `NAMES`.

    Raises:
        BackendError: it is none of them.
    """
    if name not in ("auto", *NAMES):
        raise BackendError(f"there is no backend '{name}': choose from {', '.join(NAMES)}")


def packages(name: str) -> tuple[str, ...]:
    """The packages that a backend uses here: those installed of the ones it needs."""
    found = (next(filter(find_spec, one), "") for one in _BACKENDS[name].needs)
    return tuple(filter(None, found))


def missing(name: str, student: str = "bag") -> tuple[str, ...]:
    """What a backend needs for a kind of student and is not installed here, as pip names it."""
    needs = [*_BACKENDS[name].needs, *((("tokenizers",),) if student not in _NGRAMS else ())]
    return tuple(
        one[0].replace("_", "-") for one in needs if not any(find_spec(package) for package in one)
    )


def students(name: str) -> tuple[str, ...]:
    """The kinds of students that a backend runs."""
    return _BACKENDS[name].students


def forms(entry: ItemEntry, name: str) -> tuple[str, ...]:
    """The forms of an item that a backend reads, the one it takes first.

    Nothing if it runs no student of this kind, or the bundle has no form for it.
    """
    backend = _BACKENDS[name]
    if entry.student not in backend.students:
        return ()
    return tuple(form for form in backend.forms if form in entry.forms)


def module(name: str) -> Any:
    """Imports a backend, and with it the packages it needs."""
    return import_module(f"{__name__}.{_BACKENDS[name].module}")


def load(
    item: LoadedItem,
    name: str = "auto",
    form: str = "",
    threads: int = 1,
    cache: Path | None = None,
) -> tuple[str, Model]:
    """Loads a student.

    Args:
        item: the item of an open bundle.
        name: one of `NAMES` to insist, or "auto" for what `choose` says.
        form: the form of the network; "" for the one that the backend prefers.
        threads: for one batch, where the backend has threads.
        cache: see `choose`.

    Returns:
        The backend's name and the loaded student.

    Raises:
        BackendError: the backend is not installed, cannot run this kind of student, or the
            bundle has no form for it.
        BundleError: the bundle is damaged.
    """
    check_name(name)
    if name == "auto":
        name, form = choose(item, cache)
    _require(name, item)
    form = form or forms(item.entry, name)[0]
    model: Model = module(name).load(item, form, threads)
    return name, model


def choose(item: LoadedItem, cache: Path | None = None) -> tuple[str, str]:
    """The backend and the form that run a student on this device.

    Plain Python wherever it can: for a bag it is the fastest from one response to a hundred
    thousand, and cannot be a bad wheel. All others have to reproduce the golden rows in a
    child process first (`probe`).

    Args:
        item: the item of an open bundle.
        cache: the file in which outcomes of probes are kept.

    Returns:
        The backend's name, and the form; "" for the one it prefers.

    Raises:
        BackendError: none is installed that works here.
    """
    student = item.entry.student
    able = [name for name in NAMES if forms(item.entry, name)]
    there = [name for name in able if not missing(name, student)]
    if not there:
        _require((*able, *NAMES)[0], item)
    elif not _BACKENDS[there[0]].needs:
        return there[0], ""
    # It imports this module, and a start in plain Python never needs it.
    from kd_edge_runtime.backends.probe import probe

    told = []
    for name in there:
        for form in forms(item.entry, name):
            outcome = probe(name, item, form, cache)
            if outcome.usable:
                return name, form
            told.append(f"{name} with {form} {outcome}")
    raise BackendError(
        f"item '{item.entry.item_id}', a student of kind '{student}', does not run here: "
        f"{'; '.join(told)}. Install another version of the package, or use a bag student; "
        "'kd-edge doctor' tries again."
    )


def _require(name: str, item: LoadedItem) -> None:
    """Raises what keeps a backend from running an item, if anything does."""
    backend, student = _BACKENDS[name], item.entry.student
    if student not in backend.students:
        able = [other for other in NAMES if student in _BACKENDS[other].students]
        raise BackendError(
            f"the backend '{name}' does not run a student of kind '{student}'"
            + (f": use {' or '.join(able)}" if able else " (nor does any other of this version)")
        )
    absent = missing(name, student)
    if absent:
        raise BackendError(
            f"the backend '{name}' needs {' and '.join(absent)} for this student: "
            f"pip install {' '.join(absent)}"
        )
    if not forms(item.entry, name):
        item.form(backend.forms[0])  # which says what there is
