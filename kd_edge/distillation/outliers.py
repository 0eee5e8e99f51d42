"""What responses to an item are like, so that a device can tell what is unlike all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kd_edge.students import kinds
from kd_edge.students.student import Student
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.flags import FEW, pair_code
from kd_edge_runtime.text.counts import Counter
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import BagVocabulary

# Shares of the responses learnt from that each rule may flag; all of them together, 1.25 %.
# Some of these are indeed off-topic, or no answer.
_UNLIKE = 0.0075
_LIST = 0.0025
_REPEATS = 0.0025

# A response of more words than the longest that was seen and a fifth is long, and one of fewer
# distinct words than the most monotonous and a tenth repeats itself.
_LONGER = 1.2
_FEWER = 0.9

# Of fewer responses nothing is said.
_ENOUGH = 20
_NEVER = 1e6


def ordinary(texts: Sequence[str], student: Student) -> Flags:
    """What is flagged as out of the ordinary, the prompt and the threshold of confidence aside.

    Args:
        texts: the responses that the student learnt from.
        student: the student, for a bag's vocabulary.
    """
    found = [words(text) for text in texts]
    number = np.array([len(one) for one in found])
    if (number > 0).sum() < _ENOUGH:
        return Flags()
    distinct = np.array([len(set(one)) for one in found])
    many = number >= FEW
    vocabulary = kinds.get(student.kind).known_ngrams(student)
    return Flags(
        longest=int(np.ceil(_LONGER * number.max())),
        distinct=_rounded(_FEWER * _quantile(distinct[many] / number[many] ** 0.75, _REPEATS, 0.0)),
        known=_known(texts, number, student, vocabulary) if vocabulary else (),
    )


def _known(
    texts: Sequence[str],
    number: npt.NDArray[np.int64],
    student: Student,
    vocabulary: BagVocabulary,
) -> tuple[float, ...]:
    """How many n-grams of a bag's vocabulary a word brings, and how far that goes up and down.

    A new response is met without having helped to choose the vocabulary. So what stands in no
    more responses than it must, to be in the vocabulary, is not counted below: without this very
    response it would not be there. Above it is, which flags less.
    """
    counts = Counter(vocabulary).count(texts)
    response = np.repeat(np.arange(len(texts)), np.diff(counts.starts))
    pairs = np.unique(np.stack([response, counts.rows]), axis=1)
    often = np.bincount(pairs[1], minlength=vocabulary.size) > student.options.min_responses
    known = np.bincount(response[often[counts.rows]], minlength=len(texts))
    usual = known.sum() / number.sum()

    def off(known: npt.NDArray[np.int64], least: int) -> npt.NDArray[np.float64]:
        some = number >= least
        apart: npt.NDArray[np.float64] = known[some] - usual * number[some]
        return apart / np.sqrt(number[some])

    low = _quantile(off(known, 1), _UNLIKE, -_NEVER)
    high = _quantile(off(np.diff(counts.starts), FEW), 1 - _LIST, _NEVER)
    return _rounded(usual), _rounded(min(low, 0.0)), _rounded(max(high, 0.0))


def prompt_codes(prompts: Sequence[str]) -> tuple[int, ...]:
    """The pairs of words of an item's prompt, as hashes that rise.

    Args:
        prompts: the texts that a student sees beside the item.
    """
    codes = set()
    for prompt in prompts:
        found = words(prompt)
        codes |= {pair_code(*pair) for pair in zip(found, found[1:], strict=False)}
    return tuple(sorted(codes))


def _quantile(values: npt.NDArray[np.floating], share: float, otherwise: float) -> float:
    """What a share of the values is below, where there are enough of them."""
    return float(np.quantile(values, share)) if len(values) >= _ENOUGH else otherwise


def _rounded(number: float) -> float:
    return round(float(number), 3)
