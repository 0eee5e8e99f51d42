"""What makes a training doubtful: warnings that are said, and kept with its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kd_edge.console.progress import say
from kd_edge.data.responses import Row, Scale

RARE, FEW, CUT = "rare-score", "few-held-out", "cut-text"
GUESSING, NOT_HELPED = "no-better-than-guessing", "teacher-did-not-help"
WEAKNESSES = (GUESSING, NOT_HELPED)
"""What a student that was trained does not do better."""

WEAK_EXIT_CODE = 6
"""How commands end then, unless it is accepted; all is written all the same."""

ENOUGH_HELD_OUT = 20
"""Held-out responses from which on a choice by them is more than chance."""

# From here on, kappa is more than "slight" (Landis and Koch 1977).
_MORE_THAN_SLIGHT = 0.2
_SHOWN = 5


@dataclass(frozen=True)
class Doubt:
    """One warning.

    Attributes:
        item_id: the item; "" for all together.
        kind: what it is about, one of the constants of this module.
        message: what is doubtful, and what to do; a sentence without its full stop, and never a
            response.
    """

    item_id: str
    kind: str
    message: str

    def __str__(self) -> str:
        whose = f"item '{self.item_id}'" if self.item_id else "all items together"
        return f"{whose}: {self.message}"


def say_doubts(doubts: Iterable[Doubt]) -> None:
    """Write each as a line."""
    for doubt in doubts:
        say(f"Warning: {doubt}.")


def row_doubts(
    item_id: str, scale: Scale, rows: Sequence[Row], held_out: Sequence[Row]
) -> tuple[Doubt, ...]:
    """Scores without an example or with one, and held-out rows too few to choose by.

    Args:
        item_id: the item, "" for all together.
        scale: its classes.
        rows: the scored rows to learn from.
        held_out: those to choose by.
    """
    found = []
    counts = Counter(row.score for row in rows)
    for count, what in ((0, "no response"), (1, "only one response")):
        rare = [name for at, name in enumerate(scale.classes) if counts[at] == count]
        if rare:
            more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
            names = ", ".join(rare[:_SHOWN]) + more
            each = " each" if count and len(rare) > 1 else ""
            message = (
                f"{what} to learn from{each} has the score{'s' * (len(rare) > 1)} {names}: the "
                "models cannot learn to give that; score more responses (kd-edge suggest), or "
                "name the scale with --score-range or --classes"
            )
            found.append(Doubt(item_id, RARE, message))
    if len(held_out) < ENOUGH_HELD_OUT:
        responses = f"{len(held_out)} response{'s' * (len(held_out) != 1)}"
        message = (
            f"only {responses} held out to choose by, fewer than {ENOUGH_HELD_OUT}: best epoch, "
            "confidence and what is flagged are chosen by chance, more or less; score more "
            "responses"
        )
        found.append(Doubt(item_id, FEW, message))
    return tuple(found)


def cut_doubts(item_id: str, lengths: Sequence[int], most: int) -> tuple[Doubt, ...]:
    """Responses of which the large model does not read the end.

    Args:
        item_id: the item, "" for all together.
        lengths: tokens of each response.
        most: tokens that are read.
    """
    longer = [length for length in lengths if length > most]
    if not longer:
        return ()
    middle = sorted(longer)[len(longer) // 2]
    message = (
        f"the large model does not read the end of {len(longer):,} of {len(lengths):,} responses: "
        f"it reads {most:,} tokens (pieces of words), and these have up to {max(longer):,}, half "
        f"of them {middle:,} or more"
    )
    return (Doubt(item_id, CUT, message),)


def guesses(accuracy: float, qwk: float | None, majority: float) -> bool:
    """Whether a student is no better than always giving the most frequent score.

    It is better with a higher accuracy, or, where most responses have the same score, with a QWK
    that is more than slight.

    Args:
        accuracy: the student's exact agreement.
        qwk: its QWK; None where it has none.
        majority: the accuracy of the most frequent score; 1 where there is one score alone, which
            tells nothing.
    """
    better = accuracy > majority or (qwk is not None and qwk >= _MORE_THAN_SLIGHT)
    return not better and majority != 1


def guessing(item_id: str, figures: str) -> Doubt:
    """That a student guesses, by these figures."""
    message = (
        "the small model is no better than always giving the most frequent score "
        f"({figures}). Do not use it: it needs more scored responses, or scores that follow from "
        "the responses"
    )
    return Doubt(item_id, GUESSING, message)


def not_helped(item_id: str, figure: str, student: float, alone: float) -> Doubt:
    """That a student is no better than the one without a teacher, by this figure."""
    message = (
        "the large model did not help: the small model agrees with people no better "
        f"than the same one trained on people's scores alone ({figure} {student:.3f}, "
        f"{alone:.3f}). More scored responses, --unlabelled, --variants or another --model may help"
    )
    return Doubt(item_id, NOT_HELPED, message)
