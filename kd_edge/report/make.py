"""`kd-edge report` as a function: reads the folder of a run, writes a page and a Markdown file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from kd_edge.evaluation.agreement import HUMANS, scorer_name
from kd_edge.evaluation.sums import SumAgreement
from kd_edge.files import make_folder
from kd_edge.report.figures.collect import collect
from kd_edge.report.figures.disagreements import disagreements, reasons
from kd_edge.report.figures.items import ItemFigures, Together, together
from kd_edge.report.figures.limits import QWK, SMD
from kd_edge.report.figures.questions import collect_questions
from kd_edge.report.figures.samples import invented
from kd_edge.report.page import sentences
from kd_edge.report.page.blocks import Block, Column, Heading, Points, Table, Text, figure, table
from kd_edge.report.page.glossary import glossary
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.numbers import number, signed, tenths, thousandths
from kd_edge.report.page.questions import headline, question_blocks
from kd_edge.report.page.render import html, markdown
from kd_edge.runs.folder import BUNDLE, TOGETHER
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.scorer import Scorer

PAGE, MARKDOWN = "report.html", "report.md"

_TITLE = "How well the small model scores"


@dataclass(frozen=True)
class WrittenReport:
    """A report.

    Attributes:
        files: the files that were written.
        figures: all figures, JSON types; no student's words.
        headlines: the main results in sentences.
    """

    files: tuple[Path, ...]
    figures: dict[str, Any]
    headlines: tuple[str, ...]


def make_report(out: Path, output: Path, *, responses: bool = True) -> WrittenReport:
    """Write `report.html` and `report.md`, each atomically.

    Args:
        out: the folder that `kd-edge run` wrote.
        output: the folder to write into; created where missing.
        responses: whether to show the worst disagreements, with students' words.

    Raises:
        InputError: see `collect` and `collect_questions`; or the files cannot be written.
        BundleError: the run's bundle is damaged.
    """
    content = (_questions_content if (out / TOGETHER).is_file() else _items_content)(out, responses)
    packages = ", ".join(f"{name} {version}" for name, version in content.created_by.items())
    blocks = [*content.blocks, *glossary(), Text(f"The bundle was written by {packages}.", "note")]
    files = output / PAGE, output / MARKDOWN
    make_folder(output)
    for path, render in zip(files, (html, markdown), strict=True):
        with atomic_write(path) as file:
            file.write(render(_TITLE, blocks))
    return WrittenReport(files, content.figures, content.headlines)


@dataclass(frozen=True)
class _Content:
    """The blocks of a report without the glossary, its figures and its headlines."""

    blocks: list[Block]
    figures: dict[str, Any]
    headlines: tuple[str, ...]
    created_by: Mapping[str, str]


def _items_content(out: Path, responses: bool) -> _Content:
    """A run with a student for each item."""
    run = collect(out)
    samples = [invented(scored.texts) for scored in run.scored]
    items = [
        item.without_second_rater() if sample else item
        for item, sample in zip(run.items, samples, strict=True)
    ]
    pooled = together(items, run.scored) if len(items) > 1 else ()
    headlines = [sentences.headline(item) for item in items]
    blocks: list[Block] = []
    if pooled:
        headlines = [sentences.headline_of_all(pooled, len(items))]
        blocks = list(_all_items(items, pooled, any(samples)))
        blocks += map(_sum_table, run.sums)
    with Scorer.open(out / BUNDLE) as scorer:
        for at, item in enumerate(items):
            explain = reasons(scorer, item.item_id)
            worst = disagreements(run.scored[at], run.scales[at], explain) if responses else None
            blocks += item_blocks(item, f"item-{at}", worst, invented=samples[at])
    figures = {
        "items": [
            {**asdict(item), "warnings": sentences.warnings(shown)}
            for item, shown in zip(run.items, items, strict=True)
        ],
        "together": [asdict(line) for line in together(run.items, run.scored)] if pooled else [],
        **({"sums": [asdict(one) for one in run.sums]} if run.sums else {}),
    }
    pointer = sentences.pointer(sum(len(sentences.warnings(item)) for item in items))
    return _Content(blocks, figures, (*headlines, *filter(None, [pointer])), run.created_by)


def _questions_content(out: Path, responses: bool) -> _Content:
    """A run with one student for all questions."""
    questions = collect_questions(out)
    figures = {**questions.as_json(), "warnings": sentences.warnings(questions.pooled)}
    blocks = list(question_blocks(questions, responses))
    pointer = sentences.pointer(len(figures["warnings"]))
    lines = (headline(questions), *filter(None, [pointer]))
    return _Content(blocks, figures, lines, questions.created_by)


def _all_items(
    items: Sequence[ItemFigures], pooled: Sequence[Together], samples: bool
) -> Iterator[Block]:
    yield Heading("All items", 1, "all")
    if samples:
        yield Points((sentences.SAMPLES,), flagged=True)
    yield Text(sentences.headline_of_all(pooled, len(items)), "lead")
    yield _item_table(items)
    yield _pooled_table(pooled)


def _item_table(items: Sequence[ItemFigures]) -> Table:
    """A row for each item; second raters only where an item has one."""

    def value_of(rater: str, name: str) -> Callable[[ItemFigures], float | None]:
        return lambda item: getattr(attrgetter(rater)(item), name, None)

    models = (("large model", "teacher.given", ""), ("small model", "bundle.given", ""))
    raters = ((HUMANS, "people", HUMANS), *models)
    columns = (
        Column("item", lambda item: item.item_id),
        Column("N", lambda item: str(item.responses)),
        *(
            figure(f"{who}: QWK", value_of(path, "qwk"), number, QWK, needs)
            for who, path, needs in raters
        ),
        *(
            figure(f"{who}: exact", value_of(path, "exact"), tenths, None, needs)
            for who, path, needs in raters
        ),
        Column("warnings", lambda item: str(len(sentences.warnings(item)))),
    )
    available = (HUMANS,) if any(item.people for item in items) else ()
    return table("Item by item", columns, items, available)


def _sum_table(found: SumAgreement) -> Table:
    """A row for each scorer of a sum."""
    columns = (
        Column("scores by", lambda line: scorer_name(line.name)),
        figure("QWK", lambda line: line.qwk, number, QWK),
        figure("exact", lambda line: line.accuracy, tenths),
        figure("SMD", lambda line: line.smd, signed, SMD),
    )
    title = f"Sum of {', '.join(found.items)}: {found.responses} responses"
    return table(title, columns, found.lines)


def _pooled_table(pooled: Sequence[Together]) -> Table:
    columns = (
        Column("scores by", lambda line: scorer_name(line.name)),
        figure("mean QWK", lambda line: line.qwk, number, QWK),
        figure("lowest QWK", lambda line: line.lowest_qwk, number, QWK),
        figure("mean exact", lambda line: line.exact, tenths),
        figure("exact over all responses", lambda line: line.all_exact, tenths),
        figure("ECE over all", lambda line: getattr(line.sureness, "error", None), thousandths),
    )
    return table("Over all items", columns, pooled)
