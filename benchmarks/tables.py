"""The tables and pictures of the documents, generated from `results/*.json`.

    python -m benchmarks.tables

A test fails where a document differs from what this writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    agreement_tables,
    calibration_review,
    cluster_training,
    contender_tables,
    core_sizes,
    district_costs,
    everywhere,
    few_responses,
    given_confidence,
    hostile,
    kill_points,
    lora,
    odd_responses,
    page_speed,
    privacy,
    record,
    review_orders,
    semeval,
    serve_load,
    size_limits,
    speed_tables,
    stacking,
    suggest,
    summary_tables,
    teacher_agreement,
    teacher_choices,
    text_rules,
    tflite_transformer,
    training_speed,
    transformer_speed,
    two_students_instructions,
    two_students_tables,
    unscored_responses,
    wasm_speed,
)
from kd_edge.console.tables import markdown

ROOT = Path(__file__).parent.parent
DOCUMENTS = tuple(
    ROOT / folder / "README.md" for folder in ("", "kd_edge", "runtime", "benchmarks")
)

DEVICES = {"pi-64": "64-bit, cortex-a53", "pi-32": "32-bit, cortex-a7"}
_BLOCK = re.compile(
    r"(<!-- (?P<name>[\w-]+): begin \(made by python -m benchmarks\.tables\) -->\n)"
    r".*?(<!-- (?P=name): end -->)",
    re.DOTALL,
)


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
    "suggest": suggest.table,
    "unlabelled": unscored_responses.table,
    "choices": choices,
    "stacking": stacking.table,
    "device": device,
    "cuts": cuts,
    "odd": odd_responses.table,
    "semeval": semeval.table,
    "semeval-both": semeval.both,
    "semeval-sizes": semeval.sizes,
    "semeval-third": semeval.third,
    "starts": starts,
    "profile": speed_tables.profile,
    "ratios": speed_tables.ratios,
    "core": speed_tables.core,
    "core-items": speed_tables.core_items,
    "core-same": speed_tables.core_same,
    "wasm": wasm_speed.table,
    "wasm-sizes": wasm_speed.sizes,
    "page": page_speed.table,
    "everywhere": everywhere.table,
    "core-wheels": core_sizes.wheels,
    "core-microcontroller": core_sizes.microcontroller,
    "scaling": speed_tables.scaling,
    "many-items": speed_tables.many_items,
    "fleet": speed_tables.fleet,
    "cluster-training": cluster_training.table,
    "scoring-engines": speed_tables.scoring_engines,
    "few": few_responses.table,
    "hostile": hostile.table,
    "kill-points": kill_points.table,
    "lora": lora.table,
    "training-speed": training_speed.table,
    "text-rules": text_rules.real_table,
    "text-rules-made": text_rules.made_table,
    **agreement_tables.TABLES,
    **district_costs.TABLES,
    **two_students_tables.TABLES,
    **transformer_speed.TABLES,
    **tflite_transformer.TABLES,
    **two_students_instructions.TABLES,
    **contender_tables.TABLES,
    **summary_tables.TABLES,
    **teacher_agreement.TABLES,
    **teacher_choices.TABLES,
    **calibration_review.TABLES,
    **review_orders.TABLES,
    **given_confidence.TABLES,
    **size_limits.TABLES,
    **serve_load.TABLES,
    "privacy-sample": privacy.sample_table,
    "privacy": privacy.real_table,
}

PICTURES = {record.RESULTS / name: draw for name, draw in size_limits.PICTURES.items()}


def updated(document: str) -> str:
    """A document with its tables made anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}\n{match[3]}", document)


def main() -> None:
    """Writes every document whose tables have changed, and every picture that has."""
    for path, draw in PICTURES.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != draw():
            path.write_text(draw(), encoding="utf-8")
            print(path.relative_to(ROOT))
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        new = updated(text)
        if new != text:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
