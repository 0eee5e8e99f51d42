"""Times the contenders in rounds: in each every one runs once, in a process of its own."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders.scoring import environment
from benchmarks.contenders.train_models import last_error
from kd_edge.console.progress import track
from kd_edge.data.responses import Row
from kd_edge.files import write_json

ONE = 60
"""Responses that are scored one after the other."""

WARM = 20
"""Responses, held out and so none of those timed, that come before them."""


@dataclass(frozen=True)
class Texts:
    """The responses that all contenders score, as files.

    Attributes:
        first: the one of the cold start.
        rest: those to warm up with, one by one, and at once.
    """

    first: Path
    rest: Path


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds.

    Attributes:
        median: the median.
        low: the first quartile.
        high: the third quartile.
    """

    median: float
    low: float
    high: float


def write_texts(held_out: Sequence[Row], test: Sequence[Row], folder: Path, seed: int) -> Texts:
    """Writes the responses in an order drawn at random.

    Args:
        held_out: rows to warm up with.
        test: rows to time.
        folder: the work folder: students' responses are in the files.
        seed: for the order.
    """
    draw = random.Random(seed)
    texts = [row.text for row in test]
    draw.shuffle(texts)
    warm = [row.text for row in draw.sample(list(held_out), min(WARM, len(held_out)))]
    found = Texts(folder / "first.txt", folder / "texts.json")
    with found.first.open("w", encoding="utf-8", newline="") as file:
        file.write(warm[0])
    write_json(found.rest, {"warm": warm, "one": texts[:ONE], "batch": texts})
    return found


def race(
    commands: Mapping[str, Sequence[str]], whole: Mapping[str, Sequence[str]], rounds: int
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Runs the rounds, and one before them that is not counted.

    Args:
        commands: `children/child.py time` by contender.
        whole: commands that are timed from their start to their end, by name.
        rounds: how many.

    Returns:
        What each said in each round, "cold" added (seconds), for `whole` that alone; and for
        those that failed the reason in words.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (*commands, *whole)}
    failed: dict[str, str] = {}
    with track("racing", (rounds + 1) * len(found)) as tracker:
        for number in range(rounds + 1):
            for name in found:
                if name in failed:
                    continue
                tracker.note(name)
                try:
                    run = timed(commands[name]) if name in commands else wholly(whole[name])
                except ChildProcessError as error:
                    failed[name] = str(error)
                    continue
                finally:
                    tracker.advance()
                if number:
                    found[name].append(run)
    return {name: runs for name, runs in found.items() if name not in failed}, failed


def timed(command: Sequence[str]) -> dict[str, Any]:
    """Runs one contender once.

    Raises:
        ChildProcessError: it ended otherwise than it should.
    """
    seen = environment()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        started = time.perf_counter()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=seen
        ) as child:
            assert child.stdout is not None
            line = child.stdout.readline()
            while line and line != "scored\n":  # what a library has to say on its way
                line = child.stdout.readline()
            cold = time.perf_counter() - started
            lines = child.stdout.read().splitlines()
        if child.returncode or not lines:
            errors.seek(0)
            raise ChildProcessError(f"timing it failed ({last_error(errors.read())})")
    return {"cold": cold, **json.loads(lines[-1])}


def wholly(command: Sequence[str]) -> dict[str, float]:
    """Times a process from its start to its end.

    Raises:
        ChildProcessError: it fails.
    """
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    seconds = time.perf_counter() - started
    if done.returncode:
        raise ChildProcessError(f"it failed ({last_error(done.stderr)})")
    return {"cold": seconds}


def spread(values: Iterable[float]) -> Spread:
    """Median and quartiles of one value or more."""
    some = sorted(values)
    if len(some) == 1:
        return Spread(some[0], some[0], some[0])
    low, median, high = statistics.quantiles(some, n=4, method="inclusive")
    return Spread(median, low, high)


def per_round(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """What is compared of a contender, a number a round.

    Args:
        runs: of `race`.

    Returns:
        Seconds to the first score, seconds of one response (the median of the round), and
        seconds a response at once.
    """
    return {
        "cold": [run["cold"] for run in runs],
        "one": [statistics.median(run["one"]) for run in runs],
        "batch": [run["batch"]["seconds"] / run["batch"]["responses"] for run in runs],
    }


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """How many times as long another takes, round by round: what slows a round slows both."""
    return spread(their / our for our, their in zip(ours, theirs, strict=True))
