"""How well each contender agrees with the people: every test row is scored once and kept."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders.contender_list import Contender
from benchmarks.contenders.envs import AbsentError, python
from benchmarks.contenders.train_models import CHILD, Made, last_error
from benchmarks.work_folder import Left
from kd_edge.console.progress import say
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.stages.record import hash_file, is_current, write_record

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}


def environment() -> dict[str, str]:
    """What a contender's process sees: one thread, and no network."""
    return {**os.environ, **ONE_THREAD}


def command(contender: Contender, made: Made, what: str, envs: Path, *rest: Path) -> list[str]:
    """The command line of `children/child.py` for a contender."""
    return [
        *(str(python(contender.env, envs)), str(CHILD), what, contender.module),
        *(str(made.folder), contender.argument, *map(str, rest)),
    ]


def agreed(contender: Contender, made: Made, left: Left, task: Path, envs: Path) -> dict[str, Any]:
    """Scores held-out and test rows, and holds them against the people's scores.

    The rule that turns probabilities into a class is chosen on the held-out rows, for all
    contenders as for our students.

    Args:
        contender: who scores.
        made: its model.
        left: the item.
        task: its rows as a file.
        envs: where environments are kept.

    Returns:
        The rule, and the agreement on held-out and on test rows.

    Raises:
        AbsentError: it cannot score.
    """
    found = _scored(contender, made, task, envs)
    scale = left.item.scale
    figures: dict[str, Any] = {}
    for part, rows in (("held_out", left.held_out), ("test", left.test)):
        human, machine = human_scores(rows), np.array(found[part])
        if machine.shape != (len(rows), len(scale.classes)):
            raise AbsentError("it gives no probability for each class")
        if part == "held_out":
            figures["decision"] = choose_decision(machine, human, scale)
        classes = decided(machine, scale, figures["decision"])
        figures[part] = asdict(agreement(human, classes, scale))
    return figures


def _scored(contender: Contender, made: Made, task: Path, envs: Path) -> dict[str, Any]:
    name = f"{made.folder.name}-{contender.argument or 'scores'}"
    out = made.folder.parent / f"{name}.scores.json"
    record = made.folder.parent / f"{name}.scores.stage.json"
    options = {"module": contender.module, "argument": contender.argument}
    inputs = {"model": made.sha256, "rows": hash_file(task)}
    if not is_current(record, "race-scores", options, inputs):
        say(f"scoring with {contender.name}")
        started = time.monotonic()
        done = subprocess.run(
            command(contender, made, "score", envs, task, out),
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )
        if done.returncode:
            raise AbsentError(f"scoring with it failed ({last_error(done.stderr)})")
        write_record(record, "race-scores", options, inputs, [out], time.monotonic() - started)
    return json.loads(out.read_text(encoding="utf-8"))
