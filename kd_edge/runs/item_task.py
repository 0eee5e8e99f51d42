"""An item of a run as a task: all that it takes, for this process or another machine's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Responses
from kd_edge.data.splits import Split, split_item
from kd_edge.runs.folder import item_folder, remember_responses
from kd_edge.runs.item_run import ItemRun, run_item, teach_item
from kd_edge.runs.options import RunOptions
from kd_edge.soft_labels.augmentation import unlabelled_texts
from kd_edge.students.kept_out import KeptOut


@dataclass(frozen=True)
class ItemTask:
    """An item to run.

    Attributes:
        item: its scored responses.
        test: its responses of a separate file to measure on, if there is one.
        out: the run's folder.
        options: the options of the run.
        test_source: the name of the separate file, or "".
        sources: the texts of its prompt and rubric, for golden rows.
        unlabelled: its responses without a score, if such were given.
        kept_out: words that no student may know.
    """

    item: Item
    test: Item | None
    out: Path
    options: RunOptions
    test_source: str
    sources: tuple[str, ...]
    unlabelled: Responses | None
    kept_out: KeptOut

    @property
    def folder(self) -> Path:
        """The item's folder in the run's."""
        return item_folder(self.out, self.item.item_id)

    def run(self) -> ItemRun:
        """Run the item; see `run_item`."""
        split, texts = self._rows()
        if self.unlabelled is not None:
            say(f"Item '{split.item.item_id}': unscored responses used: {len(texts):,}.")
        return run_item(split, self.out, self.options, self.sources, texts, self.kept_out)

    def teach(self) -> tuple[str, ...]:
        """Run those of its stages that teachers compute; see `teach_item`."""
        split, texts = self._rows()
        return teach_item(split, self.out, self.options, self.sources, texts, self.kept_out)

    def _rows(self) -> tuple[Split, tuple[str, ...]]:
        """The rows, and the texts of those without a score; the item's folder then knows them."""
        teacher = self.options.teacher
        split = split_item(self.item, self.test, teacher.validation, teacher.seed, self.test_source)
        remember_responses(self.folder, [row.text for row in split.item.rows])
        whose = split.item.part_of or split.item.item_id
        return split, unlabelled_texts(self.unlabelled, whose, split.item.rows)
