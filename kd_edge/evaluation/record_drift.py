"""Scores beside a bundle's record of how held-out responses were scored, for `drift.compare`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kd_edge.evaluation.drift import UNKNOWN, Counts, Scores, same_classes
from kd_edge_runtime.bundle.held_out import (
    CONFIDENCE_BINS,
    UNKNOWN_BINS,
    HeldOut,
    confidence_bin,
)


@dataclass(frozen=True)
class RecordedScores:
    """What an item's bundle says of its held-out responses.

    Attributes:
        record: the counts.
        classes: the item's classes, in the order of the counts.
    """

    record: HeldOut
    classes: Sequence[str]

    def beside(self, now: Scores) -> Counts:
        """The record and later scores by figure, each as counts in the same classes.

        Classes that the record does not have, since none or too few had them, are one class.
        """
        record = self.record
        recorded: dict[str, tuple[Mapping[str, int], Mapping[str, int]]] = {
            "score": (dict(zip(self.classes, record.score, strict=True)), now.predicted),
            "confidence": (
                _named(record.confidence),
                _renamed(Counter(map(confidence_bin, now.confidences)), CONFIDENCE_BINS),
            ),
            "flag": (record.flag, now.flags),
        }
        if record.unknown and now.unknown.total() == len(now):
            recorded[UNKNOWN] = (_named(record.unknown), _renamed(now.unknown, UNKNOWN_BINS))
        return {
            figure: same_classes(before, record.responses, counts)
            for figure, (before, counts) in recorded.items()
        }


def _named(counts: Sequence[int]) -> dict[str, int]:
    return _renamed(Counter(dict(enumerate(counts))), len(counts))


def _renamed(counts: Mapping[int, int], bins: int) -> dict[str, int]:
    return {f"{at / bins:.2f} to {(at + 1) / bins:.2f}": count for at, count in counts.items()}
