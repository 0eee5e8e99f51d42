"""The tables in README.md and benchmarks/README.md, made from `results/*.json`.

    python -m benchmarks.tables

A test fails where a document differs from what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import record
from kd_edge.evaluation import BASELINE, HUMANS, MAJORITY, STUDENT, TEACHER
from kd_edge.tables import markdown, short

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "benchmarks" / "README.md")

ITEMS = {
    "asap-sas-1": "ASAP-SAS 1 (science)",
    "asap-sas-5": "ASAP-SAS 5 (biology)",
    "sample-wool-ice": "sample: wool-ice",
    "sample-pond-web": "sample: pond-web",
    "sample-percent-back": "sample: percent-back",
}
_BLOCK = re.compile(
    r"(<!-- (?P<name>[\w-]+): begin \(made by python -m benchmarks\.tables\) -->\n)"
    r".*?(<!-- (?P=name): end -->)",
    re.DOTALL,
)


def agreement() -> str:
    """QWK and accuracy of every scorer, item by item, and the student's size."""
    rows = []
    for name, said in ITEMS.items():
        item = _item(name)
        kappa = [f"{_line(item, who)['qwk']:.3f}" for who in (TEACHER, STUDENT, BASELINE)]
        right = [f"{_line(item, who)['accuracy']:.3f}" for who in (TEACHER, STUDENT, BASELINE)]
        human = _line(item, HUMANS)
        rows.append(
            [
                said,
                f"{human['qwk']:.3f}" if human else "",
                *kappa,
                f"{_share(item):.3f}",
                *right,
                f"{_line(item, MAJORITY)['accuracy']:.3f}",
            ]
        )
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
        "bundle with all forms, bytes",
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


TABLES: dict[str, Callable[[], str]] = {
    "agreement": agreement,
    "sizes": sizes,
    "choices": choices,
}


def updated(document: str) -> str:
    """A document with its tables made anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}\n{match[3]}", document)


def _item(name: str) -> dict[str, Any]:
    return record.read(f"agreement-{name}")["figures"]["item"]


def _line(item: dict[str, Any], who: str) -> dict[str, Any]:
    return next((line["agreement"] for line in item["lines"] if line["name"] == who), {})


def _share(item: dict[str, Any]) -> float:
    return _line(item, STUDENT)["qwk"] / _line(item, TEACHER)["qwk"]


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
