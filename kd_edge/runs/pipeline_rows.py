"""The rows of a pipeline, and the texts that its teachers and its student read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kd_edge.data.responses import Row
from kd_edge.data.splits import Split
from kd_edge.soft_labels.augmentation import texts_to_label, variants_for
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.stages.record import hash_json, hash_rows
from kd_edge.students import store
from kd_edge.students.kept_out import NOTHING, KeptOut
from kd_edge.students.sharing import Sharing, writers_of
from kd_edge.students.student import Student
from kd_edge_runtime.text.relation import Relation


@dataclass(frozen=True)
class VariantTexts:
    """New responses for the teachers to score.

    Attributes:
        count: number of variants among them; the others are unscored responses.
        inputs: the hash of each of their inputs, by name.
        texts: generates the texts that a teacher reads.
        labelled: turns labelled variants into those that the student reads.
    """

    count: int
    inputs: Mapping[str, str]
    texts: Callable[[], Sequence[str]]
    labelled: Callable[[Variants], Variants] = lambda variants: variants


class PipelineRows:
    """The rows of a pipeline, and the texts that its teachers and its student read.

    Here they are those of a single item, whose responses both read unchanged.

    Args:
        split: the rows; all of its item but those marked "test" get soft labels.
        unlabelled: responses without a score.
        kept_out: words that no student may know.
    """

    crossfits = True
    """Whether the soft labels may be cross-fitted."""

    relations: Mapping[str, Relation] | None = None
    """For a student of many questions, their relations by item id."""

    references: Mapping[str, Sequence[str]] = MappingProxyType({})
    """For a student of many questions, the reference answers to each."""

    def __init__(
        self, split: Split, unlabelled: tuple[str, ...] = (), kept_out: KeptOut = NOTHING
    ) -> None:
        self.split = split
        self.item, self.train = split.item, split.train
        self.validation, self.test = split.validation, split.test
        self._unlabelled = unlabelled
        self.kept_out = kept_out

    @property
    def title(self) -> str:
        """The name of the item or items, for the beginning of a message."""
        return f"Item '{self.item.item_id}'"

    @property
    def more_inputs(self) -> Mapping[str, str]:
        """The hash of what a student learns from besides rows, labels and variants, by name."""
        return {}

    @property
    def sharing(self) -> Sharing:
        """How it is counted who shares a word."""
        return Sharing(writers_of(self.train), self.kept_out)

    def for_teacher(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with the texts that a teacher reads."""
        return list(rows)

    def variant_texts(self, wanted: int | None, seed: int) -> VariantTexts | None:
        """The new responses for the teachers to label; None if there are none.

        Args:
            wanted: number of variants; None for a number that suits the rows.
            seed: seed of the random choices.
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
        """Load a student that can score these rows."""
        return store.load(folder)
