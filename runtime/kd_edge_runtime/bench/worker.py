"""Measures one contender in a child process; `run` starts it and reads its results.

No other module of this package is imported before the clock starts, as the modules it would import
would be missing from the measured import time.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Callable

    from kd_edge_runtime.bundle.archive import Bundle
    from kd_edge_runtime.bundle.manifest import ItemEntry

    # A function that scores texts, and one that maps each result to the index of its class.
    _Loaded = tuple[Callable[[Sequence[str]], list[Any]], Callable[[Any], int]]

BATCHES = (1, 8, 64, 512)
_SAMPLE = 50  # texts whose latency is measured, the same for every contender
_SLICES = 60  # time slices of a sustained run
_PATIENCE = 10  # a batch that would take more than this many times the cap is left out
_SAY_EVERY = 1.0


def child() -> dict[str, Any]:
    """Runs the job in the first line of standard input; the texts are in the second line.

    Returns:
        The measurements; or, under "fails", a message that says why there are none.
    """
    job = json.loads(sys.stdin.readline())
    results: dict[str, Any] = {}
    begun = False
    try:
        score, place = _start(job, results)
        begun = True
        if job["part"] == "sustain":
            results["slices"] = _sustained(score, _texts()["texts"], job["sustain"])
        elif job["part"] == "all":
            _all(job, results, score, place, _texts())
    except Exception as error:  # packages may raise anything
        return {"fails": _why(error, begun)}
    return results


def _why(error: Exception, begun: bool) -> str:
    from kd_edge_runtime.errors import KdEdgeError

    if isinstance(error, KdEdgeError):
        return str(error)
    # Once responses have been read, the text of an error may hold a student's words.
    detail = "while scoring" if begun else " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {detail}"


def _start(job: dict[str, Any], results: dict[str, Any]) -> _Loaded:
    """Imports the backend, loads the model and scores one text."""
    times = [perf_counter()]

    def lap(name: str) -> None:
        times.append(perf_counter())
        results[name] = times[-1] - times[-2]

    loaded = (_model if job["graph"] else _bundle)(job, results, lap)
    results["rss_first_kib"] = _peak_kib()
    from kd_edge_runtime.backends.probe import versions

    results["versions"] = versions(job["packages"])
    return loaded


def _bundle(job: dict[str, Any], results: dict[str, Any], lap: Callable[[str], None]) -> _Loaded:
    from kd_edge_runtime import backends
    from kd_edge_runtime.scorer import Scorer

    backends.module(job["backend"])
    lap("import_s")
    both = job["role"] == "both"
    scorer = Scorer.open(job["path"], job["backend"], job["threads"], first_only=not both)
    entry = _entry(job, scorer.bundle)
    scorer.backend(entry.item_id)
    second = scorer.second(entry.item_id) if both else None
    if second and second.why:
        from kd_edge_runtime.errors import BackendError

        raise BackendError(second.why)
    lap("load_s")

    def score(texts: Sequence[str]) -> list[Any]:
        return scorer.score_many(texts, entry.item_id)

    score([job["first"]])
    lap("first_s")
    results["comparable"] = True
    return score, lambda one: entry.classes.index(one.predicted)


def _entry(job: dict[str, Any], bundle: Bundle) -> ItemEntry:
    """The item; a second student is one of its own in the bundle's manifest from now on."""
    if job["role"] == "second":
        from kd_edge_runtime.bundle.second import as_items

        bundle.manifest = as_items(bundle.manifest)
    return bundle.manifest.item(job["item"])


def _model(job: dict[str, Any], results: dict[str, Any], lap: Callable[[str], None]) -> _Loaded:
    from importlib import import_module
    from pathlib import Path

    from kd_edge_runtime.bench.race import Classifier

    for package in job["packages"]:
        import_module(package)
    lap("import_s")
    classifier = Classifier(
        Path(job["graph"]), job["backend"], job["threads"], job["longest"], job["pad"]
    )
    lap("load_s")
    row = classifier.score_many([job["first"]])[0]
    lap("first_s")
    from kd_edge_runtime.bench.models import places
    from kd_edge_runtime.errors import BackendError

    if not isinstance(row, list) or len(row) < 2:
        raise BackendError("the model's first output is not a row of numbers, one per class")
    found = places(job["labels"], len(row), job["classes"])
    results["comparable"] = found is not None
    at = found or [*range(len(row))]
    return classifier.score_many, lambda row: at[max(range(len(row)), key=row.__getitem__)]


def _texts() -> dict[str, Any]:
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    return given


