"""From pooled questions to one student: the rows of its pipeline, and how models read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kd_edge.data.responses import Row
from kd_edge.runs.cross_item.pool import POOLED, Pool
from kd_edge.runs.options import RunOptions
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.pipeline import Pipeline
from kd_edge.runs.pipeline_rows import PipelineRows, VariantTexts
from kd_edge.soft_labels.augmentation import make_variants, variant_sources, variants_for
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.stages.record import hash_json
from kd_edge.students import registry, store
from kd_edge.students.cross import CrossText
from kd_edge.students.kept_out import NOTHING, KeptOut
from kd_edge.students.pairs import PairsText
from kd_edge.students.student import Student
from kd_edge_export.relation import relation_bytes


def run_stages(
    pool: Pool, folder: Path, options: RunOptions, kept_out: KeptOut = NOTHING
) -> StageOutputs:
    """Run the stages of pooled questions in the run's folder, up to their student.

    Teachers label in-sample, and the student is of kind "pairs"; the second of both is one cut out
    of the first teacher, which reads reference answers too.

    Raises:
        InputError: see the stages.
        StoppedError: the user stopped it; the same call resumes.
    """
    both = options.distil.student == registry.BOTH
    pooled = replace(
        options,
        teacher=options.teacher.for_pairs(),
        distil=replace(options.distil, student=registry.BOTH_TOGETHER if both else "pairs"),
    )
    return Pipeline(PooledRows(pool, kept_out), folder, pooled).run()


class PooledRows(PipelineRows):
    """The rows of pooled questions.

    A teacher reads a response beside the most similar reference answer; a student
    sees its relation to the question and to all reference answers.
    """

    crossfits = False

    def __init__(self, pool: Pool, kept_out: KeptOut = NOTHING) -> None:
        super().__init__(pool, kept_out=kept_out)
        self.relations = pool.relations
        self.references = {name: pool.references(name) for name in pool.questions}
        self._pool = pool

    @property
    def title(self) -> str:
        """See `PipelineRows`."""
        return POOLED.capitalize()

    @property
    def more_inputs(self) -> Mapping[str, str]:
        """See `PipelineRows`: the questions, and all of their reference answers."""
        found = {name: relation_bytes(one).hex() for name, one in self._pool.relations.items()}
        return {"questions": hash_json(found)}

    def for_teacher(self, rows: Sequence[Row]) -> list[Row]:
        """See `PipelineRows`."""
        return self._pool.for_teacher(rows)

    def variant_texts(self, wanted: int | None, seed: int) -> VariantTexts | None:
        """See `PipelineRows`."""
        count = variants_for(len(self.train), wanted)
        if not count:
            return None
        variants_of = question_variants(self._pool, count, seed)
        questions = tuple(name for name, texts in variants_of.items() for _ in texts)
        texts = tuple(text for texts in variants_of.values() for text in texts)
        for_teacher = [
            self._pool.teacher_text(question, text)
            for question, text in zip(questions, texts, strict=True)
        ]

        def labelled(variants: Variants) -> Variants:
            return Variants(texts, variants.probabilities, questions)

        return VariantTexts(count, {"texts": hash_json(for_teacher)}, lambda: for_teacher, labelled)

    def load(self, folder: Path) -> Student:
        """Load a student, and add what it knows of questions, which its folder does not hold."""
        student = store.load(folder)
        if isinstance(student.text, CrossText):
            texts, least = [row.text for row in self.train], student.options.min_responses
            text = student.text.with_questions(self.references, texts, least, self.sharing)
            return replace(student, text=text)
        assert isinstance(student.text, PairsText)
        return replace(student, text=PairsText(student.text.vocabulary, self._pool.relations))


def question_variants(pool: Pool, count: int, seed: int) -> dict[str, list[str]]:
    """Variants of each question's responses and reference answers, by question.

    Args:
        pool: the questions.
        count: total number, divided in proportion to the questions' rows.
        seed: seed of the random choices.
    """
    variants = {}
    for name, item in pool.questions.items():
        rows = [row for row in pool.train if row.item_id == name]
        share = round(count * len(rows) / len(pool.train))
        if share:
            sources = [*variant_sources(rows), *item.references]
            variants[name] = make_variants(sources, share, seed)
    return variants
