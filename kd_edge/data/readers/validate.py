"""Turns raw records into responses and collects everything that is wrong with them."""

from __future__ import annotations

from collections import Counter

from kd_edge.data.readers.cells import Draft, Drafter, Rules
from kd_edge.data.readers.columns import FoundColumns
from kd_edge.data.readers.raw_table import ItemText, RawRecord, RawTable
from kd_edge.data.readers.scales import doubt_notes, scale_notes, scales_of
from kd_edge.data.readers.score_reader import ScoreReader
from kd_edge.data.responses import Item, Responses, Row
from kd_edge_runtime.errors import Problem, TableError

_SPLITS = {
    "train": "train",
    "test": "test",
    "dev": "train",
    "valid": "train",
    "validation": "train",
}


def to_responses(table: RawTable, columns: FoundColumns, rules: Rules, source: str) -> Responses:
    """Make responses of a table.

    Args:
        table: as a reader left it, with the problems that it met.
        columns: where the roles are, with the problems met there.
        rules: what the rows have to be.
        source: the file or folder as the user gave it.

    Raises:
        TableError: all that is wrong, in the order of the files and rows.
    """
    drafter = Drafter(table, columns, rules)
    drafts = drafter.drafts()
    readers = _readers(drafts, rules, drafter)
    rows = {item: _rows(own, readers.get(item), drafter) for item, own in drafts.items()}
    if rules.scored:
        for item, own in drafts.items():
            _enough(own, rows[item], rules.min_rows, columns.names.get("score"), drafter)
    problems = drafter.problems
    if not drafts and not problems:
        problems = [Problem("there are no rows below the header")]
    if problems:
        # Row 1 is the header: that needs no explanation.
        counting = table.counting if any((p.row or 0) > 1 for p in problems) else ""
        hint = "\n".join(filter(None, (columns.hint, counting)))
        ordered = sorted(problems, key=lambda p: (p.file or "", p.row or 0))
        raise TableError(source, ordered, hint, unlisted=table.unlisted)
    texts = {text.item_id: text for text in table.items}
    items = tuple(_item(item, readers[item], own, texts.get(item)) for item, own in rows.items())
    notes = [*columns.notes, *table.notes, *drafter.notes]
    notes += _notes(table, columns, drafts, readers)
    if rules.scored:
        scales = {item: reader.scale for item, reader in readers.items()}
        notes += doubt_notes(scales, {item: _numbered(drafts[item], rows[item]) for item in rows})
    return Responses(items, source, columns.names, table.encoding, tuple(notes))


def _numbered(drafts: list[Draft], rows: list[Row]) -> list[tuple[int | None, int]]:
    """Each response's class and its row in the file."""
    return [(row.score, draft.record.row) for draft, row in zip(drafts, rows, strict=True)]


def _item(item: str, reader: ScoreReader, rows: list[Row], texts: ItemText | None) -> Item:
    if texts is None:
        return Item(item, reader.scale, tuple(rows))
    return Item(item, reader.scale, tuple(rows), texts.prompt, texts.references)


def _readers(
    drafts: dict[str, list[Draft]], rules: Rules, drafter: Drafter
) -> dict[str, ScoreReader]:
    """Give each item a reader of scores, or a problem at its first score."""
    if rules.scale is not None:
        return dict.fromkeys(drafts, ScoreReader(rules.scale, guessed=False))
    cells = {
        item: [(draft.record.row, draft.score) for draft in own if draft.score]
        for item, own in drafts.items()
    }
    readers = {}
    for item, found in scales_of(cells, rules.lower_is_better).items():
        if isinstance(found, ScoreReader):
            readers[item] = found
        else:
            first = next(draft for draft in drafts[item] if draft.score)
            drafter.wrong(first.record, "score", f"{first.item_name}: {found}")
    return readers


def _rows(drafts: list[Draft], reader: ScoreReader | None, drafter: Drafter) -> list[Row]:
    seen: dict[str, RawRecord] = {}
    rows = []
    for draft in drafts:
        first = seen.setdefault(draft.response_id, draft.record)
        if first is not draft.record and draft.response_id:
            drafter.wrong(draft.record, "response_id", f"the same id as row {first.row}")
        score = _score(draft, "score", draft.score, reader, drafter)
        score2 = _score(draft, "score2", draft.score2, reader, drafter)
        group = draft.group or None
        split = _split(draft, drafter)
        rows.append(Row(draft.response_id, draft.item_id, draft.text, score, score2, group, split))
    return rows


def _score(
    draft: Draft, role: str, cell: str, reader: ScoreReader | None, drafter: Drafter
) -> int | None:
    # Without a scale every second score would be a problem, and none of them would help.
    if not cell or reader is None or (role == "score2" and not reader.scale.classes):
        return None
    try:
        return reader.read(cell)
    except ValueError as error:
        drafter.wrong(draft.record, role, str(error))
        return None


def _split(draft: Draft, drafter: Drafter) -> str | None:
    word = draft.split.casefold()
    if word and word not in _SPLITS:
        drafter.wrong(draft.record, "split", "is neither train nor test")
    return _SPLITS.get(word)


def _enough(
    drafts: list[Draft], rows: list[Row], min_rows: int, score: str | None, drafter: Drafter
) -> None:
    """Check that an item can be learned from at all.

    Rows that could not be read may be this item's, and are a problem of their own.
    """
    name = drafts[0].item_name
    file = drafts[0].record.file
    count = len(drafts)
    if count + drafter.lost < min_rows:
        message = f"{name} has {count} row{'s' if count != 1 else ''}, fewer than {min_rows}"
        drafter.problems.append(Problem(message, file=file))
    scores = {row.score for row in rows}
    if len(scores) == 1 and None not in scores and not drafter.lost:
        message = f"all rows of {name} have the same score: there is nothing to learn"
        drafter.problems.append(Problem(message, column=score, file=file))


def _notes(
    table: RawTable,
    columns: FoundColumns,
    drafts: dict[str, list[Draft]],
    readers: dict[str, ScoreReader],
) -> list[str]:
    """What was guessed, apart from the columns."""
    rows = [draft for own in drafts.values() for draft in own]
    notes = []
    if table.encoding == "cp1252":
        notes.append("encoding cp1252 (not UTF-8)")
    if "item_id" not in columns.positions:
        notes.append(f"no column names the item: all rows are of '{rows[0].item_id}'")
    if "response_id" not in columns.positions:
        notes.append(
            f"no column of ids: ids are taken from the row numbers ('{rows[0].response_id}')"
        )
    notes += scale_notes(readers)
    if "score2" in columns.positions:
        count = sum(bool(draft.score2) for draft in rows)
        notes.append(f"{_counted(count)} {'has' if count == 1 else 'have'} score2")
    splits = Counter(draft.split.casefold() for draft in rows)
    for word, meaning in _SPLITS.items():
        if splits[word] and word != meaning:
            notes.append(f"{_counted(splits[word])} of split '{word}' taken as {meaning}")
    return notes


def _counted(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
