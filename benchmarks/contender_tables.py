"""The tables of `benchmarks.contender_race`: contenders, costs of a start, the paper's table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks import record
from benchmarks.contenders.contender_list import OURS
from benchmarks.items import agreement
from kd_edge.console.tables import markdown, short
from kd_edge.evaluation.agreement import BASELINE, FIRST, TEACHER

ASAP, SAMPLE = "race-asap-sas-1", "race-sample-wool-ice"

MPNET = "two-students-all-mpnet-base-v2-asap-sas-1"
_WITHOUT = "student without teacher, plain"
_TEACHERS = {"MiniLM": "teacher (MiniLM)", "mpnet-base": "mpnet-base"}

# Latif, Fang, Ma and Zhai (2024), as their abstract has it; they do not time the teacher.
_PAPER = {
    "student, parameters": "0.03 M",
    "times fewer parameters than the teacher": "4,000",
    "times faster than the teacher in PyTorch": "not given",
    "times faster than TinyBERT": "10",
    "accuracy over the same network without teacher, points": "+3",
    "accuracy over TinyBERT, points": "+2",
}


def race(name: str) -> str:
    """Every contender, and those that are left out with the reason."""
    figures = record.read(name)["figures"]
    ours = next(one for one in figures["contenders"] if one["name"] == OURS)
    rows = [_row(one, ours) for one in figures["contenders"]]
    rows += [
        [said, *[""] * (len(_RACE) - 2), reason] for said, reason in figures["left out"].items()
    ]
    return markdown(_RACE, rows)


_RACE = [
    "contender",
    "QWK",
    "accuracy",
    "parameters",
    "bytes",
    "times ours",
    "peak memory, MiB",
    "times ours",
    "cold start",
    "times ours",
    "one response",
    "times ours",
    "quartiles",
    "responses a second, at once",
    "times fewer than ours",
    "",
]


def _row(one: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    agreement = one["test"]
    low, high = (one["one"]["ratio"][end] for end in ("low", "high"))
    return [
        f"**{one['name']}**" if one is ours else one["name"],
        f"{agreement['qwk']:.3f}" if agreement else "",
        f"{agreement['accuracy']:.3f}" if agreement else "",
        short(one["parameters"]),
        short(one["bytes"]),
        times(one["bytes"] / ours["bytes"]),
        _memory(one),
        _memory_ratio(one, ours),
        seconds(one["cold"]["seconds"]["median"]),
        times(one["cold"]["ratio"]["median"]),
        seconds(one["one"]["seconds"]["median"]),
        times(one["one"]["ratio"]["median"]),
        f"{times(low)} to {times(high)}",
        rate(1 / one["batch"]["seconds"]["median"]),
        times(one["batch"]["ratio"]["median"]),
        one["note"],
    ]


def starts(name: str) -> str:
    """The time of a process that scores one response, beside that of an import."""
    figures = record.read(name)["figures"]
    rows = [[f"`{process}`", _between(taken)] for process, taken in figures["starts"].items()]
    share = figures["start against import"]
    low, high = times(share["low"]), times(share["high"])
    rows.append(
        ["the score as a share of the import", f"{times(share['median'])} ({low} to {high})"]
    )
    return markdown(["process", "start to end"], rows)


def paper() -> str:
    """The paper's figures beside ours, with a small and a BERT-sized teacher."""
    figures = record.read(ASAP)["figures"]
    columns = [_beside(figures, teacher) for teacher in _TEACHERS.values()]
    rows = [
        [said, theirs, *(column.get(said, "") for column in columns)]
        for said, theirs in _PAPER.items()
    ]
    rows += [
        [said, "", *(column.get(said, "") for column in columns)]
        for said in columns[0]
        if said not in _PAPER
    ]
    header = ["", "Latif et al. 2024", *(f"ours, teacher {name}" for name in _TEACHERS)]
    return markdown(header, rows)


