"""What clients of `kd-edge serve` ask and count."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kd_edge_runtime.scorer import Scorer

_LONG_WORDS = 150  # of a response: with 1,000 of them a request has nearly 1 MB


class Answers:
    """Requests by number, and what has to come back.

    Args:
        bundle: the bundle that is served.
        texts: responses to ask about.
    """

    def __init__(self, bundle: Path, texts: Sequence[str]) -> None:
        words = " ".join(texts).split()
        long = [" ".join(words[at : at + _LONG_WORDS]) for at in range(len(texts))]
        self._texts = {False: [*texts], True: long}
        with Scorer.open(bundle) as scorer:
            classes = scorer.bundle.manifest.items[0].classes
            self._scores = {
                kind: [
                    {
                        "predicted": score.predicted,
                        "expected": round(score.expected, 4),
                        "confidence": round(score.confidence, 4),
                        "flag": score.flag,
                        "p": {
                            name: round(share, 6)
                            for name, share in zip(classes, score.probabilities, strict=True)
                        },
                    }
                    for score in scorer.score_many(kept)
                ]
                for kind, kept in self._texts.items()
            }

    def request(self, number: int, texts: int, long: bool = False) -> bytes:
        """The line of a request.

        Args:
            number: of the request, its id.
            texts: responses; 1 is sent as a single one.
            long: whether they have 150 words each.
        """
        chosen = self._chosen(self._texts[long], number, texts)
        content = {"text": chosen[0]} if texts == 1 else {"texts": chosen}
        return json.dumps({"id": number, **content}).encode() + b"\n"

    def right(self, line: bytes, number: int, texts: int, long: bool = False) -> bool:
        """Whether a line is the answer to this request."""
        chosen = self._chosen(self._scores[long], number, texts)
        content = chosen[0] if texts == 1 else {"scores": chosen}
        with suppress(ValueError):
            return bool(json.loads(line) == {"id": number, **content})
        return False

    @staticmethod
    def _chosen(kept: list[Any], number: int, texts: int) -> list[Any]:
        return [kept[(number + at) % len(kept)] for at in range(texts)]


@dataclass
class Counts:
    """What all clients met.

    Attributes:
        asked: requests whose clients wait for the answer, and were let in.
        right: right answers to them.
        wrong: other answers.
        missing: connections that ended, or waited for two minutes, in place of an answer.
        refused: by the error's code.
        connections: how many were made.
        latencies: seconds from a request of one response to its answer.
    """

    asked: int = 0
    right: int = 0
    wrong: int = 0
    missing: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    latencies: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """The counts as JSON types; latencies in milliseconds."""
        ordered = sorted(self.latencies) or [0.0]
        at = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        return {
            "connections": self.connections,
            "asked": self.asked,
            "right": self.right,
            "wrong": self.wrong,
            "missing": self.missing,
            "refused": dict(sorted(self.refused.items())),
            "latency_ms": {
                "requests": len(self.latencies),
                "mean": round(1000 * statistics.fmean(ordered), 1),
                **{name: round(1000 * ordered[int(q * len(ordered))], 1) for name, q in at.items()},
                "greatest": round(1000 * ordered[-1], 1),
            },
        }
