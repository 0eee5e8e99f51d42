"""The tables in README.md and benchmarks/README.md, made from `results/*.json`.

    python -m benchmarks.tables

A test fails where a document differs from what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import contender_tables, few, odd, record, semeval, speed_tables, trust, unlabelled
from kd_edge.console.tables import markdown, short
from kd_edge.evaluation.agreement import BASELINE, HUMANS, MAJORITY, STUDENT, TEACHER

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "benchmarks" / "README.md")

ITEMS = {
    "asap-sas-1": "ASAP-SAS 1 (science)",
    "asap-sas-2": "ASAP-SAS 2 (science)",
    "asap-sas-3": "ASAP-SAS 3 (reading)",
    "asap-sas-5": "ASAP-SAS 5 (biology)",
    "asap-sas-7": "ASAP-SAS 7 (reading)",
    "asap-sas-9": "ASAP-SAS 9 (reading)",
    "sample-wool-ice": "sample: wool-ice",
    "sample-pond-web": "sample: pond-web",
    "sample-percent-back": "sample: percent-back",
}
_PROMPTS = sum(name.startswith("asap") for name in ITEMS)
# Columns of `agreement`, counted without the item's.
_TEACHERS, _OWN, _SHARE = 1, 2, 4
DEVICES = {"pi-64": "64-bit, cortex-a53", "pi-32": "32-bit, cortex-a7"}
_BLOCK = re.compile(
    r"(<!-- (?P<name>[\w-]+): begin \(made by python -m benchmarks\.tables\) -->\n)"
    r".*?(<!-- (?P=name): end -->)",
    re.DOTALL,
)


def agreement() -> str:
    """QWK and accuracy of every scorer, item by item."""
    scorers = (TEACHER, STUDENT, BASELINE)
    found = []
    for name in ITEMS:
        item = _item(name)
        kappa = [_line(item, who)["qwk"] for who in (HUMANS, *scorers)]
        right = [_line(item, who)["accuracy"] for who in (*scorers, MAJORITY)]
        found.append([*kappa, kappa[_OWN] / kappa[_TEACHERS], *right])
    means = _means(found[:_PROMPTS])
    means[_SHARE] = means[_OWN] / means[_TEACHERS]
    rows = [[said, *_cells(one)] for said, one in zip(ITEMS.values(), found, strict=True)]
    rows.insert(_PROMPTS, ["mean of ASAP-SAS", *_cells(means)])
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
    return markdown(header, rows)


def _means(rows: list[list[float]]) -> list[float]:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def _cells(figures: list[float]) -> list[str]:
    return [f"{figure:.3f}" for figure in figures]


def teachers() -> str:
    """What a student of two teachers gains over that of the first of them alone."""
    names = [name for name in ITEMS if name.startswith("asap")]
    found = []
    for name in names:
        one, two = _item(name), _item(f"teachers-2-{name}")
        both = [_line(item, who) for who in (TEACHER, STUDENT) for item in (one, two)]
        kappa = [line["qwk"] for line in both]
        right = [line["accuracy"] for line in (*both, _line(two, BASELINE))]
        found.append([*kappa, kappa[3] / kappa[0], *right])
    means = _means(found)
    means[4] = means[3] / means[0]
    rows = [[ITEMS[name], *_cells(one)] for name, one in zip(names, found, strict=True)]
    rows.append(["mean", *_cells(means)])
    who = ("one teacher", "two, averaged", "student of one", "**student of two**")
    header = [
        "item",
        *(f"{one}, QWK" for one in who),
        "student of two / one teacher",
        *(f"{one}, accuracy" for one in who),
        "without teacher, accuracy",
    ]
    return markdown(header, rows)


def sizes() -> str:
    """What teacher and student take, item by item."""
    rows = []
    for name, said in ITEMS.items():
        item = _item(name)
        size = item["sizes"]
        rows.append(
            [
                said,
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


def choices() -> str:
    """One choice changed at a time, on validation rows."""
    prompts = record.read("choices")["figures"]
    names = [name for name in next(iter(prompts.values())) if name not in ("held out", "teacher")]
    rows = []
    for name in names:
        row = [name]
        for figures in prompts.values():
            one = figures[name]
            row += [f"{one['qwk']:.3f}", f"{one['qwk_spread']:.3f}", f"{one['divergence']:.3f}"]
        rows.append(row)
    header = ["changed"]
    for prompt in prompts:
        header += [f"prompt {prompt}: QWK", "spread", "divergence from teacher"]
    return markdown(header, rows)


def forms() -> str:
    """What each form takes and loses, item by item."""
    rows = []
    for name, item in record.read("forms")["figures"].items():
        said = ITEMS[name]
        floats = item["trained in floats"]["forms"]
        for form, one in item["as trained"]["forms"].items():
            rows.append(
                [
                    said,
                    form,
                    f"{one['bytes']:,}",
                    f"{one['greatest']:.1e}",
                    f"{one['equal, held out']:.1%}",
                    f"{one['qwk change, held out']:+.4f}",
                    f"{one['qwk change, test']:+.4f}",
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


def smaller() -> str:
    """The most accurate student for a size."""
    figures = record.read("smaller-asap-sas-1")["figures"]
    rows = []
    for limit, found in figures.items():
        chosen, test = found["chosen"], found["test"]
        rows.append(
            [
                f"{int(limit) // 1000} KB",
                f"{chosen['bytes']:,}",
                f"{chosen['ngrams']:,}",
                str(chosen["dimensions"]),
                str(chosen["bits"]),
                f"{chosen['parameters']:,}",
                f"{chosen['qwk']:.3f}",
                f"{test['student']['qwk']:.3f}",
                f"{test['without teacher']['qwk']:.3f}",
            ]
        )
    header = [
        "at most",
        "bundle, bytes",
        "n-grams",
        "dimensions",
        "bits",
        "parameters",
        "QWK, held out",
        "QWK, test",
        "without teacher, test",
    ]
    return markdown(header, rows)


def device() -> str:
    """What a score costs an emulated Raspberry Pi, backend by backend."""
    figures = record.read("device")["figures"]
    names = {"plain": "plain Python", "onnx": "ONNX Runtime"}
    assumed = figures["assumed"]
    rows = []
    for one in figures["rows"]:
        peak = figures["peak_kib"].get(one["backend"]) if one["device"] == "pi-64" else None
        second = assumed["hertz"][one["device"]] * assumed["instructions_per_cycle"]
        rows.append(
            [
                DEVICES[one["device"]],
                names.get(one["backend"], one["backend"]),
                f"{one['cold'] / 1e6:.1f}",
                f"{one['cold'] / second:.2f}",
                f"{one['warm'] / 1e3:.0f}",
                f"{one['warm'] / second * 1e3:.2f}",
                f"{peak / 1024:.1f}" if peak else "",
            ]
        )
    header = [
        "device",
        "backend",
        "cold, million instructions",
        "estimate, s",
        "one more, thousand instructions",
        "estimate, ms",
        "peak memory, MiB (x86-64)",
    ]
    return markdown(header, rows)


def starts() -> str:
    """What a start takes, in millions of instructions."""
    figures = record.read("device")["figures"]["starts"]
    rows = [
        [DEVICES[kind], *(f"{count / 1e6:.1f}" for count in counts.values())]
        for kind, counts in figures.items()
    ]
    header = [
        "device",
        "Python starts and ends",
        "and imports click",
        "`kd-edge score`, plain call",
        "the same through click",
    ]
    return markdown(header, rows)


def cuts() -> str:
    """Power cuts and refusals, by what they met."""
    names = ("steps", "killed", "torn", "lost", "refused", "distinct", "devices lost")
    found = record.read("cuts")["figures"]
    rows = [[said, *(f"{one[name]:,}" for name in names)] for said, one in found.items()]
    rows.append(["all", *(f"{sum(one[name] for one in found.values()):,}" for name in names)])
    header = [
        "what was cut",
        "steps",
        "killed before a step",
        "killed in a write",
        "states after lost power",
        "refusals",
        "different states checked",
        "devices lost",
    ]
    return markdown(header, rows)


TABLES: dict[str, Callable[[], str]] = {
    "agreement": agreement,
    "teachers": teachers,
    "unlabelled": unlabelled.table,
    "sizes": sizes,
    "choices": choices,
    "device": device,
    "forms": forms,
    "smaller": smaller,
    "cuts": cuts,
    "odd": odd.table,
    "semeval": semeval.table,
    "semeval-sizes": semeval.sizes,
    "starts": starts,
    "profile": speed_tables.profile,
    "ratios": speed_tables.ratios,
    "scaling": speed_tables.scaling,
    "few": few.table,
    "trust": trust.table,
    "peers": trust.peers,
    **contender_tables.TABLES,
}


def updated(document: str) -> str:
    """A document with its tables made anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}\n{match[3]}", document)


def _item(name: str) -> dict[str, Any]:
    return record.read(f"agreement-{name}")["figures"]["item"]


def _line(item: dict[str, Any], who: str) -> dict[str, Any]:
    return next((line["agreement"] for line in item["lines"] if line["name"] == who), {})


def main() -> None:
    """Writes every document whose tables have changed."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        new = updated(text)
        if new != text:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
