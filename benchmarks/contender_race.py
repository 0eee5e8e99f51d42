"""Our students against their peers on one item, in one run, one thread each.

    python -m benchmarks.contender_race asap-sas 1 --data DATA
    python -m benchmarks.contender_race sample wool-ice

Uses the teacher, student and variants that `benchmarks.agreement` left in its work folder. What
has to be trained is trained once and kept; only what has changed is made again, so that a second
run times and nothing else. Contenders with packages of their own get virtual environments under
`out/benchmarks/envs`. Writes `results/race-<item>.json`.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from benchmarks.contenders import timing
from benchmarks.contenders.contender_list import CONTENDERS, MODELS, OURS, Contender
from benchmarks.contenders.envs import AbsentError
from benchmarks.contenders.scoring import agreed, command
from benchmarks.contenders.task import write_task
from benchmarks.contenders.train_models import Made, make_all
from benchmarks.contenders.workshop_models import BUNDLE, Bench
from benchmarks.work_folder import Left, asap_sas, sample
from kd_edge.console.progress import say
from kd_edge.files import make_folder

ROUNDS = 9
SEED = 0

# Ends as `kd-edge score` ends: without taking the interpreter apart.
_IMPORT = "import onnxruntime, os; os._exit(0)"


@dataclass(frozen=True)
class Options:
    """What can be set about a race.

    Attributes:
        work: the work folder of `benchmarks.agreement`.
        envs: where virtual environments and downloads are kept.
        rounds: rounds that count.
        only: contenders' names; with any, no result is written.
        finetune_mpnet: whether the BERT-sized teacher is fine-tuned.
        quick: whether trainings that take long are left out.
    """

    work: Path
    envs: Path
    rounds: int
    only: tuple[str, ...]
    finetune_mpnet: bool
    quick: bool


def _shared(function: Any) -> Any:
    for option in (
        click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks")),
        click.option(
            "--envs", type=click.Path(path_type=Path), default=Path("out/benchmarks/envs")
        ),
        click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True),
        click.option(
            "--only",
            multiple=True,
            type=click.Choice([one.name for one in CONTENDERS]),
            help="Race these against our default and write no result.",
        ),
        click.option(
            "--finetune-mpnet",
            is_flag=True,
            help="Fine-tune the BERT-sized teacher too, which takes hours on a small machine.",
        ),
        click.option(
            "--quick",
            is_flag=True,
            help="Train nothing that takes long: some are left out, TinyBERT has random weights.",
        ),
    ):
        function = option(function)
    return function


@click.group()
def main() -> None:
    """Race our students against their peers on one item."""


@main.command("asap-sas")
@click.argument("prompt")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@_shared
def asap_sas_item(prompt: str, data: Path, **given: Any) -> None:
    """A PROMPT of ASAP-SAS."""
    options = Options(**given)
    _run(f"asap-sas-{prompt}", asap_sas(prompt, data, options.work, test=True), options)


@main.command("sample")
@click.argument("item")
@_shared
def sample_item(item: str, **given: Any) -> None:
    """A sample ITEM: wool-ice, pond-web or percent-back."""
    options = Options(**given)
    _run(f"sample-{item}", sample(item, options.work), options)


def _run(name: str, left: Left, options: Options) -> None:
    figures = measure(left, options.work / name / "race", options)
    for one in figures["contenders"]:
        say(f"{one['name']}: {one['one']['ratio']['median']:,.1f} x, {_said(one)}")
    if not options.only:
        click.echo(str(record.write(f"race-{name}", figures, SEED)))


def _said(one: Mapping[str, Any]) -> str:
    return f"QWK {one['test']['qwk']:.3f}" if one["test"] else "no QWK"


def measure(left: Left, folder: Path, options: Options) -> dict[str, Any]:
    """Makes, scores and times.

    Args:
        left: the item.
        folder: a folder to work in, kept for the next run.
        options: how.

    Returns:
        Figures as JSON types.
    """
    racing = [one for one in CONTENDERS if not options.only or one.name in (OURS, *options.only)]
    models = {one.model for one in racing}
    models |= {one.of for one in MODELS if one.name in models}
    make_folder(folder)
    task = folder / "task.json"
    write_task(left, task)
    bench = Bench(left, folder, options.envs, options.finetune_mpnet, options.quick)
    made, absent = make_all(tuple(one for one in MODELS if one.name in models), bench, task)
    agreements, left_out = {}, {}
    for one in racing:
        try:
            if one.model in absent:
                raise AbsentError(absent[one.model])
            known = not made[one.model].said.get("untrained")
            agreements[one.name] = (
                agreed(one, made[one.model], left, task, options.envs) if known else {}
            )
        except AbsentError as error:
            left_out[one.name] = str(error)
    racing = [one for one in racing if one.name in agreements]
    texts = timing.write_texts(left.held_out, left.test, folder, SEED)
    commands = {
        one.name: command(one, made[one.model], "time", options.envs, texts.first, texts.rest)
        for one in racing
    }
    before = os.getloadavg()[0]
    runs, failed = timing.race(commands, _starts(made["student"], texts, folder), options.rounds)
    ours = timing.per_round(runs[OURS])
    return {
        "responses": {
            "to learn from": len(left.rows),
            "held out": len(left.held_out),
            "test": len(left.test),
            "one by one": min(timing.ONE, len(left.test)),
        },
        "rounds": options.rounds,
        "load": {"before": before, "after": os.getloadavg()[0]},
        "contenders": [
            _figures(one, made[one.model], agreements[one.name], runs[one.name], ours)
            for one in racing
            if one.name in runs
        ],
        "left out": {**left_out, **failed},
        "starts": {name: asdict(timing.spread(cold)) for name, cold in _colds(runs, commands)},
        "start against import": asdict(
            timing.ratios(*(dict(_colds(runs, commands))[name] for name in (_ORT, _SCORE)))
        ),
    }


_SCORE, _ORT, _PYTHON = "kd-edge score", "import onnxruntime", "python"


def _starts(ours: Made, texts: timing.Texts, folder: Path) -> dict[str, list[str]]:
    """What is timed as a whole process: a score of one response, and what it is held against."""
    table = folder / "one.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        text = texts.first.read_text(encoding="utf-8")
        csv.writer(file).writerows([["response_id", "text"], ["1", text]])
    score = ["score", str(ours.folder / BUNDLE), str(table), "-o", str(folder / "one.scores.csv")]
    return {
        _SCORE: [sys.executable, "-m", "kd_edge_runtime", *score, "-q"],
        _ORT: [sys.executable, "-c", _IMPORT],
        _PYTHON: [sys.executable, "-c", "import os; os._exit(0)"],
    }


def _colds(runs: Mapping[str, Any], commands: Mapping[str, Any]) -> list[tuple[str, list[float]]]:
    return [
        (name, [one["cold"] for one in some]) for name, some in runs.items() if name not in commands
    ]


def _figures(
    one: Contender,
    made: Made,
    agreement: Mapping[str, Any],
    runs: list[dict[str, Any]],
    ours: Mapping[str, list[float]],
) -> dict[str, Any]:
    times = timing.per_round(runs)
    files = {path for pattern in one.files for path in made.folder.glob(pattern)}
    return {
        "name": one.name,
        "model": one.model,
        "parameters": made.said["parameters"],
        "bytes": sum(path.stat().st_size for path in files),
        "settings": made.said.get("settings", {}),
        "note": made.said.get("notes", {}).get(one.argument) or made.said.get("note", ""),
        "decision": agreement.get("decision"),
        "held_out": agreement.get("held_out"),
        "test": agreement.get("test"),
        "peak_kib": {part: _peak(runs, part) for part in ("first", "one", "batch")},
        "responses at once": timing.spread([run["batch"]["responses"] for run in runs]).median,
        **{
            name: {
                "seconds": asdict(timing.spread(times[name])),
                "ratio": asdict(timing.ratios(ours[name], times[name])),
            }
            for name in times
        },
        "versions": runs[-1]["versions"],
    }


def _peak(runs: list[dict[str, Any]], part: str) -> float | None:
    peaks = [run["peak_kib"][part] for run in runs]
    return None if None in peaks else timing.spread(peaks).median


if __name__ == "__main__":
    main()
