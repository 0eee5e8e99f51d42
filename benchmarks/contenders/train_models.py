"""Makes what races, one model at a time and at low priority; what is unchanged is kept."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders import workshop_models
from benchmarks.contenders.contender_list import Model
from benchmarks.contenders.envs import AbsentError, python
from benchmarks.contenders.workshop_models import Bench
from kd_edge.console.progress import say
from kd_edge.files import make_folder, write_json
from kd_edge.stages.record import hash_file, hash_folder, is_current, write_record
from kd_edge_runtime.errors import KdEdgeError

CHILD = Path(__file__).parent / "children" / "child.py"


@dataclass(frozen=True)
class Made:
    """A model that is there.

    Attributes:
        folder: its files.
        said: what its maker reported.
        sha256: of its files.
    """

    folder: Path
    said: Mapping[str, Any]
    sha256: str


def make_all(
    models: tuple[Model, ...], bench: Bench, task: Path
) -> tuple[dict[str, Made], dict[str, str]]:
    """Makes every model that can be made.

    Args:
        models: each after the one that it is another form of.
        bench: what to work from.
        task: the item's rows as a file.

    Returns:
        What was made by name, and for the others the reason in words.
    """
    made: dict[str, Made] = {}
    absent: dict[str, str] = {}
    for model in models:
        if model.of in absent:
            absent[model.name] = absent[model.of]
            continue
        try:
            made[model.name] = _kept(model, bench, task, made.get(model.of))
        except (AbsentError, KdEdgeError) as error:
            absent[model.name] = str(error).splitlines()[0]
            say(f"{model.name}: {error}")
    return made, absent


def _kept(model: Model, bench: Bench, task: Path, of: Made | None) -> Made:
    folder, record = bench.folder / model.name, bench.folder / f"{model.name}.stage.json"
    report = bench.folder / f"{model.name}.json"
    packages = model.env.packages if model.env else ()
    options = {"maker": model.maker, "packages": packages, **model.settings}
    if model.name == "mpnet":
        options["finetune"] = bench.finetune_mpnet
    inputs = {"rows": hash_file(task)}
    if of:
        inputs[model.of] = of.sha256
    if model.source:
        source = bench.left.folder / model.source
        inputs[model.source] = hash_folder(source) if source.is_dir() else hash_file(source)
    if bench.quick and model.settings and not is_current(record, "race", options, inputs):
        options["quick"] = True  # what was trained before is better, and is kept
    if not is_current(record, "race", options, inputs):
        say(f"making {model.name}")
        started = time.monotonic()
        make_folder(folder)
        said = _apart(model, bench, task, folder, of)
        write_json(report, said)
        write_record(record, "race", options, inputs, [folder, report], time.monotonic() - started)
    said = json.loads(report.read_text(encoding="utf-8"))
    return Made(folder, said, hash_folder(folder))


def _apart(model: Model, bench: Bench, task: Path, folder: Path, of: Made | None) -> dict[str, Any]:
    """Makes a model in a process of its own, so that its memory and priority stay there."""
    if not hasattr(workshop_models, model.maker):
        if bench.quick and model.settings:
            raise AbsentError(workshop_models.LONG)
        found, settings = str(python(model.env, bench.envs)), json.dumps(model.settings)
        command = [found, str(CHILD), "make", model.maker, str(folder), str(task), settings]
        return _by_child(command, folder)
    call = (getattr(workshop_models, model.maker), bench, folder, model.settings)
    if of:
        call = (*call, model.of, of.said)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_politely) as pool:
        return pool.submit(*call).result()


def _politely() -> None:
    if hasattr(os, "nice"):
        os.nice(10)


def _by_child(command: list[str], folder: Path) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        log = folder.with_name(f"{folder.name}.log")
        log.write_text(done.stderr, encoding="utf-8")
        say(f"{folder.name}: see {log}")
        raise AbsentError(f"making it failed ({last_error(done.stderr)})")
    return json.loads(done.stdout.splitlines()[-1])


def last_error(text: str) -> str:
    """The kind of error that ended a process: no message, which could quote a response."""
    lines = text.strip().splitlines()
    return lines[-1].partition(":")[0] if lines else "no message"
