"""Which column holds what: as the user says, or guessed from the usual names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables.columns import ITEM_NAMES, SCORE_NAMES, TEXT_NAMES, closest, plain_name


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
    """

    response_id: str | None = None
    item_id: str | None = None
    text: str | None = None
    score: str | None = None
    score2: str | None = None
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class FoundColumns:
    """Where each role is.

    Attributes:
        header: the names as the file writes them.
        positions: role → index into the header; a role that was not found is left out.
        problems: choices that are not there, guesses that are not clear, what is missing.
        notes: the guesses, for the user.
    """

    header: tuple[str, ...]
    positions: dict[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """Role → the column's name as the file writes it."""
        return {role: self.header[position] for role, position in self.positions.items()}


@dataclass(frozen=True)
class _Role:
    """A role, its option, what to call it, and its usual names: each tier beats the next."""

    name: str
    option: str
    meaning: str
    tiers: tuple[frozenset[str], ...]


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _raters(number: str, ordinal: str) -> frozenset[str]:
    bases = "score rater grade label mark points human humanscore scorer annotator coder judge"
    numbered = {base + number for base in bases.split()}
    return frozenset(
        numbered
        | {f"rater{number}score", f"scorerater{number}", f"human{number}score"}
        | {f"{ordinal}score", f"{ordinal}rater", f"{ordinal}grade"}
    )


# Names as `plain_name` leaves them. No name may be in two roles (a test sees to it).
_ROLES = (
    _Role(
        "response_id",
        "--id-column",
        "the responses' ids",
        (
            _names("responseid answerid essayid submissionid textid"),
            _names("id uid rowid recordid responsenumber"),
            _names("studentid"),
        ),
    ),
    _Role(
        "item_id",
        "--item-column",
        "the item of each response",
        ITEM_NAMES,
    ),
    _Role(
        "text",
        "--text-column",
        "the responses' text",
        TEXT_NAMES,
    ),
    _Role(
        "score",
        "--score-column",
        "the scores",
        SCORE_NAMES,
    ),
    _Role("score2", "--score2-column", "the second scores", (_raters("2", "second"),)),
    _Role(
        "group",
        "--group-column",
        "the student groups",
        (_names("group subgroup studentgroup groupid"), _names("demographic demographics cohort")),
    ),
    _Role(
        "split",
        "--split-column",
        "the split into train and test",
        (_names("split traintest datasplit partition"), _names("subset")),
    ),
)
_KNOWN = frozenset().union(*(tier for role in _ROLES for tier in role.tiers))
_NUMBER = re.compile(r"\s*[+-]?[0-9]*[.,]?[0-9]+\s*")

# No quotation marks, braces, commas: what is left of a sentence, or of JSON called .csv.
_NAME = re.compile(r"[\w \-./()#%&]+")


def known_names(header: tuple[str, ...]) -> int:
    """Count the names of a header that are usual ones for some role."""
    return sum(plain_name(name) in _KNOWN for name in header)


def find_columns(
    header: tuple[str, ...], choice: ColumnChoice, needed: tuple[str, ...]
) -> FoundColumns:
    """Find the column of every role.

    Args:
        header: the columns' names as the file writes them.
        choice: what the user named; it beats every guess.
        needed: the roles that have to be there.

    Returns:
        The positions that were found, with a problem for each choice that is not in the
        header or is taken twice, each guess between equals, each needed role that is
        missing, and each name that stands over two columns.
    """
    chosen, problems = _explicit(header, choice)
    problems = [*_twice(header), *problems]
    positions = {role: position for role, position in chosen.items() if position is not None}
    taken = frozenset(positions.values())
    notes: list[str] = []
    for role in _ROLES:
        if role.name in chosen:
            continue
        candidates = _candidates(role, header, taken)
        if len(candidates) > 1:
            options = " and ".join(f"'{header[index]}'" for index in candidates)
            problems.append(
                Problem(f"{options} could both hold {role.meaning}: say which, {role.option} NAME")
            )
        elif candidates:
            positions[role.name] = candidates[0]
            if header[candidates[0]] != role.name:
                notes.append(f"{role.name} ← '{header[candidates[0]]}'")
        elif role.name in needed:
            problems.append(
                Problem(
                    f"no column holds {role.meaning}: name it, {role.option} NAME; {_there(header)}"
                )
            )
    return FoundColumns(header, positions, tuple(problems), tuple(notes))


def _explicit(
    header: tuple[str, ...], choice: ColumnChoice
) -> tuple[dict[str, int | None], list[Problem]]:
    """Place each role that the user named; None for a choice that is a problem."""
    problems = []
    placed: dict[str, int | None] = {}
    for role in _ROLES:
        name = getattr(choice, role.name)
        if name is None:
            continue
        placed[role.name] = None
        if name not in header:
            problems.append(Problem(f"no column '{name}' ({role.option}): {_there(header, name)}"))
        elif header.index(name) in placed.values():
            problems.append(Problem(f"'{name}' is named twice: {role.option} needs another column"))
        else:
            placed[role.name] = header.index(name)
    return placed, problems


def _candidates(role: _Role, header: tuple[str, ...], taken: frozenset[int]) -> list[int]:
    """The columns of the best tier that has any; of equal names the first."""
    for tier in role.tiers:
        found: dict[str, int] = {}
        for index, name in enumerate(header):
            if index not in taken and plain_name(name) in tier:
                found.setdefault(name, index)
        if found:
            return list(found.values())
    return []


def _twice(header: tuple[str, ...]) -> list[Problem]:
    problems = []
    for name, count in Counter(header).items():
        if name and count > 1:
            where = " and ".join(str(i + 1) for i, other in enumerate(header) if other == name)
            called = f"'{name}'" if _looks_like_name(name) else "by the same name"
            problems.append(Problem(f"columns {where} are all called {called}", row=1))
    return problems


def _looks_like_name(name: str) -> bool:
    """Whether a header's cell can be shown: a file without a header has a response there."""
    if len(name) > 30 or len(name.split()) > 4 or _NUMBER.fullmatch(name):
        return False
    return _NAME.fullmatch(name) is not None


def _there(header: tuple[str, ...], wanted: str = "") -> str:
    """Say which columns there are, without showing what may be a student's words."""
    names = [name for name in header if name]
    if not all(_looks_like_name(name) for name in names) and not known_names(header):
        return "row 1 looks like a response, not like column names: put a row of names above it"
    shown = [name for name in names if _looks_like_name(name)]
    close = closest(wanted, shown) if wanted else None
    guess = f"did you mean '{close}'? " if close else ""
    listed = ", ".join(f"'{name}'" for name in shown[:20])
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    return f"{guess}the columns are {listed}{more}" if listed else f"{guess}no column has a name"
