"""What an item's students are trained on, and chosen by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kd_edge.console.model_names import RESEARCH, ModelNames
from kd_edge.data.responses import Item, Row
from kd_edge.distillation.options import DistilOptions
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.kept_out import NOTHING, KeptOut
from kd_edge.students.sharing import Sharing, writers_of
from kd_edge.students.student import TextStage
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.relation import Relation


@dataclass(frozen=True, eq=False)
class LearningData:
    """What the students of an item are trained on, and chosen by.

    Attributes:
        item: the item.
        rows: the scored rows to train on.
        held_out: scored rows by which the best epoch, the temperature, the decision and the
            threshold of review are chosen.
        labels: soft labels, probabilities [K] by response id, at least for `rows`.
        variants: teacher-labelled variants, if any.
        teacher: the teacher's folder, which a transformer student is cut out of.
        relations: for a student of many questions, their relations by item id.
        names: what progress calls the models.
        kept_out: words that no student may know.
        references: for a student of many questions, the reference answers to each.

    Raises:
        InputError: a row has no soft label, or there are no rows to train on or none held out.
    """

    item: Item
    rows: Sequence[Row]
    held_out: Sequence[Row]
    labels: Mapping[str, npt.NDArray[np.floating]]
    variants: Variants | None = None
    teacher: Path | None = None
    relations: Mapping[str, Relation] | None = None
    names: ModelNames = RESEARCH
    kept_out: KeptOut = NOTHING
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name, rows, held_out = self.item.item_id, self.rows, self.held_out
        if not rows or not held_out:
            raise InputError(
                f"item '{name}': {len(rows)} responses to train on and {len(held_out)} "
                "held-out ones are too few"
            )
        missing = [row.response_id for row in rows if row.response_id not in self.labels]
        if missing:
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            raise InputError(
                f"item '{name}': no soft label for {', '.join(missing[:5])}{more}: label "
                "these responses too"
            )

    @property
    def held_out_labelled(self) -> bool:
        """Whether the teacher labelled all held-out rows too."""
        return all(row.response_id in self.labels for row in self.held_out)

    @property
    def texts(self) -> list[str]:
        """The responses to train on."""
        return [row.text for row in self.rows]

    @property
    def sharing(self) -> Sharing:
        """How it is counted who shares a word."""
        return Sharing(writers_of(self.rows), self.kept_out)

    def learn_text(self, options: DistilOptions) -> TextStage:
        """The frozen text stage of a student.

        Raises:
            InputError: there is no such kind, or nothing is known of the questions that it needs;
                see the kind's.
        """
        if not self.relations:
            registry.refuse_many_questions(options.student)
        kind = registry.get(options.student)
        sources = TextSources(
            self.texts, self.teacher, self.relations or {}, self.sharing, self.references
        )
        return kind.learn_text(sources, kind.options(options.student_options))
