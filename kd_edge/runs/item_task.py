"""An item of a run as a task: all that it takes, for this process or another machine's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge.bundling.bundle import ExportItem, ExportOptions, Prepared, prepare
from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Responses
from kd_edge.data.splits import Split, split_item
from kd_edge.runs.folder import item_folder, remember_responses
from kd_edge.runs.item_run import ItemRun
from kd_edge.runs.options import RunOptions
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.pipeline import Pipeline
from kd_edge.runs.pipeline_rows import PipelineRows
from kd_edge.size_search.search import usual_forms
from kd_edge.soft_labels.augmentation import unlabelled_texts
from kd_edge.students.kept_out import KeptOut
from kd_edge.teacher.reading_limit import training_doubts
from kd_edge.training.doubts import say_doubts


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
        """Run the item's stages, and prepare its student for a bundle.

        Raises:
            InputError: see the stages.
            ParityError: the scores of a form differ too much from PyTorch.
            StoppedError: the user stopped it; the same call resumes.
        """
        split, unlabelled = self._rows()
        item = split.item
        if self.unlabelled is not None:
            say(f"Item '{item.item_id}': unscored responses used: {len(unlabelled):,}.")
        teacher = self.options.teacher
        doubts = training_doubts(item, item.item_id, split.train, split.validation, teacher)
        say_doubts(doubts)
        outputs = self._pipeline(split, unlabelled).run()
        return ItemRun(split, outputs, self._prepared(split, outputs), self._shown, doubts)

    def teach(self) -> tuple[str, ...]:
        """Run those of its stages that teachers compute, which `run` then finds done.

        Returns:
            The names of the stages that were run.

        Raises:
            InputError: see the stages.
            StoppedError: the user stopped it; the same call resumes.
        """
        return self._pipeline(*self._rows()).teach()

    @property
    def _shown(self) -> tuple[str, ...]:
        """The texts that students see."""
        return (*self.sources, *([self.item.prompt] if self.item.prompt else []))

    @property
    def _golden(self) -> tuple[str, ...]:
        """The same with the reference answers."""
        return (*self._shown, *self.item.references)

    def _rows(self) -> tuple[Split, tuple[str, ...]]:
        """The rows, and the texts of those without a score; the item's folder then knows them."""
        teacher = self.options.teacher
        split = split_item(self.item, self.test, teacher.validation, teacher.seed, self.test_source)
        remember_responses(self.folder, [row.text for row in split.item.rows])
        whose = split.item.part_of or split.item.item_id
        return split, unlabelled_texts(self.unlabelled, whose, split.item.rows)

    def _pipeline(self, split: Split, unlabelled: tuple[str, ...]) -> Pipeline:
        # What a decoder-only teacher reads with each response.
        asked = replace(split, item=replace(split.item, prompt="\n\n".join(self._shown) or None))
        rows = PipelineRows(asked, unlabelled, self.kept_out)
        return Pipeline(rows, self.folder, self.options, self._golden)

    def _prepared(self, split: Split, outputs: StageOutputs) -> Prepared:
        """The student's forms, within the limits if there are some."""
        student, size = outputs.distilled.student, outputs.size
        item = ExportItem(
            student,
            self._golden,
            split.validation,
            self._shown,
            split.item.part_of or "",
            outputs.distilled.second,
        )
        export = ExportOptions(cascade=self.options.cascade)
        if size is not None:  # as the search measured it
            cascade = replace(self.options.cascade, share=size.share or self.options.cascade.share)
            export = ExportOptions(usual_forms(student), cascade=cascade)
        (prepared,) = prepare([item], export)
        return prepared
