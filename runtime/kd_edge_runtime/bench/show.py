"""A bench for people: tables, or a row of Markdown to paste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kd_edge_runtime.bench.worker import BATCHES

_UNKNOWN = "unknown"
_Doc = Mapping[str, Any]


def table(doc: _Doc) -> Iterator[str]:
    """The lines of what `bench` prints."""
    bundle, texts, machine = doc["bundle"], doc["texts"], doc["machine"]
    yield (
        f"{bundle['file']}: {bundle['bytes']:,} bytes; item '{bundle['item_id']}' "
        f"(1 of {bundle['items']}): {bundle['student']}, {bundle['parameters']:,} parameters"
    )
    for name, form in bundle["forms"].items():
        yield f"  {name}: {form['bytes']:,} bytes, {form['packed']:,} in the bundle"
    yield f"{place(machine)}, {machine['cores']} of {machine['cores_there']} cores"
    yield f"{machine['system']}, Python {machine['python']}"
    yield f"before: {_state(doc['before'])}"
    yield f"after:  {_state(doc['after'])}"
    yield (
        f"texts: {texts['number']} {texts['source']}, {texts['labelled']} of them scored by "
        f"people; median {texts['words']['p50']} words; threads: {doc['threads']}"
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
    if doc["fastest"]:
        yield f"fastest: {doc['fastest']}"
    if compared := {row["name"]: _ratios(row["ratios"]) for row in rows if row["ratios"]}:
        yield ""
        yield from _aligned(
            [
                *(f"{doc['fastest']}, times", "faster", "in batches", "smaller", "less memory"),
                *("sooner ready", "QWK"),
            ],
            compared,
        )
    if doc["sustained"]:
        yield ""
        yield _sustained(doc["sustained"])


def markdown(doc: _Doc) -> Iterator[str]:
    """A header, and a row for the fastest and for each model that it was raced against."""
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
                *(span(latency[one]) for one in ("p50", "p90", "p99")),
                _whole(max((one["per_s"] for one in row["throughput"]), default=None)),
                *(_mib(row["rss_peak_kib"]), _golden(row), quality[0], quality[2]),
                _times((row["ratios"] or {}).get("faster")),
            ]
        )


def place(machine: Mapping[str, Any]) -> str:
    """What a machine is called: the board or computer, and its processor."""
    names = [machine["device"], machine["cpu"] or machine["architecture"]]
    return ", ".join(dict.fromkeys(filter(None, names)))


def span(seconds: float) -> str:
    """A time, e.g. "21.4 us"."""
    unit, size = next(
        (one for one in (("s", 1.0), ("ms", 1e-3)) if seconds >= one[1]), ("us", 1e-6)
    )
    number = seconds / size
    return f"{number:.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"


def _start(row: _Doc) -> list[str]:
    laps = [span(row[name]) for name in ("start_s", "import_s", "load_s", "first_s")]
    return [*laps[1:], _mib(row["rss_peak_kib"]), f"{row['bytes']:,} B"]


def _latency(row: _Doc) -> list[str]:
    one = row["latency"]
    spread = _UNKNOWN if one["spread"] is None else f"{one['spread']:.1%}"
    return [
        *(span(one[name]) for name in ("p50", "p90", "p99", "max")),
        f"{one['n']:,}",
        spread + ("" if one["stable"] else " (unstable)"),
        span(row["new_text_p50_s"]),
    ]


def _rates(row: _Doc) -> list[str]:
    by_size = {one["batch"]: one["per_s"] for one in row["throughput"]}
    return [_whole(by_size.get(size), "too slow") for size in BATCHES]


def _golden(row: _Doc) -> str:
    one = row.get("golden")
    if not one:
        return ""
    told = f"off by {one['greatest']:.0e}, {one['classes_differ']} classes differ"
    return f"WRONG: {told}" if one["wrong"] else told


def _quality(row: _Doc) -> list[str]:
    one = row.get("quality")
    if not one:
        return ["", "", ""]
    return [f"{one['accuracy']:.3f}", f"{one['macro_f1']:.3f}", f"{one['qwk']:.3f}"]


def _ratios(found: Mapping[str, float | None]) -> list[str]:
    names = ("faster", "throughput", "smaller", "memory", "start")
    more = found["qwk_more"]
    return [*(_times(found[name]) for name in names), "" if more is None else f"{more:+.3f}"]


def _sustained(found: _Doc) -> str:
    if found["why"]:
        return f"sustained: {found['name']} {found['why']}"
    hottest = found["hottest"]
    return (
        f"sustained: {found['name']} for {found['seconds']:.0f} s, "
        f"{found['first_per_s']:,.0f} responses a second at first, {found['last_per_s']:,.0f} at "
        f"last ({found['last_to_first']:.2f} times), {found['slowest_per_s']:,.0f} at the slowest; "
        f"hottest {_UNKNOWN if hottest is None else f'{hottest:.1f} C'}"
    )


def _state(state: _Doc) -> str:
    told = {
        "governor": state["governor"],
        "MHz": state["mhz"],
        "C": state["celsius"],
        "throttled": state["throttled"],
        "load": state["load"],
    }
    return ", ".join(f"{name} {_UNKNOWN if one is None else one}" for name, one in told.items())


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
        told = "  ".join(map(str.rjust, cells, widths[1:]))
        yield f"{first:<{widths[0]}}  {told}".rstrip()


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
