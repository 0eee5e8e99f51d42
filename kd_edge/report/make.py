"""`kd-edge report` as a function: a run's folder in, a page and a Markdown file out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.report.figures.collect import Collected, collect
from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.limits import QWK
from kd_edge.report.figures.questions import collect_questions
from kd_edge.report.figures.reasons import reasons
from kd_edge.report.page import sentences
from kd_edge.report.page.blocks import Block, Heading, Text, cell, table
from kd_edge.report.page.glossary import glossary
from kd_edge.report.page.html import page
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.markdown import markdown_document
from kd_edge.report.page.numbers import number, percent
from kd_edge.report.page.questions import headline, question_blocks
from kd_edge.runs.folder import BUNDLE, TOGETHER
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.scorer import Scorer

PAGE, MARKDOWN = "report.html", "report.md"


@dataclass(frozen=True)
class MadeReport:
    """What came of it.

    Attributes:
        files: what was written.
        figures: all figures, JSON types; no student's words.
        said: the headlines.
    """

    files: tuple[Path, ...]
    figures: dict[str, Any]
    said: tuple[str, ...]


def make_report(out: Path, output: Path, *, responses: bool = True) -> MadeReport:
    """Writes `report.html` and `report.md`, each whole or not at all.

    Args:
        out: the folder that `kd-edge run` made.
        output: the folder to write into; made where missing.
        responses: whether they show the worst disagreements, with students' words.

    Raises:
        InputError: see `collect` and `collect_questions`; or the files cannot be written.
        BundleError: the run's bundle is damaged.
    """
    together = (out / TOGETHER).is_file()
    found = (_of_questions if together else _of_items)(out, responses)
    made = ", ".join(f"{name} {version}" for name, version in found.created_by.items())
    blocks = [*found.blocks, *glossary(), Text(f"The bundle was made by {made}.", "note")]
    files = output / PAGE, output / MARKDOWN
    for path, text in zip(files, (page(_TITLE, blocks), markdown_document(_TITLE, blocks))):
        with atomic_write(path) as file:
            file.write(text)
    return MadeReport(files, found.figures, found.said)


_TITLE = "How well the student scores"


@dataclass(frozen=True)
class _Found:
    """What a run's report says: its blocks but for the end, its figures, its headlines."""

    blocks: list[Block]
    figures: dict[str, Any]
    said: tuple[str, ...]
    created_by: Mapping[str, str]


def _of_items(out: Path, responses: bool) -> _Found:
    """A run of a student for each item."""
    found = collect(out)
    with Scorer.open(out / BUNDLE) as scorer:
        blocks = list(_blocks(found, scorer if responses else None))
    figures = {
        "items": [{**asdict(item), "warnings": sentences.warnings(item)} for item in found.items],
        "together": [asdict(line) for line in found.together],
    }
    said = [sentences.headline(item) for item in found.items]
    if found.together:
        said = [sentences.headline_of_all(found.together, len(found.items))]
    return _Found(blocks, figures, tuple(said), found.created_by)


def _of_questions(out: Path, responses: bool) -> _Found:
    """A run of one student for all questions."""
    found = collect_questions(out)
    figures = {**found.as_json(), "warnings": sentences.warnings(found.pooled)}
    blocks = list(question_blocks(found, responses))
    return _Found(blocks, figures, (headline(found),), found.created_by)


def _blocks(found: Collected, scorer: Scorer | None) -> Iterator[Block]:
    """All items; with a scorer to explain them, the worst disagreements too."""
    if found.together:
        yield from _all_items(found)
    for at, item in enumerate(found.items):
        worst = None
        if scorer is not None:
            why = reasons(scorer, item.item_id)
            worst = disagreements(found.scored[at], found.scales[at], why)
        yield from item_blocks(item, f"item-{at}", worst)


def _all_items(found: Collected) -> Iterator[Block]:
    yield Heading("All items", 1, "all")
    yield Text(sentences.headline_of_all(found.together, len(found.items)), "lead")
    header = ["item", "N", "second rater: QWK", "teacher: QWK", "student: QWK"]
    header += ["second rater: exact", "teacher: exact", "student: exact", "warnings"]
    rows = []
    for item in found.items:
        raters = (item.people, item.teacher.given, item.bundle.given)
        row = [item.item_id, str(item.responses)]
        kappas = [one.qwk if one else None for one in raters]
        row += [cell(number(kappa), kappa, QWK) for kappa in kappas]
        row += [percent(one.exact, 1) if one else "" for one in raters]
        rows.append([*row, str(len(sentences.warnings(item)))])
    yield table("Item by item", header, rows)
    header = ["scores by", "mean QWK", "lowest QWK", "mean exact", "exact over all responses"]
    header += ["ECE over all"]
    rows = []
    for line in found.together:
        kappas = [cell(number(kappa), kappa, QWK) for kappa in (line.qwk, line.lowest_qwk)]
        error = number(line.sureness.error, 3) if line.sureness else ""
        shares = percent(line.exact, 1), percent(line.all_exact, 1)
        rows.append([line.name, *kappas, *shares, error])
    yield table("Over all items", header, rows)
