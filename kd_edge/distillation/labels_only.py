"""Distils a student from soft labels alone, without one person's score.

The best epoch, the temperature, the decision and the threshold of review are chosen by held-out
responses, on which the labels' likeliest class stands where a person's score would. So all of this
says how well the student agrees with its teacher; responses that people did score are measured on,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from kd_edge.data.responses import Item, Row
from kd_edge.distillation.distil import clear_work, train_student
from kd_edge.distillation.examples import Examples
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import agreement, rounded
from kd_edge.evaluation.review import LABELS_ONLY
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.soft_labels.labels import Probabilities
from kd_edge.soft_labels.unscored import scored_by_labels, split_unscored
from kd_edge.students.kept_out import NOTHING, KeptOut
from kd_edge.students.student import Student
from kd_edge_runtime.errors import InputError

_FEWEST = 20
_CHECKPOINT = "student"

# For `inspect`, which cuts lines.
_IN_SHORT = {
    False: "none; agreement with people is unknown",
    True: "none learnt from, some measured on",
}


def distil_labels_only(
    item: Item,
    labels: Mapping[str, Probabilities],
    variants: Variants | None,
    options: DistilOptions,
    work: Path,
    shown: Sequence[str] = (),
    kept_out: KeptOut = NOTHING,
) -> Student:
    """Distils a student from soft labels and variants alone; see the module.

    Args:
        item: the item. It learns from the rows without a score; where every row has one, from
            those not marked "test", without their scores.
        labels: probabilities [K] by response id.
        variants: labelled variants, if any.
        options: those of one student; `weight` must not be 0.
        work: a folder for checkpoints.
        shown: ids of responses whose scores the labels' teacher saw: they are not measured on.
        kept_out: words that it may not know.

    Raises:
        InputError: there are too few labelled responses, or the options are for something else.
        StoppedError: the user stopped it; the same call resumes.
    """
    if options.second or not options.weight:
        raise InputError("labels alone teach one student, with a lambda above 0")
    rows, held_out = (
        tuple(row for row in part if row.response_id in labels)
        for part in split_unscored(item, options.seed)
    )
    if len(rows) + len(held_out) < _FEWEST or not held_out:
        raise InputError(
            f"item '{item.item_id}': {len(rows) + len(held_out)} responses have a label, fewer "
            f"than {_FEWEST}"
        )
    judged = scored_by_labels(held_out, labels)
    data = LearningData(item, rows, judged, labels, variants, kept_out=kept_out)
    texts = [row.text for row in rows]
    student = train_student(
        item,
        _examples(rows, labels, variants),
        judged,
        data.learn_text(options),
        options,
        work / _CHECKPOINT,
        f"training the {data.names.student}",
        data.sharing,
        texts,
    )
    clear_work(work, [_CHECKPOINT])
    learnt = {row.response_id for row in (*rows, *held_out)} | set(shown)
    known = [row for row in item.rows if row.score is not None and row.response_id not in learnt]
    about = {
        "people_scores": _IN_SHORT[bool(known)],
        "responses": len(rows),
        "held_out": len(held_out),
        "people": _people(student, known) if known else None,
    }
    provenance = {
        **student.provenance,
        "variants": 0 if variants is None else len(variants.texts),
        LABELS_ONLY: {**about, "note": labels_only_words(about)},
    }
    return replace(student, provenance=provenance)


def _examples(
    rows: Sequence[Row], labels: Mapping[str, Probabilities], variants: Variants | None
) -> Examples:
    """Responses and variants, none with a person's score."""
    texts, soft = [row.text for row in rows], [labels[row.response_id] for row in rows]
    if variants is not None:
        texts += variants.texts
        soft += list(variants.probabilities)
    return Examples(
        texts, np.full(len(texts), -1, dtype=np.int64), np.array(soft, dtype=np.float32)
    )


def _people(student: Student, rows: Sequence[Row]) -> dict[str, Any]:
    """How well it agrees with people on rows that they scored."""
    shares = student.probabilities([row.text for row in rows]).astype(np.float64)
    classes = decided(shares, student.scale, student.decision)
    return rounded(asdict(agreement(human_scores(rows), classes, student.scale)))


def labels_only_words(about: Mapping[str, Any]) -> str:
    """What is known of a student that learnt from labels alone, in sentences for a school."""
    text = (
        "It learnt from a large model's scores alone: nobody scored a response that it learnt "
        "from or was chosen by."
    )
    people = about["people"]
    if people is None:
        return (
            f"{text} How well it agrees with people is unknown: measure it on responses that "
            "people have scored before a score counts."
        )
    return (
        f"{text} Of {people['responses']:,} other responses that people scored, "
        f"{people['accuracy']:.0%} got the same score from it (QWK {people['qwk']:.2f})."
    )
