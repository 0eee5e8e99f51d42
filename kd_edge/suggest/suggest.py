"""Which responses of a table people should score next, item by item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kd_edge.data.responses import Item, Responses, Row
from kd_edge.soft_labels.unscored import unscored_rows
from kd_edge.suggest.choose import most_telling, uncertainty
from kd_edge.suggest.points import Floats, points
from kd_edge.teacher.card import read_item_card
from kd_edge.teacher.predict import predict
from kd_edge.teacher.source import PACKAGED
from kd_edge.teacher.vectors import language_vectors
from kd_edge_runtime.errors import InputError

COVERAGE, UNCERTAINTY = "coverage", "uncertainty"


@dataclass(frozen=True)
class SuggestOptions:
    """How responses are suggested.

    Attributes:
        count: how many of each item, >= 1.
        model: the language model by whose vectors responses are compared, as in `TeacherOptions`;
            one that reads a response from both ends (an encoder).
        teacher: the folder of a teacher that was fine-tuned on the item, whose uncertainty counts;
            None for coverage alone.
        seed: of all that is random, >= 0.

    Raises:
        InputError: a number is too small.
    """

    count: int = 50
    model: str = PACKAGED
    teacher: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"{self.count} responses are too few to suggest: ask for 1 or more")
        if self.seed < 0:
            raise InputError(f"the seed is {self.seed}, it must be 0 or more")


@dataclass(frozen=True)
class ItemSuggestions:
    """What is suggested of one item.

    Attributes:
        item_id: the item.
        response_ids: whom to score, the most useful first.
        scored: number of responses that have a score, test rows left out.
        unscored: number of those that have none, test rows and blank ones left out.
        repeated: how many of these say the same as another response, which is scored or may be
            suggested: nobody is asked for them.
        by: "coverage", or "uncertainty", where it also counts how unsure a teacher is.
    """

    item_id: str
    response_ids: tuple[str, ...]
    scored: int
    unscored: int
    repeated: int
    by: str


def suggest(responses: Responses, options: SuggestOptions) -> tuple[ItemSuggestions, ...]:
    """Choose which responses to score next.

    Each is the one whose score leaves least doubt about those of all others, by meaning, words and
    length: near to many that have no score yet, and to none that has one or was chosen before.
    With a teacher, a response counts the more, the less sure the teacher is of its score.

    Args:
        responses: scored or not; rows marked "test", blank ones and repetitions are not chosen.
        options: how many, and by which models.

    Returns:
        One for each item; without `response_ids` where nothing is left to score.

    Raises:
        InputError: a model is not there or cannot be used so; with a teacher, there are several
            items, it knows not all of the item's scores, or it is one of many items together.
    """
    if options.teacher is not None and len(responses.items) > 1:
        raise InputError(
            f"{responses.source} has {len(responses.items)} items, and a teacher is one item's: "
            "name the item with --item, or leave --teacher out"
        )
    if options.teacher is not None:
        _refuse_unfit(responses.items[0], options.teacher)
    return tuple(_of_item(item, options) for item in responses.items)


def _refuse_unfit(item: Item, teacher: Path) -> None:
    """Refuses a teacher of something else; of an item that is scored in part, not all are known."""
    classes = read_item_card(teacher).classes
    if not {*item.scale.classes} <= {*classes}:
        raise InputError(
            f"'{teacher}' gives the scores {', '.join(classes)}; item '{item.item_id}' has the "
            f"scores {', '.join(item.scale.classes)}: take a teacher that was fine-tuned on it, or "
            "leave --teacher out"
        )


def _of_item(item: Item, options: SuggestOptions) -> ItemSuggestions:
    asked = _Asked.of(item)
    if not asked.candidates:
        return asked.with_ids(item, (), COVERAGE)
    texts = [row.text for row in asked.rows]
    places = points(language_vectors(options.model, texts), texts, options.seed)
    weights = None if options.teacher is None else _unsure(asked, options.teacher)
    chosen = most_telling(
        places, asked.scored, asked.candidates, options.count, options.seed, weights
    )
    ids = tuple(asked.rows[at].response_id for at in chosen)
    return asked.with_ids(item, ids, COVERAGE if options.teacher is None else UNCERTAINTY)


def _unsure(asked: _Asked, teacher: Path) -> Floats:
    """How unsure a teacher is of each response that may be asked for; 0 for the others; [N]."""
    found = np.zeros(len(asked.rows))
    texts = [asked.rows[at].text for at in asked.candidates]
    said = predict(teacher, texts, progress="scoring responses with the teacher")
    found[asked.candidates] = uncertainty(said.astype(np.float64))
    return found


@dataclass(frozen=True)
class _Asked:
    """The responses of an item, each text once.

    Attributes:
        rows: with the scored ones first.
        scored: the places of those that have a score.
        candidates: the places of those that may be asked for.
        unscored: how many responses have no score.
    """

    rows: tuple[Row, ...]
    scored: list[int]
    candidates: list[int]
    unscored: int

    @classmethod
    def of(cls, item: Item) -> _Asked:
        scored = item.learning
        unscored = [row for row in unscored_rows(item) if row.text.strip()]
        first: dict[str, Row] = {}
        for row in (*scored, *unscored):
            first.setdefault(same_text(row.text), row)
        rows = tuple(first.values())
        return cls(
            rows,
            [at for at, row in enumerate(rows) if row.score is not None],
            [at for at, row in enumerate(rows) if row.score is None],
            len(unscored),
        )

    def with_ids(self, item: Item, ids: Sequence[str], by: str) -> ItemSuggestions:
        return ItemSuggestions(
            item.item_id,
            tuple(ids),
            len(item.learning),
            self.unscored,
            self.unscored - len(self.candidates),
            by,
        )


def same_text(text: str) -> str:
    """What texts have in common that differ in case, white space and marks at the end alone."""
    return " ".join(text.casefold().split()).rstrip(" .!?;,:")
