"""The rows of a pipeline, and how its teachers and its student read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kd_edge.data.responses import Item, Row
from kd_edge.soft_labels.augmentation import texts_to_label, variants_for
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.stages.record import hash_json, hash_rows
from kd_edge.students import store
from kd_edge.students.student import Student
from kd_edge_runtime.text.relation import Relation


@dataclass(frozen=True)
class VariantTexts:
    """New responses for the teachers to score.

    Attributes:
        count: how many of them are variants; the others are unscored responses.
        inputs: the hash of each thing that they depend on.
        texts: generates them, as a teacher reads them.
        labelled: the labelled variants as the student reads them, from those as a teacher does.
    """

    count: int
    inputs: Mapping[str, str]
    texts: Callable[[], Sequence[str]]
    labelled: Callable[[Variants], Variants] = lambda variants: variants


class PipelineRows:
    """The rows of a pipeline, and how its teachers and its student read them.

    This one is of a single item, whose responses both read as they are.

    Args:
        item: the item; all its rows but those marked "test" get soft labels.
        train: scored rows to learn from.
        validation: scored rows to choose by.
        test: scored rows to measure on.
        unlabelled: responses without a score.
    """

    crossfits = True
    """Whether the soft labels may be cross-fitted."""

    relations: Mapping[str, Relation] | None = None
    """For a student of many questions what it knows of each, by item id."""

    def __init__(
        self,
        item: Item,
        train: Sequence[Row],
        validation: Sequence[Row],
        test: Sequence[Row],
        unlabelled: tuple[str, ...] = (),
    ) -> None:
        self.item = item
        self.train = train
        self.validation = validation
        self.test = test
        self._unlabelled = unlabelled

    @property
    def title(self) -> str:
        """What a message calls it, at the beginning of a sentence."""
        return f"Item '{self.item.item_id}'"

    def for_teacher(self, rows: Sequence[Row]) -> list[Row]:
        """Rows with the text that a teacher reads."""
        return list(rows)

    def variant_texts(self, wanted: int | None, seed: int) -> VariantTexts | None:
        """The new responses to label, if there are any.

        Args:
            wanted: how many variants; None for the number that suits the rows.
            seed: of the choices.
        """
        rows, unlabelled = list(self.train), self._unlabelled
        count = variants_for(len(rows) + len(unlabelled), wanted)
        if not count and not unlabelled:
            return None
        inputs = {"rows": hash_rows(rows)}
        if unlabelled:
            inputs["unlabelled"] = hash_json(unlabelled)
        return VariantTexts(count, inputs, lambda: texts_to_label(rows, unlabelled, wanted, seed))

    def load(self, folder: Path) -> Student:
        """Load a student with all that it needs to score these rows."""
        return store.load(folder)