def _all(
    job: dict[str, Any],
    results: dict[str, Any],
    score: Callable[[Sequence[str]], list[Any]],
    place: Callable[[Any], int],
    given: dict[str, Any],
) -> None:
    from dataclasses import asdict

    from kd_edge_runtime.bench import timing
    from kd_edge_runtime.bench.texts import mixed, spread

    texts, cap = given["texts"], job["cap"]
    ones = [[text] for text in spread(texts, _SAMPLE)]

    def one_by_one(batch: Sequence[Sequence[str]]) -> None:
        for one in batch:
            score(one)

    # Every text is new to the backend: none of its words is cached yet.
    fresh = sorted(timing.once(score, ones))
    results["new_text_p50_s"] = timing.quantile(fresh, 0.5)
    rates = []
    per_s = 1 / results["new_text_p50_s"]
    for size in BATCHES:
        if size / per_s > _PATIENCE * cap:
            break
        if size == 1:
            took = timing.measure(one_by_one, [ones], cap / 4)
            per_s = len(ones) / took.p50
        else:
            took = timing.measure(score, [mixed(texts, size)], cap / 4)
            per_s = size / took.p50
        rates.append({"batch": size, "per_s": per_s, "n": took.n, "spread": took.spread})
    results["throughput"] = rates
    results["rss_peak_kib"] = _peak_kib()  # before thousands of timings are stored
    results["latency"] = asdict(timing.measure(score, ones, cap))
    if job["role"] == "both":
        results["asked"] = _asked(job, texts)
    elif not job["graph"]:
        results["golden"] = _golden(job, score, place)
    _quality(results, given, score, place, job["worth"])


def _golden(
    job: dict[str, Any],
    score: Callable[[Sequence[str]], list[Any]],
    place: Callable[[Any], int],
) -> dict[str, Any]:
    from kd_edge_runtime.bundle.archive import Bundle
    from kd_edge_runtime.scorer import decide
    from kd_edge_runtime.students import golden
    from kd_edge_runtime.students.item import LoadedItem

    with Bundle(job["path"]) as bundle:
        entry = _entry(job, bundle)
        rows = golden.read(LoadedItem(bundle, entry))
    found = score(rows.inputs)
    compared = golden.compare(
        entry, job["backend"], job["form"], rows, [one.probabilities for one in found]
    )
    wanted = [decide(row, entry.worth, entry.decision) for row in rows.outputs[job["form"]]]
    return {
        "rows": compared.rows,
        "greatest": compared.greatest,
        "tolerance": compared.tolerance,
        "wrong": len(compared.differing),
        "classes_differ": sum(place(one) != other for one, other in zip(found, wanted)),
    }


def _asked(job: dict[str, Any], texts: Sequence[str]) -> float:
    """The share of the texts that the second student is asked about, 0 to 1."""
    from kd_edge_runtime.scorer import Scorer

    with Scorer.open(job["path"], job["backend"], first_only=True) as scorer:
        entry = _entry(job, scorer.bundle)
        scores = scorer.score_many(texts, entry.item_id)
    below = entry.second.below if entry.second else 0.0
    return sum(one.confidence < below for one in scores) / len(scores)


def _quality(
    results: dict[str, Any],
    given: dict[str, Any],
    score: Callable[[Sequence[str]], list[Any]],
    place: Callable[[Any], int],
    worth: Sequence[float],
) -> None:
    from dataclasses import asdict

    from kd_edge_runtime.bench.quality import quality

    pairs = [pair for pair in zip(given["texts"], given["human"]) if pair[1] is not None]
    if not pairs or not results["comparable"]:
        return
    machine: list[int] = []
    began = reported = perf_counter()
    while len(machine) < len(pairs):
        texts = [text for text, _ in pairs[len(machine) : len(machine) + 64]]
        machine += map(place, score(texts))
        now = perf_counter()
        if now - reported > _SAY_EVERY:
            reported = now
            _say((now - began) / len(machine) * (len(pairs) - len(machine)))
    results["quality"] = asdict(quality([one for _, one in pairs], machine, worth))


def _sustained(
    score: Callable[[Sequence[str]], list[Any]], texts: Sequence[str], seconds: float
) -> list[dict[str, Any]]:
    """Scores one response after another, and measures the rate in each time slice."""
    from kd_edge_runtime.bench.machine import state

    ones = [[text] for text in texts]
    slices: list[dict[str, Any]] = []
    length = max(1.0, seconds / _SLICES)
    begun = perf_counter()
    at = 0
    while (began := perf_counter()) - begun < seconds:
        before = at
        while (now := perf_counter()) - began < length:
            score(ones[at % len(ones)])
            at += 1
        now_state = state()
        slices.append(
            {
                "at_s": now - begun,
                "per_s": (at - before) / (now - began),
                "celsius": now_state.celsius,
                "mhz": now_state.mhz,
                "throttled": now_state.throttled,
            }
        )
        _say(seconds - (now - begun))
    return slices


def _say(left: float) -> None:
    """Reports to the parent process how many seconds are left."""
    sys.stdout.write(f"left {max(left, 0):.1f}\n")
    sys.stdout.flush()


def _peak_kib() -> int | None:
    """The peak memory of this process in KiB; None if the system does not report it."""
    try:
        # Not getrusage first: a child process inherits its parent's value.
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return None
    return getrusage(RUSAGE_SELF).ru_maxrss >> (10 if sys.platform == "darwin" else 0)
