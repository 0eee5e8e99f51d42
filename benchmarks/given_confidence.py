"""Whether confidence is the chance that the score given is right, where the expected score decides.

    python -m benchmarks.given_confidence

Reads the runs that `benchmarks.agreement` left in its work folder. A student has that rule only
where it agrees better with people on held-out responses; here all are decided by it, on the test
responses, which no choice was made on. Then the temperature is fitted on half of them, drawn 20
times: to the most probable score, as kd-edge does, and to the score given. Writes
`results/given_confidence.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from benchmarks import record
from benchmarks.items import REAL
from kd_edge.console.tables import markdown
from kd_edge.data.responses import Scale
from kd_edge.evaluation.calibration import (
    Floats,
    at_temperature,
    chance_error,
    confidence_in,
    expected_calibration_error,
    fit_temperature,
)
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.report.figures.collect import collect
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED

Array = npt.NDArray[Any]

DRAWS = 20
ALL = "all"

# Candidates for log T and their prior, as `fit_temperature` has them.
_LOG_TEMPERATURES = np.linspace(-np.log(4), np.log(4), 111)
_PRIOR_SD = 0.25


@click.command()
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(work: Path) -> None:
    """Measure the six prompts of ASAP-SAS."""
    figures: dict[str, Any] = {}
    parts: list[tuple[Array, Array, Array]] = []
    for name in REAL:
        collected = collect(work / name)
        (scored,), (scale,) = collected.scored, collected.scales
        probabilities, human = scored.bundle.probabilities, scored.human
        given = decided(probabilities, scale, NEAREST_EXPECTED)
        confidence, right = confidence_in(probabilities, given), given == human
        between = given != probabilities.argmax(axis=1)
        parts.append((confidence, right, between))
        figures[name] = {
            **_figures(confidence, right, between),
            "loss": _losses(probabilities, human, scale),
        }
    confidence, right, between = (np.concatenate(part) for part in zip(*parts, strict=True))
    figures[ALL] = _figures(confidence, right, between)
    click.echo(str(record.write("given_confidence", figures, 0)))


def _figures(confidence: Array, right: Array, between: Array) -> dict[str, Any]:
    chosen = between.astype(bool)
    return {
        "responses": len(confidence),
        "between": int(chosen.sum()),
        "between, confidence": float(confidence[chosen].sum()),
        "between, right": int(right[chosen].sum()),
        "calibration error": expected_calibration_error(confidence, right.astype(bool)),
        "calibration error by chance, most": chance_error(confidence).most,
    }


def _losses(probabilities: Floats, human: Scores, scale: Scale) -> dict[str, float]:
    """Log-loss of being right or wrong on one half, of temperatures fitted on the other."""
    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {"most probable": [], "given": []}
    for _ in range(DRAWS):
        order = rng.permutation(len(human))
        fit, rest = np.array_split(order, 2)
        fitted = {
            "most probable": fit_temperature(probabilities[fit], human[fit]),
            "given": _fit_given(probabilities[fit], human[fit], scale),
        }
        for name, temperature in fitted.items():
            scaled = at_temperature(probabilities[rest], temperature)
            found[name].append(float(_surprises(scaled, human[rest], scale).mean()))
    return {name: float(np.mean(losses)) for name, losses in found.items()}


def _fit_given(probabilities: Floats, human: Scores, scale: Scale) -> float:
    """As `fit_temperature`, of the loss of the score given."""

    def loss(log: float) -> float:
        surprises = _surprises(at_temperature(probabilities, float(np.exp(log))), human, scale)
        return float(log**2 / (2 * _PRIOR_SD**2) + surprises.sum())

    return float(np.exp(min(_LOG_TEMPERATURES, key=loss)))


def _surprises(probabilities: Floats, human: Scores, scale: Scale) -> Floats:
    """-log of the chance that confidence gave to what came true; [N]."""
    given = decided(probabilities, scale, NEAREST_EXPECTED)
    confidence = confidence_in(probabilities, given)
    likelihood = np.where(given == human, confidence, 1 - confidence)
    return np.asarray(-np.log(np.maximum(likelihood, 1e-12)))


def table() -> str:
    """Confidence of scores between more probable ones, item by item."""
    figures: Mapping[str, Any] = record.read("given_confidence")["figures"]
    rows = []
    for name, label in {**REAL, ALL: "**all**"}.items():
        one = figures[name]
        between, losses = one["between"], one.get("loss", {})
        rows.append(
            [
                label,
                str(one["responses"]),
                str(between),
                f"{one['between, confidence'] / between:.2f}" if between else "",
                f"{one['between, right'] / between:.2f}" if between else "",
                f"{one['calibration error']:.3f}",
                f"{one['calibration error by chance, most']:.3f}",
                *(f"{losses[fit]:.3f}" if losses else "" for fit in ("most probable", "given")),
            ]
        )
    header = [
        "item",
        "test responses",
        "given a score that is not the most probable",
        "their mean confidence",
        "right",
        "calibration error, all",
        "most by chance",
        "log-loss, temperature fitted to the most probable score",
        "to the score given",
    ]
    return markdown(header, rows)


TABLES: dict[str, Callable[[], str]] = {"given-confidence": table}


if __name__ == "__main__":
    main()
