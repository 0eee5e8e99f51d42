"""Turns raw records into responses and collects everything that is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from kd_edge.data.readers.cells import BadRow, Draft, Drafter, Rules
from kd_edge.data.readers.columns import FoundColumns
from kd_edge.data.readers.judge import Judged, judge
from kd_edge.data.readers.lists import listed_rows
from kd_edge.data.readers.question_texts import GivenTexts, QuestionTexts, question_texts
from kd_edge.data.readers.raw_table import ItemText, RawTable
from kd_edge.data.readers.scales.item_scales import doubt_notes, scale_notes, scales_of
from kd_edge.data.readers.scales.known_orders import known_order
from kd_edge.data.readers.scales.score_reader import ScoreReader, quoted
from kd_edge.data.readers.source_table import source_table
from kd_edge.data.readers.split_words import SPLITS
from kd_edge.data.responses import (
    Item,
    LeftOut,
    Responses,
    Scale,
    SkippedRow,
)
from kd_edge.data.word_doubts import word_doubt
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.no_score import means_no_score
from kd_edge_runtime.tables.reading.rows import SKIP_HINT
from kd_edge_runtime.tables.roles import plain
from kd_edge_runtime.text import NEW_RULES

_SHOWN = 5
_WIDE = (
    "a row holds responses to several items: questions and reference answers come from a table of "
    "their own (--references FILE), not from columns"
)
_FEW_WORDS = 20  # more are no scale of words


def to_responses(
    table: RawTable,
    columns: FoundColumns,
    rules: Rules,
    source: str,
    given: GivenTexts | None = None,
) -> Responses:
    """Make responses of a table.

    What is wrong with an item as a whole (too few rows, a scale that cannot be) leaves that item
    out, as long as another is left.

    Args:
        table: as a reader left it, with the problems that it met.
        columns: where the roles are, with the problems met there.
        rules: what the rows have to be.
        source: the file or folder as the user gave it.
        given: questions and reference answers of a second table; None to take those of this one.

    Raises:
        TableError: all that is wrong, in the order of the files and rows.
    """
    drafter = Drafter(table, columns, rules)
    drafts = drafter.drafts()
    readers = _readers(drafts, rules)
    judged = {item: judge(own, readers[item], rules, drafter) for item, own in drafts.items()}
    texts = {text.item_id: text for text in table.items}
    questions = _questions(drafts, drafter, texts, given)
    drafter.problems += questions.problems
    good = {item: one for item, one in judged.items() if not one.why}
    bad = [*drafter.bad, *(row for one in (good or judged).values() for row in one.bad)]
    _refuse(table, drafter, judged, [] if rules.skip and good else bad, source)
    kept = {item: readers[item] for item in good}
    left_out = [LeftOut(item, one.why) for item, one in judged.items() if one.why]
    skipped = [*map(_skipped, bad), *_skipped_unscored(good)] if rules.skip else []
    return Responses(
        tuple(
            _item(item, reader, judged[item], texts.get(item), questions.items.get(item))
            for item, reader in kept.items()
            if isinstance(reader, ScoreReader)
        ),
        source,
        drafter.columns.names,
        table.encoding,
        (
            *drafter.columns.notes,
            *table.notes,
            *drafter.notes,
            *questions.notes,
            *_notes(drafter.columns, {item: drafts[item] for item in good}, kept),
            *_row_notes(good),
            *(_doubts(kept, good) if rules.scored else ()),
            *_word_notes(good),
            *(f"{drafts[one.item_id][0].item_name} is left out: {one.why}" for one in left_out),
        ),
        tuple(left_out),
        tuple(sorted(skipped, key=lambda row: (row.file or "", row.row))),
        source_table(table, drafter.columns, drafts) if rules.keep_table else None,
    )


def _refuse(
    table: RawTable,
    drafter: Drafter,
    judged: Mapping[str, Judged],
    bad: Sequence[BadRow],
    source: str,
) -> None:
    """Raise what is wrong, if anything is, or if nothing is left."""
    problems = [*drafter.problems, *(row.problem for row in bad)]
    good = any(not one.why for one in judged.values())
    hint = SKIP_HINT if good and not drafter.problems else ""
    if not good:
        problems += [one.problem for one in judged.values() if one.problem is not None]
    if not judged and not problems:
        problems = [Problem("there are no rows below the header")]
    if problems:
        # Row 1 is the header: that needs no explanation.
        counting = table.counting if any((p.row or 0) > 1 for p in problems) else ""
        hints = "\n".join(filter(None, (drafter.columns.hint, hint, counting)))
        ordered = sorted(problems, key=lambda p: (p.file or "", p.row or 0))
        raise TableError(source, ordered, hints, unlisted=table.unlisted)


def _item(
    item: str,
    reader: ScoreReader,
    judged: Judged,
    texts: ItemText | None,
    question: ItemText | None,
) -> Item:
    """An item; the question of the table itself gives way to that of a column or second table."""
    own = texts or ItemText(item, None, ())
    found = question or own
    return Item(
        item,
        reader.scale,
        tuple(judged.rows),
        prompt=found.prompt or own.prompt,
        references=found.references or own.references,
        part_of=own.part_of,
    )


def _questions(
    drafts: Mapping[str, list[Draft]],
    drafter: Drafter,
    texts: Mapping[str, ItemText],
    given: GivenTexts | None,
) -> QuestionTexts:
    """The items' questions and reference answers, by a second table or by columns."""
    if given is not None:
        parts = {item: texts[item].part_of if item in texts else None for item in drafts}
        return given.of_items({item: whole or item for item, whole in parts.items()})
    columns = drafter.columns
    records = {item: [draft.record for draft in own] for item, own in drafts.items()}
    if any("text" in (own[0].columns or {}) for own in records.values()):
        # In a wide table one row holds the responses to several items.
        named = columns.questions.question_named or columns.questions.references_named
        return QuestionTexts({}, (Problem(_WIDE),) if named else ())
    return question_texts(records, columns.header, columns.questions)


