"""A smaller bag: fewer n-grams, those that move its scores most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.students.bag import BagNetwork, BagText, with_numbers
from kd_edge.students.student import Student
from kd_edge_runtime.text.counts import Counter
from kd_edge_runtime.text.vocabulary import BagVocabulary, code_array


def importance(student: Student, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """How much each n-gram of a bag moves the scores of N responses.

    The length of what it adds to the logits, their mean taken off since it moves no score,
    times the root of how often it occurs: the standard deviation that it would bring about if
    its occurrences were independent.

    Args:
        student: a trained bag.
        texts: the responses it learnt from.

    Returns:
        A number for each n-gram, in the vocabulary's order; [V].
    """
    vocabulary = student.text.vocabulary
    often = np.bincount(Counter(vocabulary).count(texts).rows, minlength=vocabulary.size)
    with torch.inference_mode():
        network = cast(BagNetwork, student.network)
        head = network.head.weight
        moved = network.table @ (head - head.mean(0)).T
    weights: npt.NDArray[np.float64] = moved.norm(dim=1).numpy() * np.sqrt(often)
    return weights


def prune(student: Student, size: int, weights: npt.NDArray[np.float64]) -> Student:
    """A trained bag with at most `size` n-grams, the most important; weights as `importance`."""
    keep = _kept(student.text.vocabulary, size, weights)
    state = dict(student.network.state_dict())
    state["table"] = state["table"][torch.from_numpy(keep)]
    text = BagText(_vocabulary(student.text.vocabulary, keep))
    return with_numbers(replace(student, text=text), replace(student.options, ngrams=size), state)


def _kept(
    vocabulary: BagVocabulary, size: int, weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """The rows to keep, rising; a pair stays only together with its words."""
    pairs = len(vocabulary.words) + len(vocabulary.grams)
    kept: set[int] = set()
    for row in np.argsort(-weights, kind="stable").tolist():
        wanted = {row}
        if row >= pairs:
            code = int(vocabulary.pairs[row - pairs])
            wanted |= {code >> 16, code & 0xFFFF}
        if len(kept | wanted) <= size:
            kept |= wanted
    return np.array(sorted(kept), dtype=np.int64)


def _vocabulary(whole: BagVocabulary, keep: npt.NDArray[np.int64]) -> BagVocabulary:
    words, grams = len(whole.words), len(whole.grams)
    word_rows = keep[keep < words].tolist()
    gram_rows = keep[(keep >= words) & (keep < words + grams)] - words
    pair_rows = keep[keep >= words + grams] - words - grams
    place = {row: at for at, row in enumerate(word_rows)}
    codes = [int(whole.pairs[row]) for row in pair_rows]
    return BagVocabulary(
        gram=whole.gram,
        words=code_array([whole.words[row] for row in word_rows]),
        grams=code_array([whole.grams[row] for row in gram_rows.tolist()]),
        # Places keep their order, so the pairs rise as before.
        pairs=code_array([place[code >> 16] << 16 | place[code & 0xFFFF] for code in codes]),
        rules=whole.rules,
    )
