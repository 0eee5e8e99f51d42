"""The tables and the plot of `benchmarks.scoring_speed` and `benchmarks.cost_scaling`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import record
from kd_edge.console.tables import markdown, short

_GROWS = {
    "words": "words in the response",
    "rows": "rows of the file",
    "items": "items in the bundle",
    "parameters": "parameters of the student",
}


def profile() -> str:
    """Where the time of one response goes."""
    figures = record.read("speed")["figures"]
    whole = sum(figures["profile"].values())
    rows = [
        [step, f"{part:.1f}", f"{part / whole:.0%}"] for step, part in figures["profile"].items()
    ]
    return markdown(["step", "microseconds", "share"], [*rows, ["all", f"{whole:.1f}", ""]])


def ratios() -> str:
    """What was compared in one run, as ratios: below 1 is in our favour."""
    figures = record.read("speed")["figures"]
    start, table = figures["start"], figures["table"]
    rows = [
        [
            "`kd-edge score` of one response / ONNX Runtime's import",
            start["score"],
            start["onnxruntime"],
        ],
        ["a response of a CSV / of a list in memory", table["csv"], table["memory"]],
    ]
    if before := figures["before"]:
        now = figures["total"]
        rows += [
            ["one response / before", now["one"], before["one"]],
            ["one of the first 60 of a process / before", now["first"], before["first"]],
            ["10,000 at once / before", now["many"], before["many"]],
        ]
    if race := figures["fasttext"]:
        for name in race["one"]:
            if name != "ours":
                rows += [
                    [
                        f"one response / fastText `.ftz`, {name}",
                        race["one"]["ours"],
                        race["one"][name],
                    ],
                    [
                        f"10,000 at once / fastText `.ftz`, {name}",
                        race["many"]["ours"],
                        race["many"][name],
                    ],
                ]
    return markdown(["ours / other", "ratio"], [[said, f"{a / b:.2f}"] for said, a, b in rows])


def core() -> str:
    """The core beside fastText and plain Python, as ratios: below 1 is in its favour."""
    figures = record.read("core")["figures"]
    kinds = [name for name in figures if name.startswith("rules")]
    names = {
        "one": "one response",
        "batch": f"{figures['responses']:,} at once",
        "many": "100,000 at once",
        "new words": "1,000 of random letters, all words new",
    }
    others = {
        "10 dimensions": "fastText `.ftz`, 10 dimensions",
        "100 dimensions": "fastText `.ftz`, 100 dimensions",
        "plain": "plain Python",
    }
    rows = []
    for part, said in names.items():
        for other, called in others.items():
            races = [figures[kind]["race"][part] for kind in kinds]
            if all(other in race for race in races):
                ratios = [f"{race['core'] / race[other]:.2f}" for race in races]
                rows.append([f"{said} / {called}", *ratios])
    tables = [figures[kind]["csv"] for kind in kinds]
    shares = [f"{table['core']['row'] / table['plain']['row']:.2f}" for table in tables]
    rows.append(["a row of a CSV / plain Python", *shares])
    return markdown(["core / other", *(f"text {kind}" for kind in kinds)], rows)


def core_items() -> str:
    """A table over 500 items by the core and by plain Python: seconds and memory."""
    rows = []
    for order, one in record.read("core")["figures"]["items"].items():
        core_, plain = one["core"], one["plain"]
        seconds = core_["processor"], plain["processor"]
        rows.append(
            [
                order,
                *(f"{number:.2f}" for number in seconds),
                f"{seconds[0] / seconds[1]:.2f}",
                *(f"{backend['mib']:.0f}" for backend in (core_, plain)),
            ]
        )
    header = ["items in the table", "core, s", "plain Python, s", "core / plain", "core, MiB"]
    return markdown([*header, "plain Python, MiB"], rows)


def core_same() -> str:
    """Texts scored by the core and by plain Python, and how many differ in any bit."""
    figures = record.read("core")["figures"]
    compared = {
        f"text {kind}, random weights": one["same"]
        for kind, one in figures.items()
        if kind.startswith("rules")
    }
    compared |= {f"`{name}`": one for name, one in figures["bundles"].items()}
    rows = [[name, f"{one['texts']:,}", str(one["differ"])] for name, one in compared.items()]
    return markdown(["bundle", "texts", "differ"], rows)


def scaling() -> str:
    """Each cost at the smallest and the largest size, and its exponent."""
    rows = []
    for name, one in record.read("scaling")["figures"].items():
        first, last = one["points"][0], one["points"][-1]
        for cost, exponent in one["exponents"].items():
            rows.append(
                [
                    f"{_GROWS[name]}, {short(first[name])} to {short(last[name])}",
                    cost,
                    _number(first[cost]),
                    _number(last[cost]),
                    f"{exponent:.2f}",
                ]
            )
    return markdown(["what grows", "cost", "smallest", "largest", "exponent"], rows)


def many_items() -> str:
    """The first score of bundles with more and more items, beside the first of them."""
    rows = [
        [
            str(point["items"]),
            short(point["bytes"]),
            f"{point['instructions'] / 1e6:.1f}",
            f"{point['times']:.2f}",
            f"{point['peak_kib'] / 1024:.1f}",
        ]
        for point in record.read("many_items")["figures"]["points"]
    ]
    return markdown(["items", "bytes", "million instructions", "times", "peak MiB"], rows)


def scoring_engines() -> str:
    """Rows a second of several processes and of engines, and against as many processes."""
    figures = record.read("scoring_engines")["figures"]
    rows = []
    for backend, found in figures["backends"].items():
        (*_, most) = (name for name in found if name.startswith("jobs"))
        for name, one in found.items():
            ratio = one["rows_per_s"] / found[most]["rows_per_s"]
            same = "yes" if one["same"] else "no"
            rows.append([backend, name, short(one["rows_per_s"]), f"{ratio:.2f}", same])
    return markdown(["backend", "by", "rows a second", "of the processes'", "same scores"], rows)


def fleet() -> str:
    """Every play of a fleet's update, and what its devices score with afterwards."""
    names = ("play", "targets", "changed", "failed", "without a bundle")
    rows = [
        [
            *(str(play[name]) for name in names),
            " + ".join(map(str, play["bundles"])),
            f"{play['seconds']:.0f}",
        ]
        for play in record.read("fleet_update")["figures"]["plays"]
    ]
    return markdown([*names, "by bundle", "seconds"], rows)


def _number(value: float) -> str:
    return short(round(value)) if value >= 1000 else f"{value:.3g}"


def plot(path: Path) -> None:
    """Draws every cost over what grows, on logarithmic axes.

    Args:
        path: the picture to write; its ending says the format.
    """
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figures: dict[str, Any] = record.read("scaling")["figures"]
    picture, axes = plt.subplots(1, len(figures), figsize=(4 * len(figures), 3.5))
    for axis, (name, one) in zip(axes, figures.items()):
        for cost, exponent in one["exponents"].items():
            points = [(point[name], point[cost]) for point in one["points"]]
            axis.loglog(*zip(*points), marker="o", label=f"{cost} ({exponent:.2f})")
        axis.set_xlabel(_GROWS[name])
        axis.legend(fontsize="small")
    picture.tight_layout()
    picture.savefig(path)
    plt.close(picture)
