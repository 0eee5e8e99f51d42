"""Whether responses are those of the sample items that come with kd-edge, which are invented."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np

from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.runs.test_scores import ScoredRows

# Shorter texts ("i dont know") may be written by anybody.
_DISTINCTIVE = 30


def invented(texts: Sequence[str]) -> bool:
    """Whether all longer texts are, word for word, those of the sample items.

    Ids and file names do not matter, so that a copy of the samples is recognised too.
    """
    distinctive = {text.strip() for text in texts if len(text.strip()) >= _DISTINCTIVE}
    return bool(distinctive) and distinctive <= _sample_texts()


def without_second_rater(scored: ScoredRows) -> ScoredRows:
    """Test responses without the second rater's scores, which are invented too."""
    return replace(scored, second=np.full_like(scored.second, NO_SCORE))


@cache
def _sample_texts() -> frozenset[str]:
    tables = [item / "responses.csv" for item in (files("kd_edge") / "sample").iterdir()]
    lines = [table.read_text("utf-8").splitlines() for table in tables if table.is_file()]
    return frozenset(row["text"].strip() for rows in lines for row in csv.DictReader(rows))
