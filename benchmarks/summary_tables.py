"""The tables of README.md, in words that schools use, the sentence on a Pi, and the glossary."""

from __future__ import annotations

import io
from collections.abc import Callable
from textwrap import fill
from typing import Any

from rich.console import Console

from benchmarks import record
from benchmarks.contender_tables import ASAP, MPNET, rate, seconds, times
from benchmarks.contenders.contender_list import OURS
from benchmarks.items import REAL, agreement, figures
from kd_edge.console.tables import markdown, short
from kd_edge.evaluation.agreement import (
    BASELINE,
    HUMANS,
    MAJORITY,
    STUDENT,
    TEACHER,
    Line,
    Sizes,
)
from kd_edge.evaluation.metrics import Agreement
from kd_edge.evaluation.tables import figures_table, smaller
from kd_edge.report.page.glossary import TERMS

_RACERS = {
    OURS: "**small model**, plain Python",
    "student, ONNX Runtime": "the same in ONNX Runtime",
    "fastText": "fastText",
    "TF-IDF, logistic regression": "TF-IDF and logistic regression",
    "TinyBERT, ONNX int8": "TinyBERT's architecture, int8",
    "teacher (MiniLM), ONNX int8": "large model (MiniLM), int8",
    "teacher (MiniLM), PyTorch": "large model (MiniLM), PyTorch",
    "mpnet-base, PyTorch": "a BERT-sized model, PyTorch",
}


def results() -> str:
    """Agreement with people on real test responses: QWK, then exact agreement."""
    rows = []
    for name in REAL:
        item = figures(name)
        both = agreement(record.read(f"two-students-{name}")["figures"]["item"], STUDENT)
        kappas = [agreement(item, who)["qwk"] for who in (HUMANS, TEACHER, STUDENT, BASELINE)]
        kappas.insert(3, both["qwk"])
        exact = [agreement(item, who)["accuracy"] for who in (TEACHER, STUDENT, BASELINE, MAJORITY)]
        exact.insert(2, both["accuracy"])
        rows.append([agreement(item, STUDENT)["responses"], *kappas, *exact])
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    header = [
        "item",
        "responses",
        "QWK: second rater",
        "large model",
        "**small model**",
        "**two small models**",
        "small model alone",
        "exact: large model",
        "**small model**",
        "**two small models**",
        "small model alone",
        "most frequent",
    ]
    cells = [
        [label, str(row[0]), *_two(row[1:])] for label, row in zip(REAL.values(), rows, strict=True)
    ]
    return markdown(header, [*cells, ["mean", "", *_two(means[1:])]])


def _two(row: list[float]) -> list[str]:
    return [*(f"{kappa:.2f}" for kappa in row[:5]), *(f"{share:.0%}" for share in row[5:])]


def speed() -> str:
    """Size and speed of our small model and of what else could score, in one run."""
    contenders = {one["name"]: one for one in record.read(ASAP)["figures"]["contenders"]}
    rows = [_speed_row(label, contenders[name]) for name, label in _RACERS.items()]
    header = [
        "scorer",
        "QWK",
        "bytes",
        "memory, MiB",
        "first score",
        "one response",
        "times as long",
        "responses a second",
    ]
    return markdown(header, rows)


def _speed_row(label: str, contender: dict[str, Any]) -> list[str]:
    # Of mpnet-base the race measures size and speed alone, and another run its agreement.
    test = contender["test"] or agreement(record.read(MPNET)["figures"]["item"], TEACHER)
    return [
        label,
        f"{test['qwk']:.2f}",
        short(contender["bytes"]),
        f"{contender['peak_kib']['one'] / 1024:.0f}",
        seconds(contender["cold"]["seconds"]["median"]),
        seconds(contender["one"]["seconds"]["median"]),
        times(contender["one"]["ratio"]["median"]),
        rate(1 / contender["batch"]["seconds"]["median"]),
    ]


def raspberry_pi() -> str:
    """What a score costs a Raspberry Pi 3 in plain Python, as a sentence."""
    measured = record.read("device")["figures"]
    assumed = measured["assumed"]
    row = next(
        row for row in measured["rows"] if (row["device"], row["backend"]) == ("pi-64", "plain")
    )
    a_second = assumed["hertz"]["pi-64"] * assumed["instructions_per_cycle"]
    cold, warm = row["cold"] / a_second, row["warm"] / a_second * 1e3
    return (
        f"On a Raspberry Pi 3 the small model needs an estimated {cold:.1f} s from start to first\n"
        f"score and {warm:.1f} ms for each further response: counted instructions, not measured."
    )


def terminal() -> str:
    """How `kd-edge run` ends for a sample item, from the recorded run."""
    item = figures("sample-wool-ice")
    lines = [
        Line(**{**line, "agreement": Agreement(**line["agreement"])})
        for line in item["lines"]
        if line["name"] != HUMANS  # invented
    ]
    title = f"Item 'wool-ice': agreement with people's scores on {item['rows']['test']} responses"
    console = Console(width=80, file=io.StringIO(), color_system=None)
    with console.capture() as printed:
        console.print(figures_table(title, lines))
    shown = "\n".join(line.rstrip() for line in printed.get().strip().splitlines())
    sizes = smaller(Sizes(**item["sizes"]))
    return f"```text\n{shown}\n\n{fill(sizes, 80)}\n```"


def glossary() -> str:
    """The terms that reports explain."""
    return "\n".join(f"- **{term}**: {text}" for term, text in TERMS.items())


TABLES: dict[str, Callable[[], str]] = {
    "glossary": glossary,
    "terminal": terminal,
    "results": results,
    "speed": speed,
    "raspberry-pi": raspberry_pi,
}
