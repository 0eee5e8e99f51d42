"""`kd-edge report` as a function: reads the folder of a run, writes a page and a Markdown file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.files import make_folder
from kd_edge.report.figures.collect import Collected, collect
from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.facts import BundleFacts
from kd_edge.report.figures.items import together
from kd_edge.report.figures.questions import collect_questions
from kd_edge.report.figures.reasons import reasons
from kd_edge.report.figures.samples import invented, without_second_rater
from kd_edge.report.figures.verdict import verdict
from kd_edge.report.page import sentences
from kd_edge.report.page.all_items import all_items, counted
from kd_edge.report.page.blocks import Block, Text
from kd_edge.report.page.glossary import glossary
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.questions import headline, question_blocks
from kd_edge.report.page.render import html, markdown
from kd_edge.report.page.verdict import SECONDS, Front, answer
from kd_edge.runs.folder import BUNDLE, TOGETHER
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.scorer import Scorer

PAGE, MARKDOWN = "report.html", "report.md"

_TITLE = "Can the small model score?"


@dataclass(frozen=True)
class WrittenReport:
    """A report.

    Attributes:
        files: the files that were written.
        figures: all figures, JSON types; no student's words.
        headlines: the main results in sentences, the verdict first.
    """

    files: tuple[Path, ...]
    figures: dict[str, Any]
    headlines: tuple[str, ...]


def make_report(
    out: Path, output: Path, *, responses: bool = True, seconds: float = SECONDS
) -> WrittenReport:
    """Write `report.html` and `report.md`, each atomically.

    Args:
        out: the folder that `kd-edge run` wrote.
        output: the folder to write into; created where missing.
        responses: whether to show disagreements, with students' words.
        seconds: how long a person takes to mark a response, > 0; for the time that is saved.

    Raises:
        InputError: see `collect` and `collect_questions`; or the files cannot be written.
        BundleError: the run's bundle is damaged.
    """
    kind = _questions_content if (out / TOGETHER).is_file() else _items_content
    content = kind(out, responses, seconds)
    bundle = content.bundle
    packages = ", ".join(f"{name} {version}" for name, version in bundle.created_by.items())
    sources = Text(f"The bundle, {bundle.bytes:,} bytes, was written by {packages}.", "note")
    blocks = [*content.blocks, *glossary(sources)]
    files = output / PAGE, output / MARKDOWN
    make_folder(output, private=responses)
    for path, render in zip(files, (html, markdown), strict=True):
        with atomic_write(path, private=responses) as file:
            file.write(render(_TITLE, blocks))
    return WrittenReport(files, content.figures, content.headlines)


@dataclass(frozen=True)
class _Content:
    """The blocks of a report without the glossary, its figures and its headlines."""

    blocks: list[Block]
    figures: dict[str, Any]
    headlines: tuple[str, ...]
    bundle: BundleFacts


def _items_content(out: Path, responses: bool, seconds: float) -> _Content:
    """A run with a student for each item."""
    run = collect(out)
    samples = [invented(scored.texts) for scored in run.scored]
    items = [
        item.without_second_rater() if sample else item
        for item, sample in zip(run.items, samples, strict=True)
    ]
    verdicts = [verdict(item) for item in items]
    pooled = together(items, run.scored) if len(items) > 1 else ()
    headlines = [text for item in items for text in (answer(item), sentences.headline(item))]
    blocks: list[Block] = []
    if pooled:
        headlines = [counted(verdicts), sentences.headline_of_all(pooled, len(items))]
        blocks += all_items(items, pooled, run.sums, seconds, samples=any(samples))
    with Scorer.open(out / BUNDLE) as scorer:
        for at in range(len(items)):
            blocks += _item(run, at, scorer, responses, seconds, samples[at])
    figures = {
        "items": [
            {
                **asdict(item),
                "warnings": sentences.warnings(shown),
                **one.as_json(),
                "invented": sample,
                "facts": asdict(facts),
            }
            for item, shown, one, sample, facts in zip(
                run.items, items, verdicts, samples, run.facts, strict=True
            )
        ],
        "together": [asdict(line) for line in together(run.items, run.scored)] if pooled else [],
        **({"sums": [asdict(one) for one in run.sums]} if run.sums else {}),
        "bundle": asdict(run.bundle),
    }
    pointer = sentences.pointer(sum(len(sentences.warnings(item)) for item in items))
    return _Content(blocks, figures, (*headlines, *filter(None, [pointer])), run.bundle)


def _item(
    run: Collected, at: int, scorer: Scorer, responses: bool, seconds: float, sample: bool
) -> Iterator[Block]:
    """The blocks of an item of a run."""
    item, scored, worst = run.items[at], run.scored[at], None
    if responses:
        shown = without_second_rater(scored) if sample else scored
        worst = disagreements(shown, run.scales[at], reasons(scorer, item.item_id))
    front = Front(run.facts[at], run.bundle, seconds, worst.typical if worst else None)
    return item_blocks(item, f"item-{at}", front, worst, invented=sample)


def _questions_content(out: Path, responses: bool, seconds: float) -> _Content:
    """A run with one student for all questions."""
    questions = collect_questions(out)
    ruling = verdict(questions.pooled)
    warnings = sentences.warnings(questions.pooled)
    figures = {
        **questions.as_json(),
        "warnings": warnings,
        **ruling.as_json(),
        "facts": asdict(questions.facts),
        "bundle": asdict(questions.bundle),
    }
    blocks = list(question_blocks(questions, responses, seconds))
    pointer = sentences.pointer(len(warnings))
    lines = (answer(questions.pooled), headline(questions), *filter(None, [pointer]))
    return _Content(blocks, figures, lines, questions.bundle)
