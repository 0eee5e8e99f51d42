"""Records are dataclasses and named tuples to whoever looks."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys

import pytest

from kd_edge_runtime._light_stdlib import NamedTuple, dataclass


@dataclass(frozen=True)
class Point:
    """A point."""

    x: int
    y: int = 2

    @property
    def both(self) -> int:
        return self.x + self.y


class Pair(NamedTuple):
    """A pair."""

    first: int
    second: str = "b"

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"

    @property
    def twice(self) -> int:
        return 2 * self.first


def test_a_record_is_made_as_a_dataclass_is():
    assert [Point(1), Point(1, 2), Point(x=1), Point(y=2, x=1)] == [Point(1, y=2)] * 4
    assert (Point(1).x, Point(1).y, Point(1, 5).y, Point(1).both) == (1, 2, 5, 3)
    assert repr(Point(1)) == "Point(x=1, y=2)"
    assert Point(1).__doc__ == "A point."


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1})],
)
def test_a_record_takes_its_fields_and_nothing_else(values, named):
    with pytest.raises(TypeError, match="Point takes x, y"):
        Point(*values, **named)


def test_records_are_equal_by_their_fields():
    assert Point(1) != Point(2)
    assert Point(1) != Point(1, 3)
    assert Point(1) != (1, 2)
    assert Point(1) != dataclasses.make_dataclass("Point", ["x", "y"])(1, 2)
    assert len({Point(1), Point(1, 2), Point(2)}) == 2


def test_a_record_does_not_change():
    point = Point(1)
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x")):
        with pytest.raises(dataclasses.FrozenInstanceError, match="'x'"):
            change()
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.other = 1
    assert point == Point(1)


def test_the_dataclasses_module_takes_records():
    assert dataclasses.is_dataclass(Point)
    assert [field.name for field in dataclasses.fields(Point)] == ["x", "y"]
    assert dataclasses.fields(Point(1))[1].default == 2
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2}
    assert dataclasses.replace(Point(1), y=7) == Point(1, 7)


def test_records_can_be_copied():
    for made in (copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
        assert made(Point(1, 4)) == Point(1, 4)
        assert made(Pair(1)) == Pair(1)


def test_a_named_tuple_is_one():
    assert Pair(1) == (1, "b") == Pair(second="b", first=1)
    assert repr(Pair(1)) == "Pair(first=1, second='b')"
    assert str(Pair(1)) == "1 and b"
    assert (Pair(3).twice, Pair.__doc__, Pair.__module__) == (6, "A pair.", __name__)
    assert Pair(1)._replace(first=2)._asdict() == {"first": 2, "second": "b"}
    with pytest.raises(AttributeError):
        Pair(1).first = 2
    with pytest.raises(TypeError):
        Pair()


def test_making_them_imports_neither_of_the_two():
    program = (
        "import sys; before = {*sys.modules}; import kd_edge_runtime._light_stdlib; "
        "print({'dataclasses', 'inspect', 'typing', 're'} & ({*sys.modules} - before))"
    )
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
