"""Measures a bundle and the models it is compared with, one after another in child processes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kd_edge_runtime import backends
from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends.probe import (
    FAILS,
    MISSING,
    TIMEOUT,
    WORKS,
    WRONG,
    ProbeOutcome,
    in_child,
)
from kd_edge_runtime.bench import machine, texts
from kd_edge_runtime.bench.contenders import FIRST, Contender, of_bundle, others
from kd_edge_runtime.bench.facts import bundle_facts, text_facts
from kd_edge_runtime.bench.progress import Progress
from kd_edge_runtime.bench.timing import quantile
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.slots.allowed import open_allowed

FORMAT = "kd-edge-bench"
VERSION = 1

_WORKER = "kd_edge_runtime.bench.worker"
_CAP = 2.0  # seconds for a median to become stable
_STARTS = 3  # processes in which imports and the first score are timed
_LAPS = ("import_s", "load_s", "first_s")

# Variables that the packages of the backends, or their dependencies, read.
_THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "RAYON_NUM_THREADS"),
)

Row = dict[str, Any]


@dataclass(frozen=True)
class BenchRequest:
    """What to measure.

    Attributes:
        bundle: the bundle.
        item_id: the item; None for the first, or the first that the responses answer.
        responses: a table of responses; None to generate texts.
        columns: the columns of the table that the user named.
        against: the models to compare with.
        backends: the backends to measure; empty for all that run the item.
        threads: threads per batch, for backends that use threads.
        sustain: seconds for which the fastest backend keeps scoring; 0 for none.
        quick: whether to take only a tenth of the time.
    """

    bundle: Path
    item_id: str | None = None
    responses: Path | None = None
    columns: texts.ColumnNames = field(default_factory=texts.ColumnNames)
    against: tuple[Path, ...] = ()
    backends: tuple[str, ...] = ()
    threads: int = 1
    sustain: float = 0.0
    quick: bool = False


def bench(request: BenchRequest) -> dict[str, Any]:
    """Measures.

    Returns:
        The JSON of `kd-edge bench`, described in README.md. It contains no text of a response.

    Raises:
        KdEdgeError: the bundle, the responses or a model is wrong. Errors of a backend are
            reported in its row.
    """
    with open_allowed(request.bundle) as bundle:
        bundle.check()  # a damaged member must not be mistaken for a bad backend
        given = _texts(request, bundle)
        entry = given.entry
        contenders = [*of_bundle(bundle, entry, request.backends, own=True)]
        for path in request.against:
            contenders += others(path, entry.item_id, request.backends)
        facts = bundle_facts(bundle, given)
    before = machine.state()
    runner = _Runner(request, given, len(contenders))
    rows = [runner.row(one) for one in contenders]
    best = fastest(rows)
    sustained = None
    if request.sustain and best:
        sustained = runner.sustained(contenders[rows.index(best)])
    runner.progress.end()
    for row in rows:
        row["ratios"] = ratios(row, best) if best and row is not best else None
    return {
        "format": FORMAT,
        "version": VERSION,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "runtime": __version__,
        "threads": request.threads,
        "quick": request.quick,
        "machine": asdict(machine.machine()),
        "before": asdict(before),
        "after": asdict(machine.state()),
        "bundle": facts,
        "texts": text_facts(request.responses, given),
        "fastest": best and best["name"],
        "rows": rows,
        "sustained": sustained,
    }


def fastest(rows: Sequence[Row]) -> Row | None:
    """The bundle's row with the lowest median latency among those that score correctly.

    Of two students a first one: the median of both hides what the second takes.
    """
    firsts = [row for row in rows if row["own"] and row.get("role", FIRST) == FIRST]
    right = [row for row in firsts if row["state"] == WORKS]
    return min(right, key=lambda row: row["latency"]["p50"], default=None)


def ratios(row: Row, best: Row) -> dict[str, float | None] | None:
    """By what factor the fastest row is better than another, per criterion; None if unknown."""
    if "latency" not in row:
        return None
    return {
        "faster": row["latency"]["p50"] / best["latency"]["p50"],
        "throughput": _most(best) / _most(row) if _most(best) and _most(row) else None,
        "smaller": row["bytes"] / best["bytes"],
        "memory": row["rss_peak_kib"] / best["rss_peak_kib"] if row["rss_peak_kib"] else None,
        "start": row["start_s"] / best["start_s"],
        "qwk_more": best["quality"]["qwk"] - row["quality"]["qwk"] if row.get("quality") else None,
    }


def _most(row: Row) -> float:
    return max((one["per_s"] for one in row["throughput"]), default=0.0)


def _texts(request: BenchRequest, bundle: Bundle) -> texts.Texts:
    if request.responses:
        return texts.read(request.responses, bundle, request.item_id, request.columns)
    items = bundle.manifest.items
    named = request.item_id is not None
    return texts.made_up(bundle, bundle.manifest.item(request.item_id) if named else items[0])


class _Runner:
    """Measures contenders in child processes.

    Args:
        request: what to measure.
        given: the texts.
        number: the number of contenders.
    """

    def __init__(self, request: BenchRequest, given: texts.Texts, number: int) -> None:
        self._request = request
        self._given = given
        self._cap = _CAP / 10 if request.quick else _CAP
        self._env = {
            **os.environ,
            **dict.fromkeys(_THREADS, str(request.threads)),
            "TOKENIZERS_PARALLELISM": "false" if request.threads == 1 else "true",
        }
        self.progress = Progress(number, 4 * self._cap + 3)

    def row(self, contender: Contender) -> Row:
        """Measures a contender; failures are reported in the row."""
        row: Row = {
            "name": contender.name,
            "own": contender.own,
            "backend": contender.backend,
            "form": contender.form,
            "bytes": contender.bytes,
            "parameters": contender.parameters,
            "state": WORKS,
            "why": "",
        }
        if self._given.entry.second and contender.own:
            row["role"] = contender.role
        self.progress.next(contender.name)
        if contender.missing:
            return {**row, "state": MISSING, "why": backends.pip_install(contender.missing)}
        results: Any = {}
        starts: list[Mapping[str, float]] = []
        for part in [*["start"] * (1 if self._request.quick else _STARTS - 1), "all"]:
            patience = TIMEOUT + 100 * self._cap
            patience += 10 * results.get("first_s", 0) * len(self._given.texts)
            results = self._child(contender, part, patience)
            if isinstance(results, ProbeOutcome):
                return {**row, "state": results.verdict, "why": results.why}
            starts.append({name: results[name] for name in _LAPS})
        row.update(results)
        row.update((name, _median([lap[name] for lap in starts])) for name in _LAPS)
        row["start_s"] = _median([sum(lap.values()) for lap in starts])
        row["starts"] = starts
        row["quality"] = results.get("quality")
        golden = results.get("golden")
        if golden and golden["wrong"]:
            row["state"] = WRONG
            difference = f"off by {golden['greatest']:.1g}"
            row["why"] = f"{golden['wrong']} of {golden['rows']} golden rows, {difference}"
        return row

    def sustained(self, contender: Contender) -> dict[str, Any] | None:
        """Lets a contender score for the requested time, in slices."""
        seconds = self._request.sustain
        self.progress.next(f"{contender.name}, sustained", seconds)
        results = self._child(contender, "sustain", TIMEOUT + 2 * seconds)
        if isinstance(results, ProbeOutcome):
            return {"name": contender.name, "why": str(results)}
        slices = results["slices"]
        rates = [part["per_s"] for part in slices]
        return {
            "name": contender.name,
            "why": "",
            "seconds": slices[-1]["at_s"],
            "first_per_s": rates[0],
            "last_per_s": rates[-1],
            "slowest_per_s": min(rates),
            "last_to_first": rates[-1] / rates[0],
            "hottest": max((part["celsius"] for part in slices if part["celsius"]), default=None),
            "slices": slices,
        }

    def _child(self, contender: Contender, part: str, timeout: float) -> Any:
        given, model = self._given, contender.model
        job = {
            "part": part,
            "path": str(contender.path),
            "graph": str(model.graph) if model else "",
            "labels": model.labels if model else (),
            "longest": model.longest if model else 0,
            "pad": model.pad if model else "",
            "backend": contender.backend,
            "form": contender.form,
            "item": contender.item_id,
            "role": contender.role,
            "classes": given.entry.classes,
            "worth": given.entry.worth,
            "packages": contender.packages,
            "threads": self._request.threads,
            "first": texts.spread(given.texts, 1)[0],
            "cap": self._cap,
            "sustain": self._request.sustain,
        }
        lines = [job, {"texts": given.texts, "human": given.human}]
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        answer = in_child(_WORKER, [], timeout, data, self._env, self._on_line)
        if isinstance(answer, dict) and "fails" in answer:
            return ProbeOutcome(FAILS, answer["fails"])
        return answer

    def _on_line(self, line: bytes) -> None:
        word, _, seconds = line.decode("ascii", "replace").partition(" ")
        if word == "left":
            with suppress(ValueError):
                self.progress.left(float(seconds))


def _median(numbers: Sequence[float]) -> float:
    return quantile(sorted(numbers), 0.5)
