"""The texts of questions and their reference answers, from columns or from a table of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kd_edge.data.readers.columns import ColumnChoice
from kd_edge.data.readers.question_columns import (
    QUESTION,
    REFERENCE,
    QuestionColumns,
    find_question_columns,
)
from kd_edge.data.readers.raw_table import ItemText, RawRecord, RawTable
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.column_names import hint, shown
from kd_edge_runtime.tables.columns import candidates, find_columns, named_columns
from kd_edge_runtime.tables.roles import ITEM

# More different reference answers than these are none: each response would have its own.
_MOST = 60
# Of a guessed column, so few rows of an item tell nothing.
_FEWEST = 10
_SHOWN = 5  # problems, rows or items that are listed
_WORDS = 3  # a question has so many words at least; the name of an item may have fewer

Records = Mapping[str, Sequence[RawRecord]]


@dataclass(frozen=True)
class QuestionTexts:
    """What a table says of its items' questions.

    Attributes:
        items: by item id; those of which it says nothing are left out.
        problems: what is wrong with columns that the user named.
        notes: lines for the user.
    """

    items: Mapping[str, ItemText]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def question_texts(
    records: Records, header: Sequence[str], columns: QuestionColumns, of_responses: bool = True
) -> QuestionTexts:
    """Question and reference answers of each item, from the columns of its rows.

    All rows of an item have the same question, or none; their different reference answers are
    all the item's. A guessed column of which that is not so is not taken.

    Args:
        records: item → its rows.
        header: the columns' names.
        columns: where they are.
        of_responses: whether the rows are responses: then a guessed column that differs in most of
            them is a student's own, and never taken for reference answers, which a bundle holds.
    """
    problems, notes = [*columns.problems], []
    found: dict[str, dict[str, list[str]]] = {}
    places = () if columns.question is None else (columns.question,)
    for role, at, named in (
        (QUESTION, places, columns.question_named),
        (REFERENCE, columns.references, columns.references_named),
    ):
        texts = {item: _distinct(own, at) for item, own in records.items()}
        wrong = [*_wrong(records, header, at, 1 if role is QUESTION else _MOST)]
        if not (wrong or named) and of_responses:
            wrong = [*_differing(records, header, at)]
        names = ", ".join(f"'{shown(header[place])}'" for place in at)
        if wrong and named:
            problems += wrong[:_SHOWN]
        elif wrong:
            row = f"row {wrong[0].row}: {wrong[0].message}"
            notes.append(f"{names} is not taken as {role.meaning}: {row} (see {role.option})")
        elif named or _likely(texts.values(), role is QUESTION):
            found[role.name] = {item: own for item, own in texts.items() if own}
            notes += [_note(names, role.meaning, found[role.name])] * bool(at)
    questions, references = (found.get(role.name, {}) for role in (QUESTION, REFERENCE))
    items = {
        item: ItemText(
            item, next(iter(questions.get(item, ())), None), tuple(references.get(item, ()))
        )
        for item in records
        if item in questions or item in references
    }
    return QuestionTexts(items, tuple(problems), tuple(notes))


def _texts(record: RawRecord, places: Sequence[int]) -> Iterator[tuple[int, str]]:
    """What a row has in columns, without white space around it."""
    for at in places:
        text = (record.cells[at] or "").strip()
        if text:
            yield at, text


def _distinct(records: Sequence[RawRecord], places: Sequence[int]) -> list[str]:
    """The different texts in columns, in the order of the table."""
    return list(dict.fromkeys(text for one in records for _, text in _texts(one, places)))


def _wrong(
    records: Records, header: Sequence[str], places: Sequence[int], most: int
) -> Iterator[Problem]:
    """The first row of each item with which it has more texts than it can have."""
    for item, own in records.items():
        seen: set[str] = set()
        for record in own:
            new = [(at, text) for at, text in _texts(record, places) if text not in seen]
            seen.update(text for _, text in new)
            if len(seen) > most:
                name = f"item '{shown(item)}'" if item else "the item"
                message = (
                    f"{name} has another question in a row above"
                    if most == 1
                    else f"{name} has more than {most} different reference answers up to here"
                )
                yield Problem(message, record.row, header[new[0][0]], record.file)
                break


def _differing(records: Records, header: Sequence[str], places: Sequence[int]) -> Iterator[Problem]:
    """Items of which most rows have a text of their own; those of few rows tell nothing."""
    for item, own in records.items():
        texts = [tuple(_texts(record, places)) for record in own]
        there = [text for text in texts if text]
        if len(there) >= _FEWEST and 2 * len({*there}) > len(there):
            message = f"most rows of item '{shown(item)}' differ in it"
            yield Problem(message, own[0].row, header[places[0]], own[0].file)


def _likely(texts: Iterable[list[str]], question: bool) -> bool:
    """Whether what a guess found are texts: letters at least, and of a question some words."""
    every = [text for own in texts for text in own]
    letters = sum(any(map(str.isalpha, text)) for text in every)
    words = sum(len(text.split()) >= _WORDS for text in every)
    return bool(every) and 2 * (words if question else letters) > len(every)


def _note(names: str, meaning: str, found: Mapping[str, Sequence[str]]) -> str:
    count = f"{len(found):,} item{'' if len(found) == 1 else 's'}"
    most = max(map(len, found.values()), default=0)
    least = min(map(len, found.values()), default=0)
    each = "" if most < 2 else f", {least if least == most else f'{least} to {most}'} each"
    return f"{names} taken as {meaning} of {count}{each}"


@dataclass(frozen=True)
class GivenTexts:
    """The texts of a table of questions.

    Attributes:
        name: the table's name in messages.
        texts: by item id; "" where no column names the item.
        notes: lines for the user.
    """

    name: str
    texts: Mapping[str, ItemText]
    notes: tuple[str, ...] = ()

    def of_items(self, items: Mapping[str, str]) -> QuestionTexts:
        """The texts of the items that there are; with what the table lacks, and has besides.

        Args:
            items: items of the responses, in order → what each is a part of, or itself.

        Raises:
            TableError: it names none of them.
        """
        if not items:
            return QuestionTexts({})
        wholes = {*items.values()}
        if "" in self.texts:
            if len(wholes) > 1:
                message = f"no column names the item, and there are {len(wholes)}"
                problem = Problem(f"{message}: name it with {ITEM.option} NAME")
                raise TableError(self.name, [problem])
            only = self.texts[""]
            return QuestionTexts({item: replace(only, item_id=item) for item in items})
        found = {
            item: replace(self.texts[name], item_id=item)
            for item, whole in items.items()
            for name in (item, whole)
            if name in self.texts
        }
        if not found:
            listed = ", ".join(f"'{shown(item)}'" for item in [*items][:_SHOWN])
            message = f"it names none of the items of the responses ({listed})"
            raise TableError(self.name, [Problem(message)])
        lacking = [item for item in items if item not in found]
        more = [name for name in self.texts if name not in {*items, *wholes}]
        notes = [
            _listed(self.name, names, said)
            for names, said in ((lacking, "without a row"), (more, "without responses"))
            if names
        ]
        return QuestionTexts(found, notes=(*self.notes, *notes))


def _listed(table: str, names: Sequence[str], said: str) -> str:
    listed = ", ".join(f"'{shown(name)}'" for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{table}: {len(names)} item{'' if len(names) == 1 else 's'} {said}: {listed}{more}"


def given_texts(table: RawTable, name: str, choice: ColumnChoice) -> GivenTexts:
    """Read a table of questions: a row for each reference answer, or several of them in a row.

    Args:
        table: as it was read: a column of items, unless it is about a single one, and columns of
            reference answers or questions.
        name: its name in messages.
        choice: the columns that the user named; that of the items is guessed where this table
            does not have it.

    Raises:
        TableError: all that is wrong with it.
    """
    if table.encoding == "xml":
        return GivenTexts(name, {text.item_id: text for text in table.items})
    if table.problems:
        raise TableError(name, table.problems, table.counting, unlisted=table.unlisted)
    header = table.header
    references = find_question_columns(header, None, choice.reference, None).references
    item, problems = _item_column(header, choice, references)
    columns = find_question_columns(header, choice.question, choice.reference, item)
    problems += columns.problems
    if not problems and columns.question is None and not columns.references:
        message = (
            f"no column holds {REFERENCE.meaning} or {QUESTION.meaning}: name it with "
            f"{REFERENCE.option} NAME or {QUESTION.option} NAME"
        )
        problems.append(Problem(message))
    if problems:
        raise TableError(name, problems, hint(header))
    records: dict[str, list[RawRecord]] = {}
    for record in table.records:
        own = "" if item is None else (record.cells[item] or "").strip()
        if own or item is None:
            records.setdefault(own, []).append(record)
        elif any((cell or "").strip() for cell in record.cells):
            problems.append(Problem("is blank", record.row, header[item], record.file))
    found = question_texts(records, header, columns, of_responses=False)
    problems += found.problems
    if not problems and not found.items:
        problems.append(Problem("there is no reference answer and no question in it"))
    if problems:
        raise TableError(name, problems, table.counting)
    return GivenTexts(name, found.items, tuple(f"{name}: {note}" for note in found.notes))


def _item_column(
    header: Sequence[str], choice: ColumnChoice, references: Sequence[int]
) -> tuple[int | None, list[Problem]]:
    """The column of items; one that is called as questions are only where there is no other."""
    if choice.item_id is not None and named_columns(choice.item_id, header):
        places, problems = find_columns(header, {ITEM.name: choice.item_id}, [ITEM])
        return places.get(ITEM.name), problems
    found = candidates(header, ITEM.tiers, references)
    questions = candidates(header, QUESTION.tiers)
    sure = [at for at in found if at not in questions] or found
    if len(sure) > 1:
        names = " and ".join(f"'{shown(header[at])}'" for at in sure)
        message = f"{names} could both hold {ITEM.meaning}: say which with {ITEM.option} NAME"
        return None, [Problem(message)]
    return (sure[0] if sure else None), []
