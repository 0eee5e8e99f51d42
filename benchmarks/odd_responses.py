"""What is caught of responses that are none, and what gaming brings, on sample item wool-ice.

    python -m benchmarks.odd_responses out/benchmarks/sample-wool-ice/bundle.kdz

Scores `kd_edge/sample/wool-ice/odd.csv`, written for this, and the item's test responses, with
the bundle of `benchmarks.agreement sample wool-ice`. Writes `results/odd-sample-wool-ice.json`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge_runtime import Score, Scorer
from kd_edge_runtime.flags import REVIEW

SAMPLE = Path(__file__).parent.parent / "kd_edge" / "sample" / "wool-ice"
NAME = "odd-sample-wool-ice"
GAMING = ("keywords", "repeats", "long", "injection")
"""Kinds that may be written to get a score they are not worth."""


@dataclass(frozen=True)
class Odd:
    """A response that is none.

    Attributes:
        text: the response.
        kind: in what way.
        wanted: the flag that says so.
    """

    text: str
    kind: str
    wanted: str


def read_odd(path: Path = SAMPLE / "odd.csv") -> list[Odd]:
    """The odd responses."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Odd(row["text"], row["kind"], row["wanted"]) for row in csv.DictReader(file)]


def caught(odd: Sequence[Odd], scores: Sequence[Score]) -> dict[str, dict[str, Any]]:
    """What was flagged of each kind, and what score it got.

    Args:
        odd: N responses.
        scores: what a student makes of them; [N].
    """
    both = list(zip(odd, scores, strict=True))
    return {
        kind: _figures([one for one in both if one[0].kind == kind])
        for kind in dict.fromkeys(one.kind for one in odd)
    }


def _figures(both: Sequence[tuple[Odd, Score]]) -> dict[str, Any]:
    unflagged = [score for _, score in both if score.flag in ("", REVIEW)]
    return {
        "responses": len(both),
        "wanted": both[0][0].wanted,
        "as wanted": sum(score.flag == one.wanted for one, score in both),
        "flagged": len(both) - len(unflagged),
        "review": sum(score.flag == REVIEW for score in unflagged),
        "mean score": sum(float(score.predicted) for _, score in both) / len(both),
        "highest score": max(float(score.predicted) for _, score in both),
        "highest score, not flagged": max(
            (float(score.predicted) for score in unflagged if not score.flag), default=None
        ),
    }


def alarms(scores: Sequence[Score]) -> dict[str, Any]:
    """What is flagged of ordinary responses."""
    flags = Counter(score.flag for score in scores)
    review, ordinary = flags.pop(REVIEW, 0), flags.pop("", 0)
    return {
        "responses": len(scores),
        "not flagged": ordinary,
        "review": review,
        "wrongly flagged": dict(flags),
    }


def table() -> str:
    """What was caught, kind by kind, and of ordinary responses."""
    figures = record.read(NAME)["figures"]
    rows = []
    for kind, one in figures["odd"].items():
        unflagged = one["highest score, not flagged"]
        rows.append(
            [
                kind,
                str(one["responses"]),
                f"`{one['wanted']}`",
                str(one["as wanted"]),
                str(one["flagged"]),
                str(one["review"]),
                f"{one['mean score']:.1f}",
                "" if unflagged is None else f"{unflagged:.0f}",
            ]
        )
    ordinary = figures["ordinary"]
    flagged = sum(ordinary["wrongly flagged"].values())
    rows.append(
        [
            "ordinary (test)",
            str(ordinary["responses"]),
            "",
            "",
            str(flagged),
            str(ordinary["review"]),
            f"{figures['ordinary mean score']:.1f}",
            "",
        ]
    )
    header = [
        "responses",
        "number",
        "flag wanted",
        "with that flag",
        "flagged",
        "`review` alone",
        "mean score, 0-3",
        "highest score that nobody looks at",
    ]
    return markdown(header, rows)


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
def main(bundle: Path) -> None:
    """Score odd and ordinary responses with a BUNDLE of wool-ice."""
    odd = read_odd()
    (item,) = read_responses(SAMPLE / "responses.csv").items
    with Scorer.open(bundle) as scorer:
        found = scorer.score_many([one.text for one in odd])
        usual = scorer.score_many([row.text for row in item.rows if row.split == "test"])
    figures = {
        "odd": caught(odd, found),
        "ordinary": alarms(usual),
        "ordinary mean score": sum(float(score.predicted) for score in usual) / len(usual),
    }
    click.echo(str(record.write(NAME, figures, 0)))


if __name__ == "__main__":
    main()
