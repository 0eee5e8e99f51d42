"""How far scores can be trusted, item by item: calibration, review, flags, and plain peers.

    python -m benchmarks.calibration_review --data DATA
    python -m benchmarks.calibration_review --data DATA --both

Reads the runs that `benchmarks.agreement` left in its work folder, as `kd-edge report` does, and
has fastText and TF-IDF with logistic regression learn the same rows. Writes `results/trust.json`,
or, of runs with two students, `results/trust-both.json`, without fastText and TF-IDF.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from benchmarks.contender_race import Options, measure
from benchmarks.items import REAL, SAMPLES
from benchmarks.work_folder import Left, asap_sas, sample
from kd_edge.console.tables import markdown
from kd_edge.evaluation.agreement import BASELINE, SECOND, STUDENT, TEACHER
from kd_edge.evaluation.review import review_curve
from kd_edge.report.figures.collect import collect
from kd_edge.report.figures.items import ItemFigures

PEERS = ("fastText", "TF-IDF, logistic regression")
SHARE = 0.2
"""Of the responses, the least sure, that go to a person."""


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--envs", type=click.Path(path_type=Path), default=Path("out/benchmarks/envs"))
@click.option("--both", is_flag=True, help="The runs are of 'benchmarks.agreement --student both'.")
def main(data: Path, work: Path, envs: Path, both: bool) -> None:
    """Measure the six prompts of ASAP-SAS and the three sample items."""
    left = {name: asap_sas(name[len("asap-sas-") :], data, work, test=True) for name in REAL}
    left |= {name: sample(short, work) for name, short in SAMPLES.items()}
    figures: dict[str, Any] = {}
    for name, one in left.items():
        figures[name] = _item(work / name, both)
        if not both:
            figures[name]["agreement"] |= _peers(one, work, envs)
    click.echo(str(record.write("trust-both" if both else "trust", figures, 0)))


def _item(run: Path, both: bool) -> dict[str, Any]:
    collected = collect(run)
    (item,), (scored,) = collected.items, collected.scored
    if (SECOND in item.baselines) != both:
        raise click.ClickException(f"{run}: run benchmarks.agreement there with the same students")
    confidence = scored.bundle.confidence
    foretold = review_curve(confidence, confidence, (0.0, SHARE))
    return {
        "responses": item.responses,
        "calibration error": {
            TEACHER: item.teacher.sureness.error,
            STUDENT: item.bundle.sureness.error,
        },
        "calibration error by chance": item.bundle.sureness.chance.mean,
        "calibration error by chance, most": item.bundle.sureness.chance.most,
        "gain foretold": foretold[1] - foretold[0],
        "exact": item.bundle.given.exact,
        "exact on the rest": item.bundle.sureness.at(SHARE),
        "flagged": dict(item.flagged),
        "exact, not flagged": item.unflagged_exact,
        "agreement": _ours(item),
    }


def _ours(item: ItemFigures) -> dict[str, Any]:
    return {
        STUDENT: {"qwk": item.bundle.given.qwk, "accuracy": item.bundle.given.exact},
        BASELINE: {
            "qwk": item.baselines[BASELINE].qwk,
            "accuracy": item.baselines[BASELINE].exact,
        },
    }


def _peers(left: Left, work: Path, envs: Path) -> dict[str, Any]:
    options = Options(work, envs, rounds=1, only=PEERS, finetune_mpnet=False, quick=True)
    raced = measure(left, left.folder.parent / "race", options)
    found = {one["name"]: one["test"] for one in raced["contenders"]}
    return {
        name: {"qwk": found[name]["qwk"], "accuracy": found[name]["accuracy"]} for name in PEERS
    }


def table(items: Mapping[str, str], result: str = "trust") -> str:
    """Calibration, review and flags, item by item, of the runs of a result."""
    rows = []
    measured = record.read(result)["figures"]
    for name, label in items.items():
        one = measured[name]
        error, flagged = one["calibration error"], one["flagged"]
        odd = sum(number for why, number in flagged.items() if why != "review")
        rows.append(
            [
                label,
                str(one["responses"]),
                f"{error[TEACHER]:.3f}",
                f"{error[STUDENT]:.3f}",
                f"{one['calibration error by chance']:.3f}",
                f"{one['calibration error by chance, most']:.3f}",
                f"{one['exact']:.3f}",
                f"{one['exact on the rest']:.3f}",
                f"{100 * (one['exact on the rest'] - one['exact']):+.1f}",
                f"{100 * one['gain foretold']:+.1f}",
                f"{flagged.get('review', 0) / one['responses']:.1%}",
                f"{one['exact, not flagged']:.3f}",
                f"{odd / one['responses']:.1%}",
            ]
        )
    header = [
        "item",
        "responses",
        "calibration error, teacher",
        "**student**",
        "by chance alone",
        "most by chance",
        "exact agreement, all",
        "on the rest, a fifth sent to a person",
        "points gained",
        "foretold",
        "flagged review",
        "exact, not flagged",
        "flagged as no answer",
    ]
    return markdown(header, rows)


def peers(items: Mapping[str, str]) -> str:
    """The student beside plain ways to learn the same rows."""
    names = (STUDENT, BASELINE, *PEERS)
    rows = []
    measured = record.read("trust")["figures"]
    for name, label in items.items():
        one = measured[name]
        kappa = [f"{one['agreement'][who]['qwk']:.3f}" for who in names]
        right = [f"{one['agreement'][who]['accuracy']:.3f}" for who in names]
        rows.append([label, *kappa, *right])
    header = ["item", *(f"{name}, QWK" for name in names), *(f"{n}, accuracy" for n in names)]
    return markdown(header, rows)


TABLES: dict[str, Callable[[], str]] = {
    "trust": partial(table, REAL),
    "trust-samples": partial(table, SAMPLES),
    "trust-both": partial(table, REAL, "trust-both"),
    "trust-both-samples": partial(table, SAMPLES, "trust-both"),
    "peers": partial(peers, REAL),
    "peers-samples": partial(peers, SAMPLES),
}


if __name__ == "__main__":
    main()
