"""The tables of `benchmarks.agreement` and `benchmarks.form_losses`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks import record
from benchmarks.items import REAL, SAMPLES
from benchmarks.items import agreement as agreement_of
from benchmarks.items import figures as figures_of
from kd_edge.console.tables import markdown, short
from kd_edge.evaluation.agreement import BASELINE, HUMANS, MAJORITY, STUDENT, TEACHER


def agreement() -> str:
    """QWK and accuracy of every scorer on the real items, and their means."""
    scorers = (TEACHER, STUDENT, BASELINE)
    rows = []
    for name in REAL:
        item = figures_of(name)
        kappas = [agreement_of(item, who)["qwk"] for who in (HUMANS, *scorers)]
        accuracies = [agreement_of(item, who)["accuracy"] for who in (*scorers, MAJORITY)]
        rows.append([*kappas, *accuracies])
    rows.append([sum(column) / len(rows) for column in zip(*rows, strict=True)])
    header = [
        "item",
        "second rater, QWK",
        "teacher, QWK",
        "**student**, QWK",
        "without teacher, QWK",
        "student / teacher",
        "teacher, accuracy",
        "**student**, accuracy",
        "without teacher, accuracy",
        "majority, accuracy",
    ]
    cells = [
        [label, *_three([*row[:4], row[2] / row[1], *row[4:]])]
        for label, row in zip((*REAL.values(), "mean"), rows, strict=True)
    ]
    return markdown(header, cells)


def samples() -> str:
    """QWK and accuracy on the samples, whose second rater is invented and therefore left out."""
    scorers = (TEACHER, STUDENT, BASELINE)
    rows = []
    for name, label in SAMPLES.items():
        item = figures_of(name)
        kappas = [agreement_of(item, who)["qwk"] for who in scorers]
        accuracies = [agreement_of(item, who)["accuracy"] for who in (*scorers, MAJORITY)]
        rows.append([label, *_three([*kappas, *accuracies])])
    header = [
        "sample item",
        "teacher, QWK",
        "**student**, QWK",
        "without teacher, QWK",
        "teacher, accuracy",
        "**student**, accuracy",
        "without teacher, accuracy",
        "majority, accuracy",
    ]
    return markdown(header, rows)


def teachers() -> str:
    """The student of two teachers beside that of the first of them alone."""
    rows = []
    for name in REAL:
        one, two = figures_of(name), figures_of(f"teachers-2-{name}")
        both = [agreement_of(item, who) for who in (TEACHER, STUDENT) for item in (one, two)]
        kappas = [line["qwk"] for line in both]
        accuracies = [line["accuracy"] for line in (*both, agreement_of(two, BASELINE))]
        rows.append([*kappas, *accuracies])
    rows.append([sum(column) / len(rows) for column in zip(*rows, strict=True)])
    scorers = ("one teacher", "two, averaged", "student of one", "**student of two**")
    header = [
        "item",
        *(f"{name}, QWK" for name in scorers),
        "student of two / one teacher",
        *(f"{name}, accuracy" for name in scorers),
        "without teacher, accuracy",
    ]
    cells = [
        [label, *_three([*row[:4], row[3] / row[0], *row[4:]])]
        for label, row in zip((*REAL.values(), "mean"), rows, strict=True)
    ]
    return markdown(header, cells)


def sizes(items: Mapping[str, str]) -> str:
    """The size of teacher and student, item by item."""
    rows = []
    for name, label in items.items():
        size = figures_of(name)["sizes"]
        rows.append(
            [
                label,
                short(size["teacher_parameters"]),
                f"{size['student_parameters']:,}",
                short(size["teacher_bytes"]),
                f"{size['plain_bytes']:,}",
                f"{size['bundle_bytes']:,}",
                f"{size['teacher_bytes'] / size['plain_bytes']:,.0f}",
                f"{size['teacher_bytes'] / size['bundle_bytes']:,.0f}",
            ]
        )
    header = [
        "item",
        "teacher, parameters",
        "student, parameters",
        "teacher, bytes",
        "student, bytes a device reads",
        "whole bundle, bytes",
        "times smaller, device",
        "times smaller, bundle",
    ]
    return markdown(header, rows)


def forms(items: Mapping[str, str]) -> str:
    """The size of each exported form and its differences from PyTorch, item by item."""
    measured = record.read("forms")["figures"]
    rows = []
    for name, label in items.items():
        if name not in measured:
            continue
        floats = measured[name]["trained in floats"]["forms"]
        for form, figures in measured[name]["as trained"]["forms"].items():
            rows.append(
                [
                    label,
                    form,
                    f"{figures['bytes']:,}",
                    f"{figures['greatest']:.1e}",
                    f"{figures['equal, held out']:.1%}",
                    f"{figures['qwk change, held out']:+.4f}",
                    f"{figures['qwk change, test']:+.4f}",
                    f"{floats[form]['equal, held out']:.1%}",
                    f"{floats[form]['qwk change, held out']:+.4f}",
                    f"{floats[form]['qwk change, test']:+.4f}",
                ]
            )
    header = [
        "item",
        "form",
        "bytes",
        "greatest difference",
        "equal classes, held out",
        "QWK change, held out",
        "QWK change, test",
        "trained in floats: equal classes",
        "QWK change, held out",
        "QWK change, test",
    ]
    return markdown(header, rows)


def _three(figures: list[float]) -> list[str]:
    return [f"{figure:.3f}" for figure in figures]


TABLES: dict[str, Callable[[], str]] = {
    "agreement": agreement,
    "agreement-samples": samples,
    "teachers": teachers,
    "sizes": partial(sizes, REAL),
    "sizes-samples": partial(sizes, SAMPLES),
    "forms": partial(forms, REAL),
    "forms-samples": partial(forms, SAMPLES),
}
