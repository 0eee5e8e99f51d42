"""Scores as a file that the gradebook of Canvas or Moodle imports: who, and a grade an item."""

from __future__ import annotations

from contextlib import contextmanager

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.tables.roles import plain
from kd_edge_runtime.tables.writing.safe_cells import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Callable

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns, Scored
    from kd_edge_runtime.tables.writing.output import Write


@dataclass(frozen=True)
class Gradebook:
    """What a gradebook asks for.

    Attributes:
        name: the program, for messages.
        columns: its columns before the grades, with the names under which tables have them, as
            `plain` leaves names; all are written, blank if the table has none.
        needed: columns that the table must have.
        any_of: columns of which the table must have one: they say whose grade it is.
        optional: whether columns that the table lacks are left out.
    """

    name: str
    columns: dict[str, str]
    needed: tuple[str, ...]
    any_of: tuple[str, ...]
    optional: bool


GRADEBOOKS = {
    "canvas": Gradebook(
        "Canvas",
        {
            "Student": "student studentname name fullname",
            "ID": "canvasid canvasuserid userid id",
            "SIS User ID": "sisuserid sisid",
            "SIS Login ID": "sisloginid loginid login",
            "Section": "section sectionname",
        },
        ("Student",),
        ("ID", "SIS User ID", "SIS Login ID"),
        optional=False,
    ),
    "moodle": Gradebook(
        "Moodle",
        {
            "ID number": "idnumber idnummer numerodidentification numerodeid kimliknumarasi",
            "Username": "username anmeldename benutzername nomdutilisateur nombredeusuario "
            "kullaniciadi",
            "Email address": "emailaddress email mail emailadresse adressedecourriel "
            "direcciondecorreo correoelectronico eposta epostaadresi",
        },
        (),
        ("ID number", "Username", "Email address"),
        optional=True,
    ),
}


@contextmanager
def grades_of(
    request: Request,
    columns: Columns,
    used: Sequence[ItemEntry],
    source: str,
    write_row: Callable[[Iterable[str]], object],
) -> Iterator[Write]:
    """Writes the grades of a table's students when all of its rows have been scored.

    Args:
        request: which gradebook, and the name of its column.
        columns: the table's columns.
        used: the items that the table may have.
        source: the table's name in messages.
        write_row: writes a row of the gradebook's file.

    Yields:
        A function that takes a batch of scored rows.

    Raises:
        InputError: the table does not say whose the responses are.
    """
    grades = Grades(str(request.gradebook), columns.header, source, _titles(request, used))
    yield grades.add
    for row in grades.rows():
        write_row(map(safe, row) if request.safe_cells else row)
    if not request.quiet:
        grades.report()


class Grades:
    """Collects the grades of a table's students.

    Args:
        kind: a key of `GRADEBOOKS`.
        header: the table's column names.
        source: the table's name in messages.
        titles: the name of the column of grades of each item.

    Raises:
        InputError: the table does not say whose the responses are.
    """

    def __init__(
        self, kind: str, header: Sequence[str], source: str, titles: dict[str, str]
    ) -> None:
        self._book, self._source, self._titles = GRADEBOOKS[kind], source, titles
        self._places = _places(self._book, header, source)
        self._grades: dict[tuple[str, ...], dict[str, str]] = {}
        self._places_of: dict[tuple[tuple[str, ...], str], int] = {}
        self._number = self.nobodys = 0

    def add(self, batch: Sequence[Scored]) -> None:
        """Takes the grades of a batch of rows.

        Raises:
            InputError: a student has two responses to an item.
        """
        identity = [*self._book.columns].index
        who = [identity(name) for name in self._book.any_of]
        for fields, item_id, score in batch:
            self._number += 1
            student = tuple(
                "" if place is None else fields[place].strip() for place in self._places
            )
            if not any(student[index] for index in who):
                self.nobodys += 1  # such as the row of means at the end of a report
                continue
            first = self._places_of.setdefault((student, item_id), self._number)
            if first != self._number:
                raise InputError(
                    f"{self._source}: responses {first} and {self._number} are by the same student "
                    f"to the same item, '{item_id}', and a gradebook takes one grade: remove one"
                )
            self._grades.setdefault(student, {})[item_id] = score.predicted

    def rows(self) -> Iterator[list[str]]:
        """The header and a row for each student, in the table's order."""
        kept = [
            index
            for index, place in enumerate(self._places)
            if place is not None or not self._book.optional
        ]
        names = [*self._book.columns]
        yield [*(names[index] for index in kept), *self._titles.values()]
        for student, grades in self._grades.items():
            own = (grades.get(item_id, "") for item_id in self._titles)
            yield [*(student[index] for index in kept), *own]

    def report(self) -> None:
        """Says which rows are left out, and what to look at."""
        if self.nobodys:
            one = self.nobodys == 1
            note(
                f"{self.nobodys} row{'' if one else 's'} name{'s' if one else ''} no student and "
                f"{'is' if one else 'are'} not in the gradebook's file."
            )


def _places(book: Gradebook, header: Sequence[str], source: str) -> list[int | None]:
    """The index of each of a gradebook's columns in a table, None if the table has none."""
    names = [plain(name) for name in header]
    places: dict[str, int | None] = {}
    for column, usual in book.columns.items():
        there = (name for name in usual.split() if name in names)
        found = next(there, None)
        places[column] = None if found is None else names.index(found)
    # A column 'id' is a response's own, unless the table has other columns of Canvas.
    at = places.get("ID")
    others = ("SIS User ID", "SIS Login ID", "Section")
    if at is not None and names[at] == "id" and not any(places.get(name) for name in others):
        places["ID"] = None
    missing = [name for name in book.needed if places[name] is None]
    nobody = all(places[name] is None for name in book.any_of)
    if missing or nobody:
        lacks = [f"'{name}'" for name in missing]
        if nobody:
            lacks.append(" or ".join(f"'{name}'" for name in book.any_of))
        raise InputError(
            f"{source}: {book.name} has to know whose grades these are, but the table has no "
            f"column {' and no column '.join(lacks)}. Name the columns as {book.name}'s own export "
            "does"
        )
    return [*places.values()]


def _titles(request: Request, used: Sequence[ItemEntry]) -> dict[str, str]:
    """The name of the column of grades by item: the item's, or as the user says."""
    if request.assignment is None:
        return {entry.item_id: entry.item_id for entry in used}
    if len(used) > 1:
        raise InputError(
            "--assignment names one column of grades, and the table may have several items: say "
            "with --item which one, or leave --assignment out"
        )
    return {used[0].item_id: request.assignment}
