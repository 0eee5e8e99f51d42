"""What the stages of a run leave, and an input of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge.data.responses import Scale
from kd_edge.distillation.distil import Distilled
from kd_edge.size_search.shown import SizeChoice
from kd_edge.teacher.card import teacher_size


@dataclass(frozen=True)
class StageOutputs:
    """The files that the stages of a pipeline left on disk.

    Attributes:
        folder: the pipeline's folder.
        teachers: the teachers' folders.
        labels: the soft labels.
        test_labels: the teachers' mean probabilities of the test rows.
        distilled: student and baseline, and the second of both students.
        ran: the stages that were run; the others were kept from before.
        size: with limits, what was chosen within them, and why.
    """

    folder: Path
    teachers: tuple[Path, ...]
    labels: Path
    test_labels: Path
    distilled: Distilled
    ran: tuple[str, ...]
    size: SizeChoice | None = None

    def teacher_size(self) -> tuple[int, int]:
        """Parameters of all teachers, and the bytes that scoring with them needs."""
        parameters, sizes = zip(*map(teacher_size, self.teachers), strict=True)
        return sum(parameters), sum(sizes)


def unlike_words(scale: Scale) -> dict[str, Any]:
    """The points of classes where version 0.2.0 took them for words, as input of a stage."""
    if not scale.numeric or (scale.even and scale.step == 1):
        return {}
    return {"points": list(scale.values)}
