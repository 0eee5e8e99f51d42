"""The table of `benchmarks.agreement --student both`: a bag, a cut transformer, and both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

from benchmarks import record
from benchmarks.items import REAL, SAMPLES
from benchmarks.items import agreement as agreement_of
from kd_edge.console.tables import markdown, short
from kd_edge.evaluation.agreement import BASELINE, FIRST, SECOND, STUDENT, TEACHER

_OF_LARGER = ("1", "9")
_SCORERS = (TEACHER, FIRST, SECOND, STUDENT, BASELINE)


def two_students(items: Mapping[str, str]) -> str:
    """QWK of teacher, of each student and of both; accuracy of both; what the second takes."""
    rows, cells = [], []
    for name, label in items.items():
        figures = record.read(f"two-students-{name}")["figures"]
        item = figures["item"]
        kappas = {who: agreement_of(item, who)["qwk"] for who in _SCORERS}
        exact = [agreement_of(item, who)["accuracy"] for who in (TEACHER, STUDENT, BASELINE)]
        second = next(line for line in item["lines"] if line["name"] == SECOND)
        rows.append(
            [
                *(kappas[who] for who in _SCORERS[:4]),
                kappas[STUDENT] / kappas[TEACHER],
                kappas[BASELINE],
                *exact,
                figures["asked"],
            ]
        )
        cells.append([label, *_cells(rows[-1]), short(second["bytes"])])
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    means[4] = means[3] / means[0]
    header = [
        "item",
        "teacher, QWK",
        "bag alone",
        "cut transformer alone",
        "**both**",
        "both / teacher",
        "bag without teacher",
        "teacher, accuracy",
        "**both**, accuracy",
        "bag without teacher, accuracy",
        "asked of the second",
        "second, bytes",
    ]
    return markdown(header, [*cells, ["mean", *_cells(means), ""]])


def again() -> str:
    """Prompt 1 as it is above, and with the fine-tuning of today; once each on the test rows."""
    rows = []
    for said, name in (("above", "two-students"), ("now", "two-students-again")):
        item = record.read(f"{name}-asap-sas-1")["figures"]["item"]
        both = [agreement_of(item, who) for who in _SCORERS]
        kappas, exact = ([f"{one[kind]:.3f}" for one in both] for kind in ("qwk", "accuracy"))
        rows.append([said, *kappas, exact[0], exact[3]])
    header = ["prompt 1", "teacher, QWK", "bag alone", "cut transformer alone", "**both**"]
    header += ["bag without teacher", "teacher, accuracy", "**both**, accuracy"]
    return markdown(header, rows)


def larger_teacher() -> str:
    """Students of two language models, from as many variants: QWK and accuracy by prompt."""
    rows = []
    for prompt, model in product(_OF_LARGER, ("all-MiniLM-L6-v2", "all-mpnet-base-v2")):
        figures = record.read(f"two-students-{model}-asap-sas-{prompt}")["figures"]
        item, seconds = figures["item"], figures["seconds"]
        each = [agreement_of(item, who) for who in _SCORERS]
        lines = {line["name"]: line for line in item["lines"]}
        rows.append(
            [
                prompt,
                model,
                short(lines[TEACHER]["parameters"]),
                *(f"{one['qwk']:.3f} / {one['accuracy']:.3f}" for one in each),
                short(lines[SECOND]["bytes"]),
                f"{seconds['teacher'] / 60:.0f} min",
            ]
        )
    header = [
        "prompt",
        "language model",
        "parameters",
        "teacher",
        "bag alone",
        "cut transformer alone",
    ]
    header += ["**both**", "bag without teacher", "second, bytes", "fine-tuning"]
    return markdown(header, rows)


def _cells(row: list[float]) -> list[str]:
    return [*(f"{figure:.3f}" for figure in row[:-1]), f"{row[-1]:.0%}"]


TABLES: dict[str, Callable[[], str]] = {
    "two-students": partial(two_students, REAL),
    "two-students-samples": partial(two_students, SAMPLES),
    "two-students-again": again,
    "larger-teacher": larger_teacher,
}
