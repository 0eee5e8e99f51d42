"""Training on a Ray cluster of this machine: how long it takes, and what kills cost.

    python -m benchmarks.cluster_training [--items 12] [--rows 300] [--part split]

A language model of random weights teaches, so that an item takes a minute; all else is that of
`kd-edge run`. Two tasks at a time, one thread each. The ideal split is half of what the stages of
all items took by their records in that very run. Then kills: of a worker within each stage, of a
machine, in whose place another is added, and of the head, after which it is started again and the
same command given. Every bundle has to be that of a run without a cluster, byte for byte.
Writes `results/cluster_training.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.console.tables import markdown

ROOT = Path(__file__).parent.parent
KD_EDGE = str(Path(sys.executable).with_name("kd-edge"))
PARTS = ("split", "kills")
STAGES = ("teacher", "labels", "variants", "student", "test-labels")
TINY = ("--teacher-epochs", "2", "--variants", "400", "--student-epochs", "5", "--ngrams", "60")


def table() -> str:
    """What was disturbed, and what it came to."""
    figures = record.read("cluster_training")["figures"]
    split = figures["split"]
    rows = [
        [
            f"{split['items']} items, two at a time",
            str(split["items"]),
            f"{split['share of ideal']:.2f} times the ideal split",
            "yes" if split["equal"] else "no",
        ]
    ]
    for name, one in figures["kills"].items():
        again = " after the same command again" if one["again"] else ""
        what = f"{one['lost']} items lost{again}"
        rows.append([name, str(one["items"]), what, "yes" if one["equal"] else "no"])
    return markdown(["on a local cluster of two workers", "items", "outcome", "equal bytes"], rows)


@dataclass(frozen=True)
class Trial:
    """A table and how it is run.

    Attributes:
        table: the responses.
        model: the language model's folder.
        options: of the command.
    """

    table: Path
    model: Path
    options: Sequence[str]

    def run(self, out: Path, *more: str) -> tuple[int, float]:
        """Runs it in a process: the exit code, and the seconds it took."""
        asked = [KD_EDGE, "run", self.table, "-o", out, "--model", self.model]
        words = [*asked, "--precision", "fp32", "--accept-weak", *self.options, *more]
        started = time.monotonic()
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
        click.echo(f"{out.name}: exit code {done.returncode}", err=True)
        if done.returncode:
            click.echo(done.stderr[-2000:], err=True)
        return done.returncode, time.monotonic() - started


def bundle_hash(out: Path) -> str:
    """The sha256 of a run's bundle; "" where there is none."""
    path = out / "bundle.kdz"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def stage_seconds(out: Path) -> float:
    """The seconds of all stages of a run's items, by their records."""
    records = out.glob("item-*/*.stage.json")
    return sum(json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in records)


