"""The results of a bench as text: tables, or a Markdown table to paste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kd_edge_runtime.bench.worker import BATCHES

_UNKNOWN = "unknown"
_Doc = Mapping[str, Any]


def table(doc: _Doc) -> Iterator[str]:
    """The lines that `bench` prints."""
    bundle, texts, machine = doc["bundle"], doc["texts"], doc["machine"]
    yield (
        f"{bundle['file']}: {bundle['bytes']:,} bytes; item '{bundle['item_id']}' "
        f"(1 of {bundle['items']}): {bundle['student']}, {bundle['parameters']:,} parameters"
    )
    for name, form in bundle["forms"].items():
        yield f"  {name}: {form['bytes']:,} bytes, {form['packed']:,} in the bundle"
    if second := bundle.get("second"):
        why = f"; not measured: {second['why']}" if second["why"] else ""
        yield f"second: {second['student']}, {second['parameters']:,} parameters{why}"
    yield f"{place(machine)}, {machine['cores']} of {machine['cores_there']} cores"
    yield f"{machine['system']}, Python {machine['python']}"
    yield f"before: {_state(doc['before'])}"
    yield f"after:  {_state(doc['after'])}"
    yield (
        f"texts: {texts['number']} {texts['source']}, {texts['labelled']} of them scored by "
        f"people{_only_test(texts)}; "
        f"median {texts['words']['p50']} words; threads: {doc['threads']}"
    )
    rows = [row for row in doc["rows"] if "latency" in row]
    yield ""
    yield from _aligned(
        ["start", "import", "load", "first", "peak memory", "reads"],
        {row["name"]: _start(row) for row in rows},
    )
    yield ""
    yield from _aligned(
        ["one response", "p50", "p90", "p99", "max", "n", "spread", "new text"],
        {row["name"]: _latency(row) for row in rows},
    )
    yield ""
    yield from _aligned(
        ["responses a second, in batches of", *map(str, BATCHES)],
        {row["name"]: _rates(row) for row in rows},
    )
    yield ""
    yield from _aligned(
        ["quality", "golden rows", "accuracy", "macro F1", "QWK"],
        {row["name"]: [_golden(row), *_quality(row)] for row in rows},
    )
    yield ""
    for row in doc["rows"]:
        if row["why"]:
            yield f"{row['name']}: {row['state']} ({row['why']})"
    yield from _two(rows)
    if doc["fastest"]:
        yield f"fastest: {doc['fastest']}"
    if comparison := {row["name"]: _ratios(row["ratios"]) for row in rows if row["ratios"]}:
        yield ""
        yield from _aligned(
            [
                *(f"{doc['fastest']}, times", "faster", "in batches", "smaller", "less memory"),
                *("sooner ready", "QWK"),
            ],
            comparison,
        )
    if doc["sustained"]:
        yield ""
        yield _sustained(doc["sustained"])


def _two(rows: Sequence[_Doc]) -> Iterator[str]:
    """What both students of an item take together: a mean, as only some go to the second."""
    for row in rows:
        if row.get("role") == "both":
            mean = 1 / next(one["per_s"] for one in row["throughput"] if one["batch"] == 1)
            yield (
                f"{row['name']}: {span(mean)} for a response in the mean; the second is asked "
                f"about {row['asked']:.0%} of the texts"
            )


def _only_test(texts: Mapping[str, Any]) -> str:
    split = texts.get("split")
    return f" (the test rows alone, by the column '{split}')" if split else ""


def markdown(doc: _Doc) -> Iterator[str]:
    """A header, a row for the fastest backend, and a row for each model it was compared with."""
    columns = (
        *("device", "system", "Python", "bundle", "ran", "parameters", "bytes", "start"),
        *("p50", "p90", "p99", "responses/s", "memory", "golden rows", "accuracy", "QWK"),
        "times faster",
    )
    yield _cells(columns)
    yield _cells(["---"] * len(columns))
    machine = doc["machine"]
    for row in doc["rows"]:
        if "latency" not in row or (row["own"] and row["name"] != doc["fastest"]):
            continue
        latency, quality = row["latency"], _quality(row)
        yield _cells(
            [
                *(place(machine), machine["system"], machine["python"], doc["bundle"]["file"]),
                *(row["name"], _whole(row["parameters"]), _whole(row["bytes"])),
                span(row["start_s"]),
                *(span(latency[name]) for name in ("p50", "p90", "p99")),
                _whole(max((batch["per_s"] for batch in row["throughput"]), default=None)),
                *(_mib(row["rss_peak_kib"]), _golden(row), quality[0], quality[2]),
                _times((row["ratios"] or {}).get("faster")),
            ]
        )


def place(machine: Mapping[str, Any]) -> str:
    """A description of a machine: the board or computer, and its processor."""
    names = [machine["device"], machine["cpu"] or machine["architecture"]]
    return ", ".join(dict.fromkeys(filter(None, names)))


def span(seconds: float) -> str:
    """A time, e.g. "21.4 us"."""
    units = (("s", 1.0), ("ms", 1e-3))
    unit, size = next((entry for entry in units if seconds >= entry[1]), ("us", 1e-6))
    number = seconds / size
    return f"{number:.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"


def _start(row: _Doc) -> list[str]:
    laps = [span(row[name]) for name in ("start_s", "import_s", "load_s", "first_s")]
    return [*laps[1:], _mib(row["rss_peak_kib"]), f"{row['bytes']:,} B"]


def _latency(row: _Doc) -> list[str]:
    latency = row["latency"]
    spread = _UNKNOWN if latency["spread"] is None else f"{latency['spread']:.1%}"
    return [
        *(span(latency[name]) for name in ("p50", "p90", "p99", "max")),
        f"{latency['n']:,}",
        spread + ("" if latency["stable"] else " (unstable)"),
        span(row["new_text_p50_s"]),
    ]


def _rates(row: _Doc) -> list[str]:
    by_size = {batch["batch"]: batch["per_s"] for batch in row["throughput"]}
    return [_whole(by_size.get(size), "too slow") for size in BATCHES]


def _golden(row: _Doc) -> str:
    golden = row.get("golden")
    if not golden:
        return ""
    text = f"off by {golden['greatest']:.0e}, {golden['classes_differ']} classes differ"
    return f"WRONG: {text}" if golden["wrong"] else text


def _quality(row: _Doc) -> list[str]:
    quality = row.get("quality")
    if not quality:
        return ["", "", ""]
    return [f"{quality[name]:.3f}" for name in ("accuracy", "macro_f1", "qwk")]


def _ratios(ratios: Mapping[str, float | None]) -> list[str]:
    names = ("faster", "throughput", "smaller", "memory", "start")
    gain = ratios["qwk_more"]
    return [*(_times(ratios[name]) for name in names), "" if gain is None else f"{gain:+.3f}"]


def _sustained(sustained: _Doc) -> str:
    if sustained["why"]:
        return f"sustained: {sustained['name']} {sustained['why']}"
    hottest = sustained["hottest"]
    return (
        f"sustained: {sustained['name']} for {sustained['seconds']:.0f} s, "
        f"{sustained['first_per_s']:,.0f} responses a second at first, "
        f"{sustained['last_per_s']:,.0f} at the end ({sustained['last_to_first']:.2f} times), "
        f"{sustained['slowest_per_s']:,.0f} at the slowest"
        + ("" if hottest is None else f"; at most {hottest:.1f} °C")
    )


def _state(state: _Doc) -> str:
    """What is known about the machine's state; what the system does not report is left out."""
    templates = {
        "governor": "governor {}",
        "mhz": "{} MHz",
        "celsius": "{} °C",
        "throttled": "throttled: {}",
        "load": "load {}",
    }
    known = [text.format(state[key]) for key, text in templates.items() if state[key] is not None]
    return ", ".join(known) or "-"


def _whole(number: float | None, unknown: str = _UNKNOWN) -> str:
    return unknown if number is None else f"{number:,.0f}"


def _times(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _mib(kib: int | None) -> str:
    return _UNKNOWN if kib is None else f"{kib / 1024:.1f} MiB"


def _aligned(header: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    lines = [[*header], *([name, *cells] for name, cells in rows.items())]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for first, *cells in lines:
        rest = "  ".join(map(str.rjust, cells, widths[1:]))
        yield f"{first:<{widths[0]}}  {rest}".rstrip()


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
