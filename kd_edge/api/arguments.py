"""Arguments of the public functions, checked with plain messages and converted."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kd_edge.data.responses import Item, Responses
from kd_edge.files import make_folder

if TYPE_CHECKING:
    from kd_edge.distillation.options import DistilOptions
    from kd_edge.students.student import Student
    from kd_edge.teacher.options import TeacherOptions

_Result = TypeVar("_Result")
_Options = TypeVar("_Options", "TeacherOptions", "DistilOptions")


def check(name: str, value: object, *kinds: type) -> None:
    """Raise a TypeError that names the argument, if it is of none of these types."""
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def to_path(name: str, value: str | Path) -> Path:
    """A path."""
    check(name, value, str, Path)
    return Path(value)


def to_texts(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Several texts; one text alone counts as one."""
    several = [values] if isinstance(values, str) else list(values)
    for one in several:
        check(f"each of {name}", one, str)
    return tuple(several)


def to_item(responses: Responses, item: str | None) -> Item:
    """One item of the responses: the one of this name, or the only one.

    Raises:
        InputError: there is no such item, or no name and several items.
    """
    check("responses", responses, Responses)
    return responses.item(item)


def to_options(options: _Options | None, kind: type[_Options], **values: Any) -> _Options:
    """The options with those of the values that are not None."""
    base = kind() if options is None else options
    check("options", base, kind)
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        check(
            "kind" if name == "student" else name, value, int if name in ("epochs", "seed") else str
        )
    return replace(base, **given)


def to_teacher_folder(teacher: object) -> Path:
    """The folder of a teacher, or the folder that was given."""
    folder: Any = getattr(teacher, "folder", teacher)
    return to_path("teacher", folder)


def to_student(given: object) -> Student:
    """A student: distilled just now, or loaded from the folder that was given."""
    from kd_edge.distillation.distil import Distilled
    from kd_edge.students import store
    from kd_edge.students.student import Student

    if isinstance(given, Distilled):
        return given.student
    if isinstance(given, Student):
        return given
    check("students", given, str, Path)
    return store.load(Path(str(given)))


class Workplace:
    """A folder to write into.

    Args:
        folder: the folder that the user named; None for a temporary one.
        make: whether one that was named is made here; a run makes its own, once it knows that it
            can begin.

    Attributes:
        path: where it is.
        is_temporary: whether it is removed with the result that is in it.
    """

    def __init__(self, folder: str | Path | None, *, make: bool = True) -> None:
        self.is_temporary = folder is None
        if folder is None:
            self.path = Path(tempfile.mkdtemp(prefix="kd-edge-"))
            # Not a TemporaryDirectory, which warns where a call fails and has no result.
            self._removed = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        else:
            self.path = to_path("folder", folder)
            if make:
                make_folder(self.path)

    def keep_for(self, result: _Result) -> _Result:
        """The result; a temporary folder is removed when the result is no longer used."""
        if self.is_temporary:
            self._removed.detach()
            weakref.finalize(result, shutil.rmtree, self.path, ignore_errors=True)
        return result