@contextmanager
def watching(step: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, calls a step again and again until it says that it is done."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.002) and not step():
            pass

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Killer:
    """Kills a worker within each stage, whatever item comes to it first.

    Args:
        out: the run's folder.

    Attributes:
        killed: the stages within which a worker was killed.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self.killed: list[str] = []

    def step(self) -> bool:
        """Kills the next one, if it is within the stage; whether all are killed."""
        for lock in self._out.glob(".item-*.lock"):
            folder = self._out / lock.name[1 : -len(".lock")]
            left = [name for name in STAGES if not (folder / f"{name}.stage.json").exists()]
            begun = left and (left[0] != "teacher" or (folder / ".teacher.lock").exists())
            if begun and left[0] not in self.killed and (process := _process(lock)):
                self.killed.append(left[0])
                _kill(process)
        return len(self.killed) == len(STAGES)


def _process(lock: Path) -> int:
    try:
        _, _, rest = lock.read_text(encoding="utf-8").partition("process ")
        return int(rest.partition(",")[0] or 0)
    except (OSError, ValueError):
        return 0


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        click.echo("it had ended already", err=True)


def _training(out: Path) -> bool:
    """Whether a large model is being trained."""
    return any(out.glob("item-*/.teacher.lock"))


def _once(out: Path, act: Callable[[], object]) -> Callable[[], bool]:
    """A step that acts when training has begun."""

    def step() -> bool:
        if not _training(out):
            return False
        act()
        return True

    return step


def split(trial: Trial, folder: Path, address: str, items: int) -> dict[str, Any]:
    """A run on a cluster, then one without."""
    code, seconds = trial.run(folder / "two", "--cluster", address)
    load = os.getloadavg()[0]
    _, alone = trial.run(folder / "alone")
    ideal = stage_seconds(folder / "two") / 2
    return {
        "items": items,
        "exit code": code,
        "seconds": round(seconds, 1),
        "seconds without a cluster": round(alone, 1),
        "ideal seconds": round(ideal, 1),
        "share of ideal": round(seconds / ideal, 3),
        "load": round(load, 1),
        "equal": bundle_hash(folder / "two") == bundle_hash(folder / "alone") != "",
    }


def kills(trial: Trial, folder: Path, items: int, ray_made: Any) -> dict[str, Any]:
    """Every disturbance, each in a run of its own."""
    trial.run(folder / "calm")
    wanted = bundle_hash(folder / "calm")
    found: dict[str, Any] = {}

    def outcome(out: Path, code: int, *, again: bool = False, **more: Any) -> dict[str, Any]:
        report = out / "report.json"
        there = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        lost = items - len(there.get("items", ()))
        equal = bundle_hash(out) == wanted
        return {
            "items": items, "exit code": code, "lost": lost, "equal": equal, "again": again, **more
        }  # fmt: skip

    with cluster(ray_made, 2) as head:
        out = folder / "workers"
        killer = Killer(out)
        with watching(killer.step):
            code, _ = trial.run(out, "--cluster", head.address)
        name = f"a worker killed within each of {len(killer.killed)} stages"
        found[name] = outcome(out, code, stages=killer.killed)
    with cluster(ray_made, 1) as head:
        out, node, added = folder / "machine", ray_made.add_node(head), []

        def replace() -> None:
            node.kill()
            added.append(ray_made.add_node(head))

        with watching(_once(out, replace)):
            code, _ = trial.run(out, "--cluster", head.address)
        found["a machine killed, another added"] = outcome(out, code)
        for one in added:
            one.kill()
    out = folder / "restarted"
    with cluster(ray_made, 2) as head, watching(_once(out, head.kill)):
        first, _ = trial.run(out, "--cluster", head.address)
    with cluster(ray_made, 2) as head:
        code, _ = trial.run(out, "--cluster", head.address)
    found["the head killed and started again"] = outcome(out, code, again=True, first=first)
    return found


@contextmanager
def cluster(ray_made: Any, cpus: int) -> Iterator[Any]:
    """A cluster of one machine; its folder has a short name, for sockets lie in it."""
    place = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    head = ray_made.start_head(place, cpus)
    try:
        yield head
    finally:
        head.kill()
        shutil.rmtree(place, ignore_errors=True)


def _write(folder: Path, items: int, rows: int) -> Path:
    workshop = import_module("workshop")
    made = [workshop.item_of(rows, f"item{at}", at) for at in range(items)]
    path: Path = workshop.write_table(folder / f"{items}.csv", made)
    return path


@click.command()
@click.option("--items", type=click.IntRange(2), default=12, show_default=True)
@click.option("--rows", type=click.IntRange(30), default=300, show_default=True)
@click.option("--variants", type=click.IntRange(20), default=4000, show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=640, show_default=True)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), default=PARTS)
def main(items: int, rows: int, variants: int, epochs: int, parts: tuple[str, ...]) -> None:
    """Train on a cluster, undisturbed and disturbed; what is not measured again is kept."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    ray_made, tiny = import_module("ray_made"), import_module("tiny")
    os.environ |= {
        "OMP_NUM_THREADS": "1",
        "SOURCE_DATE_EPOCH": "1700000000",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        # Before a machine counts as lost, on a busy one.
        "RAY_health_check_initial_delay_ms": "5000",
        "RAY_health_check_timeout_ms": "20000",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = tiny.tiny_teacher(folder / "model")
        figures: dict[str, Any] = {}
        if set(parts) != set(PARTS):
            figures = record.read("cluster_training")["figures"]
        if "split" in parts:
            long = ("--variants", str(variants), "--student-epochs", str(epochs))
            trial = Trial(_write(folder, items, rows), model, long)
            with cluster(ray_made, 2) as head:
                figures["split"] = split(trial, folder, head.address, items)
            click.echo(str(figures["split"]), err=True)
        if "kills" in parts:
            trial = Trial(_write(folder, 3, 40), model, TINY)
            figures["kills"] = kills(trial, folder, 3, ray_made)
    click.echo(str(record.write("cluster_training", figures, 0)))


if __name__ == "__main__":
    main()
