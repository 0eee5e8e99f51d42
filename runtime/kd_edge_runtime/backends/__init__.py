"""Ways to run a student, one file each: plain Python, numpy, ONNX Runtime.

All of them turn responses into the same probabilities. A backend is imported when it is
used and not before, so that a device without numpy never hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from kd_edge_runtime.errors import BackendError

if TYPE_CHECKING:
    from kd_edge_runtime.loaded import LoadedItem


class Model(Protocol):
    """A student, loaded and ready."""

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """The probability of each class, lowest class first, for each of N responses."""
        ...


# In order of preference: plain Python is ready before the others are imported, and a
# bag student is fast in it. `students` are the kinds a backend can run.
_MODULES = {"plain": "plain", "numpy": "with_numpy", "onnx": "with_onnx"}
_STUDENTS = {
    "plain": ("bag",),
    "numpy": ("bag",),
    "onnx": ("bag", "rnn", "transformer"),
}
_NEEDS = {"plain": (), "numpy": ("numpy",), "onnx": ("numpy", "onnxruntime")}

NAMES = tuple(_MODULES)


def check_name(name: str) -> None:
    """Refuses a name that is neither "auto" nor one of `NAMES`.

    Raises:
        BackendError: it is none of them.
    """
    if name not in ("auto", *NAMES):
        raise BackendError(f"there is no backend '{name}': choose from {', '.join(NAMES)}")


def missing(name: str) -> tuple[str, ...]:
    """The packages that a backend needs and that are not installed here."""
    return tuple(package for package in _NEEDS[name] if find_spec(package) is None)


def load(item: LoadedItem, name: str = "auto") -> tuple[str, Model]:
    """Loads a student.

    Args:
        item: the item of an open bundle.
        name: one of `NAMES`, or "auto" for the first that runs this student here.

    Returns:
        The backend's name and the loaded student.

    Raises:
        BackendError: the backend is not installed or cannot run this kind of student.
        BundleError: the bundle is damaged.
    """
    check_name(name)
    if name == "auto":
        name = _choose(item.entry.student)
    if item.entry.student not in _STUDENTS[name]:
        able = [other for other in NAMES if item.entry.student in _STUDENTS[other]]
        raise BackendError(
            f"the backend '{name}' does not run a student of kind '{item.entry.student}'"
            + (f": use {' or '.join(able)}" if able else " (nor does any other of this version)")
        )
    _require(name, item.entry.student)
    model: Model = import_module(f"{__name__}.{_MODULES[name]}").load(item)
    return name, model


def _choose(student: str) -> str:
    able = [name for name in NAMES if student in _STUDENTS[name]]
    for name in able:
        if not missing(name):
            return name
    # None is installed: name the first, so that the error says what to install.
    return able[0] if able else NAMES[0]


def _require(name: str, student: str) -> None:
    absent = [*missing(name)]
    if student != "bag" and find_spec("tokenizers") is None:
        absent.append("tokenizers")
    if absent:
        raise BackendError(
            f"the backend '{name}' needs {' and '.join(absent)} for this student: "
            f"pip install {' '.join(absent)}"
        )
