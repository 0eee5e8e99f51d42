"""Which column holds what: as the user says, or guessed from the usual names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kd_edge.data.readers.question_columns import QuestionColumns, find_question_columns
from kd_edge.data.readers.student_column import STUDENT, find_student, has_another, is_surely
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables import columns as tables
from kd_edge_runtime.tables.column_names import hint, shown
from kd_edge_runtime.tables.roles import GROUP, ITEM, RESPONSE_ID, ROLES, SCORE2, SPLIT, plain


@dataclass(frozen=True)
class ColumnChoice:
    """Columns named by the user; None leaves a role to be guessed.

    Attributes:
        response_id: column of the responses' ids.
        item_id: column that says which item a response answers.
        text: column of the responses' text.
        score: column of the resolved human score.
        score2: column of a second rater's score.
        group: column of the student group.
        split: column that says "train" or "test".
        student: column that says who wrote the response.
        question: column of the questions' texts.
        reference: columns of reference answers; none leaves them to be guessed.
    """

    response_id: str | None = None
    item_id: str | None = None
    text: str | None = None
    score: str | None = None
    score2: str | None = None
    group: str | None = None
    split: str | None = None
    student: str | None = None
    question: str | None = None
    reference: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundColumns:
    """Where each role is.

    Attributes:
        header: the names as the file writes them.
        positions: role → index into the header; a role that was not found is left out.
        problems: choices that are not there, guesses that are not clear, what is missing.
        notes: the guesses, for the user.
        hint: which columns there are, where there are problems.
        loose_id: whether the column of ids is a guess, by a name that other columns have too:
            "student_id" or "id" and not "response_id".
        student_ids: whether the ids are the students', who wrote one response each to an item.
        questions: where questions and reference answers are.
    """

    header: tuple[str, ...]
    positions: dict[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    hint: str = ""
    loose_id: bool = False
    student_ids: bool = False
    questions: QuestionColumns = field(default_factory=QuestionColumns)

    @property
    def names(self) -> dict[str, str]:
        """Role → the column's name as the file writes it."""
        return {role: self.header[position] for role, position in self.positions.items()}

    def without_id(self) -> FoundColumns:
        """The columns without one of ids: it turned out to hold none, but perhaps students."""
        name = RESPONSE_ID.name
        positions = {role: at for role, at in self.positions.items() if role != name}
        notes = tuple(note for note in self.notes if not note.startswith(f"{name} ← "))
        if self.student_ids:
            positions[STUDENT.name] = at = self.positions[name]
            notes = (*notes, f"{STUDENT.name} ← '{shown(self.header[at])}'")
        return replace(self, positions=positions, notes=notes, loose_id=False, student_ids=False)


def find_columns(
    header: tuple[str, ...],
    choice: ColumnChoice,
    needed: Sequence[str],
    plausible: tables.Plausible | None = None,
    ignored: Sequence[str] = (),
) -> FoundColumns:
    """Find the column of every role, by the rules and names of devices.

    Args:
        header: the columns' names as the file writes them.
        choice: what the user named; it beats every guess.
        needed: the roles that have to be there.
        plausible: judges guesses by what is in the columns, where they are known.
        ignored: roles whose columns are not looked for.

    Returns:
        The positions that were found, with the problems met there; see
        `kd_edge_runtime.tables.columns.find_columns`.
    """
    named = vars(choice)
    roles = [role for role in ROLES if role.name not in ignored]
    positions, problems = tables.find_columns(header, named, roles, needed, plausible)
    problems += _displaced(header, named, positions)
    student, wrong = find_student(
        header, choice.student, positions, plausible, choice.response_id is not None
    )
    problems += wrong
    questions = find_question_columns(
        header, choice.question, choice.reference, positions.get(ITEM.name), positions.values()
    )
    student_ids = student is not None and student == positions.get(RESPONSE_ID.name)
    if student is not None and not student_ids:
        positions[STUDENT.name] = student
    notes = tuple(
        f"{role} ← '{shown(header[at])}'"
        for role, at in positions.items()
        if named[role] is None and header[at] != role
    )
    listed = hint(header) if problems else ""
    ids = positions.get(RESPONSE_ID.name)
    loose = (
        ids is not None
        and choice.response_id is None
        and plain(header[ids]) not in RESPONSE_ID.tiers[0].split()
    )
    return FoundColumns(
        header, positions, tuple(problems), notes, listed, loose, student_ids, questions
    )


def _displaced(
    header: Sequence[str], named: Mapping[str, str | None], positions: Mapping[str, int]
) -> list[Problem]:
    """Columns named for what a table need not have, by whose names they are something else's.

    A table of several items would become one of one item, or test responses be learnt from.
    """
    return [
        has_another(header[positions[role.name]], other, role)
        for role in (SCORE2, GROUP, SPLIT)
        if named[role.name] is not None and role.name in positions
        for other in ROLES
        if other is not role
        and other.name not in positions
        and is_surely(other, header[positions[role.name]])
    ]
