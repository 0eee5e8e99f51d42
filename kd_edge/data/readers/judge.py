"""An item's rows as the table has them: which can be learned from, and whether they will do."""

from __future__ import annotations

from dataclasses import dataclass, field

from kd_edge.data.readers.cells import BadRow, Draft, Drafter, Rules
from kd_edge.data.readers.scales.score_reader import ScoreReader
from kd_edge.data.readers.split_words import SPLITS
from kd_edge.data.responses import Row
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables.no_score import means_no_score
from kd_edge_runtime.tables.roles import plain


@dataclass
class Judged:
    """An item's rows.

    Attributes:
        rows: those that can be used.
        numbers: each one's number in the file.
        bad: those that cannot be read.
        unscored: those without a score, which nothing can be learned from.
        why: why the item cannot be learned from, after its name; "" if it can.
        problem: the same as a problem, where it is not one of the rows'.
    """

    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    unscored: list[Draft] = field(default_factory=list)
    why: str = ""
    problem: Problem | None = None


class _Scores:
    """Reads an item's score cells, each different one once."""

    def __init__(self, reader: ScoreReader | None, rules: Rules) -> None:
        self._reader = reader
        self._rules = rules
        self._scale = reader is not None and bool(reader.scale.classes)
        # Nothing is learned from scores whose scale nobody knows: they may be anything.
        self._anything = not rules.scored and reader is not None and reader.guessed
        self._known: dict[str, int | str | None] = {"": None}

    def read(self, cell: str) -> int | str | None:
        """The index of a score; None where there is none; or what is wrong with it."""
        try:
            return self._known[cell]
        except KeyError:
            return self._known.setdefault(cell, self._read(cell))

    def read_second(self, cell: str) -> int | str | None:
        """The same for a second score, which has no scale of its own."""
        return self.read(cell) if self._scale else None

    def _read(self, cell: str) -> int | str | None:
        if self._reader is None or self._rules.is_missing(cell):
            return None
        try:
            return self._reader.read(cell)
        except ValueError as error:
            return None if self._anything or means_no_score(cell) else str(error)


def judge(drafts: list[Draft], reader: ScoreReader | str, rules: Rules, drafter: Drafter) -> Judged:
    """Make an item's rows, and say whether it can be learned from.

    Args:
        drafts: the item's rows; at least one.
        reader: what reads its scores, or what is wrong with them as a whole.
        rules: what the rows have to be.
        drafter: as it made the drafts.
    """
    scores = _Scores(reader if isinstance(reader, ScoreReader) else None, rules)
    judged = _rows(drafts, scores, rules, drafter)
    if isinstance(reader, str):
        first = next(draft for draft in drafts if draft.score and not means_no_score(draft.score))
        message = f"{first.item_name}: {reader}"
        judged.why = reader
        judged.problem = drafter.bad_row(first.record, "score", message).problem
    elif rules.scored:
        _enough(drafts, judged, rules, drafter)
    if not (judged.rows or judged.why):
        judged.why = "none of its rows can be used"
        judged.problem = Problem(f"no row of {drafts[0].item_name} can be used")
    return judged


def _rows(drafts: list[Draft], scores: _Scores, rules: Rules, drafter: Drafter) -> Judged:
    judged = Judged()
    seen: dict[str, int] = {}
    needs_score = rules.scored and "score" in drafter.columns.positions
    for draft in drafts:
        record, item_id, response_id, text = draft[:4]
        first = seen.setdefault(response_id, record.row)
        score, score2 = scores.read(draft.score), scores.read_second(draft.score2)
        split = SPLITS.get(plain(draft.split), "") if draft.split else None
        wrong = split == "" or first != record.row or not response_id
        if wrong or isinstance(score, str) or isinstance(score2, str):
            judged.bad += _bad(draft, first, score, score2, split, drafter)
        elif needs_score and score is None:
            judged.unscored.append(draft)
        else:
            group = draft.group or None
            judged.numbers.append(record.row)
            row = Row(
                response_id, item_id, text, score, score2, group, split, draft.student or None
            )
            judged.rows.append(row)
    return judged


def _bad(
    draft: Draft,
    first: int,
    score: int | str | None,
    score2: int | str | None,
    split: str | None,
    drafter: Drafter,
) -> list[BadRow]:
    """All that is wrong with a row; `first` is the row that has its id first."""
    found = []
    if not draft.response_id:
        found.append(("response_id", "is blank"))
    elif first != draft.record.row:
        found.append(("response_id", f"the same id as row {first}"))
    found += [
        (role, message)
        for role, message in (("score", score), ("score2", score2))
        if isinstance(message, str)
    ]
    if split == "":
        found.append(("split", "is neither train nor test"))
    return [drafter.bad_row(draft.record, *problem, draft.response_id) for problem in found]


def _enough(drafts: list[Draft], judged: Judged, rules: Rules, drafter: Drafter) -> None:
    """Check that an item can be learned from at all.

    Rows that could not be read may be this item's, and are a problem of their own.
    """
    name = drafts[0].item_name
    bad = len({(row.problem.file, row.problem.row) for row in judged.bad})
    scored = len(judged.rows) + (0 if rules.skip else bad)
    lost = 0 if rules.skip else drafter.lost
    scores = {row.score for row in judged.rows}
    if rules.pooled and scored:
        return
    if scored + lost < rules.min_rows:
        without = f" with a score and {len(judged.unscored)} without" if judged.unscored else ""
        count = f"{scored} row{'s' if scored != 1 else ''}{without}, fewer than {rules.min_rows}"
        judged.why = f"it has {count}"
        judged.problem = Problem(f"{name} has {count}", file=drafts[0].record.file)
    elif len(scores) == 1 and None not in scores and not (scored > len(judged.rows) or lost):
        same = "the same score: there is nothing to learn"
        judged.why = f"all its rows have {same}"
        judged.problem = Problem(
            f"all rows of {name} have {same}",
            column=drafter.columns.names.get("score"),
            file=drafts[0].record.file,
        )
    elif 2 * bad > scored and not rules.skip:
        first = judged.bad[0].problem
        judged.why = f"{bad} of its {scored} rows cannot be read (row {first.row}: {first.message})"