def _beside(figures: Mapping[str, Any], teacher: str) -> dict[str, str]:
    """One column of the paper's table."""
    found = {one["name"]: one for one in figures["contenders"]}
    ours, without = found[OURS], found[_WITHOUT]
    tinybert = {form: found.get(f"TinyBERT, ONNX {form}") for form in ("fp32", "int8")}
    torch = found.get(f"{teacher}, PyTorch")
    int8 = found.get(f"{teacher}, ONNX int8")
    column = {
        "student, parameters": f"{ours['parameters']:,}",
        "accuracy over the same network without teacher, points": _points(ours, without),
        "accuracy over TinyBERT, points": _points(ours, tinybert["fp32"]),
    }
    if tinybert["int8"]:
        column["times faster than TinyBERT"] = _faster(tinybert["fp32"])
        column["the same, TinyBERT in int8"] = _faster(tinybert["int8"])
    if torch:
        column["teacher, parameters"] = short(torch["parameters"])
        column["times fewer parameters than the teacher"] = times(
            torch["parameters"] / ours["parameters"]
        )
        column["times fewer bytes than the teacher"] = times(torch["bytes"] / ours["bytes"])
        column["times faster than the teacher in PyTorch"] = _faster(torch)
        column["accuracy over the teacher, points"] = _points(ours, torch)
    if int8:
        column["the same, teacher in ONNX int8"] = _faster(int8)
    if teacher != _TEACHERS["MiniLM"]:  # in the race our student is that of MiniLM
        column |= _of_mpnet(tinybert["fp32"])
    return column


def _of_mpnet(tinybert: Mapping[str, Any] | None) -> dict[str, str]:
    """The accuracies of a student that learnt from mpnet-base, and had fewer variants."""
    figures = record.read(MPNET)["figures"]
    ours, alone, teacher = (
        {"test": agreement(figures["item"], who), "note": ""} for who in (FIRST, BASELINE, TEACHER)
    )
    fewer = f", {figures['options']['variants']:,} variants"
    others: dict[str, Mapping[str, Any]] = {
        "the same network without teacher": alone,
        "the teacher": teacher,
    }
    if tinybert:
        others["TinyBERT"] = tinybert
    return {
        f"accuracy over {said}, points": _points(ours, other) + fewer
        for said, other in others.items()
    }


def _faster(one: Mapping[str, Any] | None) -> str:
    return times(one["one"]["ratio"]["median"]) if one else ""


def _points(ours: Mapping[str, Any], other: Mapping[str, Any] | None) -> str:
    if not other or not other["test"]:
        return ""
    note = f" ({other['note']})" if other["note"] else ""
    return f"{100 * (ours['test']['accuracy'] - other['test']['accuracy']):+.1f}{note}"


def _memory(one: Mapping[str, Any]) -> str:
    peak = one["peak_kib"]["one"]
    return f"{peak / 1024:.0f}" if peak else ""


def _memory_ratio(one: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    peak = one["peak_kib"]["one"]
    return times(peak / ours["peak_kib"]["one"]) if peak else ""


def _between(one: Mapping[str, float]) -> str:
    return f"{seconds(one['median'])} ({seconds(one['low'])} to {seconds(one['high'])})"


def times(ratio: float) -> str:
    """A ratio to two or three figures: 0.93, 4.1, 57, 1,240."""
    if ratio < 10:
        return f"{ratio:.2f}" if ratio < 0.995 else f"{ratio:.1f}"
    figures = 10 ** max(0, len(str(int(ratio))) - 3)
    return f"{round(ratio / figures) * figures:,}"


def rate(some: float) -> str:
    """Responses a second: 3.4, 57, 1,240."""
    return f"{some:.1f}" if some < 9.95 else f"{some:,.0f}"


def seconds(some: float) -> str:
    """A time to three figures with its unit: 25.1 µs, 3.40 ms, 1.20 s."""
    for unit, least in (("s", 1.0), ("ms", 1e-3)):
        if some >= least:
            return f"{_three(some / least)} {unit}"
    return f"{_three(some * 1e6)} µs"


def _three(number: float) -> str:
    places = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{places}f}"


TABLES: dict[str, Callable[[], str]] = {
    "race": partial(race, ASAP),
    "race-sample": partial(race, SAMPLE),
    "race-starts": partial(starts, ASAP),
    "race-starts-sample": partial(starts, SAMPLE),
    "paper": paper,
}
