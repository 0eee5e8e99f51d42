"""In which order a person should see responses: by confidence, or by something better.

    python -m benchmarks.review_orders --data DATA

Bags learn each prompt from the recorded soft labels (`results/labels-*.csv`), without variants; all
is measured on the held-out rows. Writes `results/review_orders.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.items import REAL
from benchmarks.work_folder import trained
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Scale
from kd_edge.distillation.examples import with_soft_labels, without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import (
    Floats,
    Right,
    chance_error,
    expected_calibration_error,
)
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.review import review_curve
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.students.bag import KIND
from kd_edge.students.base import TextSources
from kd_edge.teacher.held_out import learning_rows
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED

SHARE = 0.2
"""Of the responses, those that a person sees first."""

_UNLIKELY = 0.4

CONFIDENCE = "confidence"
IDEAL = "wrong scores first"
ORDERS = (
    *(CONFIDENCE, "margin of the two most probable", "entropy", "variance of the score"),
    *("distance of the expected score from the score", "mean with a second seed"),
    *("mean with the bag without teacher", "mean with the teacher", IDEAL),
)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
def main(data: Path) -> None:
    """Measure the six prompts of ASAP-SAS."""
    figures = {name: _item(name, data) for name in REAL}
    click.echo(str(record.write("review_orders", figures, 0)))


def _item(name: str, data: Path) -> dict[str, Any]:
    prompt = name.removeprefix("asap-sas-")
    item = read_responses(data / "asap-sas" / "train.tsv", only_items=(prompt,)).items[0]
    rows, held_out = learning_rows(item, None, 0)
    classes = item.scale.classes
    labels = labels_by_id(record.RESULTS / f"labels-{name}.csv", classes, [*rows, *held_out])
    text = KIND.learn_text(TextSources([row.text for row in rows]), KIND.options({}))
    texts, human = [row.text for row in held_out], human_scores(held_out)

    def bag(seed: int, *, taught: bool = True) -> Floats:
        soft, hard = with_soft_labels(rows, labels, None), without_soft_labels(rows, len(classes))
        examples = soft if taught else hard
        options = DistilOptions(seed=seed, weight=float(taught))
        return trained(item, examples, held_out, text, options, name).probabilities(texts)

    shares, again, alone = bag(0).astype(np.float64), bag(1), bag(0, taught=False)
    teacher = np.array([labels[row.response_id] for row in held_out])
    given = decided(shares, item.scale, MOST_PROBABLE)
    right = given == human
    orders = _orders(shares, given, right, np.array(item.scale.values), (again, alone, teacher))
    confidence = orders[CONFIDENCE]
    return {
        "responses": len(human),
        "exact": float(right.mean()),
        "calibration error": expected_calibration_error(confidence, right),
        "calibration error by chance, most": chance_error(confidence).most,
        "gain foretold": _gain(confidence, confidence),
        "orders": {
            order: {"gain": _gain(by, right), "risk": _risk(by, right)}
            for order, by in orders.items()
        },
        "nearest expected": _nearest(shares, item.scale, human),
    }


def _orders(
    shares: Floats,
    given: np.ndarray,
    right: Right,
    values: np.ndarray,
    others: tuple[Floats, Floats, Floats],
) -> dict[str, Floats]:
    """How sure each score is, by each of `ORDERS`; the last needs to know which are wrong."""
    at = np.arange(len(given))
    expected = shares @ values
    two = np.sort(shares, axis=1)[:, -2:]
    means = [((shares + other) / 2)[at, given] for other in others]
    found = (
        shares[at, given],
        two[:, 1] - two[:, 0],
        (shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1),
        expected**2 - shares @ values**2,
        -np.abs(expected - values[given]),
        *means,
        right.astype(float),
    )
    return dict(zip(ORDERS, found, strict=True))


def _gain(sure: Floats, right: Right | Floats) -> float:
    """Exact agreement on the rest, less that on all, when the least sure go to a person."""
    every, rest = review_curve(sure, right, (0.0, SHARE))
    return float(rest - every)


def _risk(sure: Floats, right: Right) -> float:
    """Area under the curve of the share of wrong scores over the share of responses kept."""
    wrong = ~right[np.argsort(-sure, kind="stable")]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def _nearest(shares: Floats, scale: Scale, human: Scores) -> dict[str, Any]:
    """Whether the probability of the class nearest to the expected score is its confidence."""
    given, likeliest = (decided(shares, scale, rule) for rule in (NEAREST_EXPECTED, MOST_PROBABLE))
    confidence, right = shares[np.arange(len(given)), given], given == human
    low = confidence < _UNLIKELY
    return {
        "differs": float((given != likeliest).mean()),
        "calibration error": expected_calibration_error(confidence, right),
        "calibration error by chance, most": chance_error(confidence).most,
        "unlikely": int(low.sum()),
        "unlikely, confidence": float(confidence[low].sum()),
        "unlikely, right": int(right[low].sum()),
    }


def orders(items: Mapping[str, str] = REAL) -> str:
    """Each order's gain and area under the risk-coverage curve, over all items."""
    measured = [record.read("review_orders")["figures"][name] for name in items]
    rows = []
    for order in ORDERS:
        gains = [100 * one["orders"][order]["gain"] for one in measured]
        risk = fmean(one["orders"][order]["risk"] for one in measured)
        rows.append([order, *_points(gains), f"{risk:.3f}"])
    foretold = [100 * one["gain foretold"] for one in measured]
    rows.append(["*foretold by the confidences*", *_points(foretold), ""])
    header = ["least sure by", *items.values(), "mean", "area under the risk-coverage curve"]
    return markdown(header, rows)


def _points(gains: Sequence[float]) -> list[str]:
    return [f"{gain:+.1f}" for gain in (*gains, fmean(gains))]


def nearest(items: Mapping[str, str] = REAL) -> str:
    """The confidence of classes nearest to the expected score."""
    rows = []
    for name, label in items.items():
        one = record.read("review_orders")["figures"][name]["nearest expected"]
        count = one["unlikely"]
        rows.append(
            [
                label,
                f"{one['differs']:.0%}",
                f"{one['calibration error']:.3f}",
                f"{one['calibration error by chance, most']:.3f}",
                str(count),
                f"{one['unlikely, confidence'] / count:.2f}" if count else "",
                f"{one['unlikely, right'] / count:.2f}" if count else "",
            ]
        )
    header = [
        "item",
        "other score than the most probable",
        "calibration error",
        "most by chance",
        f"scores with a confidence below {_UNLIKELY}",
        "their mean confidence",
        "right",
    ]
    return markdown(header, rows)


TABLES: dict[str, Callable[[], str]] = {"review-orders": orders, "nearest-expected": nearest}


if __name__ == "__main__":
    main()