def _readers(drafts: dict[str, list[Draft]], rules: Rules) -> Mapping[str, ScoreReader | str]:
    """What reads each item's scores, or what is wrong with them as a whole."""
    if rules.scale is not None:
        return dict.fromkeys(drafts, ScoreReader(rules.scale, guessed=False))
    cells = {}
    for item, own in drafts.items():
        if item not in rules.scales:
            none = _no_scores({draft.score for draft in own}, rules)
            cells[item] = [(one.record.row, one.score) for one in own if one.score not in none]
    known = {
        item: ScoreReader(rules.scales[item], guessed=False)
        for item in drafts
        if item in rules.scales
    }
    if rules.pooled and cells:
        together = {next(iter(cells)): [cell for own in cells.values() for cell in own]}
        (scale,) = scales_of(together, rules.lower_is_better).values()
        guessed = dict.fromkeys(cells, scale)
    else:
        guessed = scales_of(cells, rules.lower_is_better)
    if not rules.scored:
        # Nothing is learned from these scores: where they make no scale, none is read.
        nothing = ScoreReader(Scale((), numeric=True), guessed=True)
        guessed = {item: nothing if isinstance(one, str) else one for item, one in guessed.items()}
    return {**known, **guessed}


def _no_scores(cells: Set[str], rules: Rules) -> set[str]:
    """Those of an item's cells that say that there is no score."""
    missing = {cell for cell in cells if not cell or rules.is_missing(cell)}
    none = {cell for cell in cells - missing if means_no_score(cell)}
    # "none" is a class where the others are "partial" and "full".
    words = cells - missing
    if none and len(words) <= _FEW_WORDS and known_order(words) is not None:
        return missing
    return missing | none


def _skipped(row: BadRow) -> SkippedRow:
    problem = row.problem
    place = f"column '{problem.column}': " if problem.column else ""
    return SkippedRow(problem.row or 0, row.response_id, place + problem.message, problem.file)


def _skipped_unscored(judged: Mapping[str, Judged]) -> list[SkippedRow]:
    return [
        SkippedRow(draft.record.row, draft.response_id, "no score", draft.record.file)
        for one in judged.values()
        for draft in one.unscored
    ]


def _notes(
    columns: FoundColumns,
    drafts: dict[str, list[Draft]],
    readers: Mapping[str, ScoreReader | str],
) -> list[str]:
    """What was guessed, apart from the columns."""
    rows = [draft for own in drafts.values() for draft in own]
    notes = []
    if "item_id" not in columns.positions:
        notes.append(f"no column names the item: all rows are of '{rows[0].item_id}'")
    if "response_id" not in columns.positions:
        notes.append(
            f"no column of ids: ids are taken from the row numbers ('{rows[0].response_id}')"
        )
    notes += scale_notes({i: one for i, one in readers.items() if isinstance(one, ScoreReader)})
    if "score2" in columns.positions:
        words = Counter(draft.score2 for draft in rows)
        count = sum(many for word, many in words.items() if not means_no_score(word))
        notes.append(f"{_counted(count)} {'has' if count == 1 else 'have'} score2")
    splits = (
        Counter(draft.split.casefold() for draft in rows) if "split" in columns.positions else {}
    )
    for word, count in sorted(splits.items()):
        meaning = SPLITS.get(plain(word))
        if meaning is not None and word != meaning:
            notes.append(f"{_counted(count)} of split '{word}' taken as {meaning}")
    return notes


def _doubts(
    readers: Mapping[str, ScoreReader | str], judged: Mapping[str, Judged]
) -> tuple[str, ...]:
    scales = {item: one.scale for item, one in readers.items() if isinstance(one, ScoreReader)}
    scores = {
        item: [(row.score, number) for row, number in zip(one.rows, one.numbers, strict=True)]
        for item, one in judged.items()
    }
    return doubt_notes(scales, scores)


def _row_notes(judged: Mapping[str, Judged]) -> list[str]:
    """Which rows of the items to learn from are left out, and which are blank."""
    notes = []
    unscored = [draft for one in judged.values() for draft in one.unscored]
    if unscored:
        words = Counter(draft.score for draft in unscored)
        kinds = ", ".join(
            f"{quoted(word) if word else 'blank'}: {count}" for word, count in words.most_common(3)
        )
        places = listed_rows([draft.record.row for draft in unscored], _SHOWN)
        left = "is" if len(unscored) == 1 else "are"
        notes.append(
            f"{_counted(len(unscored))} without a score {left} left out ({kinds}): {places}"
        )
    blank = [row for one in judged.values() for row in one.rows if not row.text.strip()]
    scored = sum(row.score is not None for row in blank)
    if scored:
        count = "s count with their scores" if scored > 1 else " counts with its score"
        notes.append(f"{scored} blank response{count}")
    return notes


def _word_notes(judged: Mapping[str, Judged]) -> list[str]:
    """Items whose words are unlike what new students can read."""
    notes = []
    for item, one in judged.items():
        doubt = word_doubt((row.text for row in one.rows), NEW_RULES)
        if doubt:
            notes.append(f"item '{item}': {doubt}")
    return notes


def _counted(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
