"""The limits beyond which a device flags responses to an item as unusual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.flags import FEW, pair_code
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.counts import Counter
from kd_edge_runtime.text.vocabulary import BagVocabulary

# Shares of the training responses that each rule may flag; 1.25 % in all. Some of these are indeed
# off-topic, or no answer.
_UNLIKE = 0.0075
_LIST = 0.0025
_REPEATS = 0.0025

# Long: a fifth more words than the longest response. Repetitive: a tenth fewer distinct words
# than the most monotonous one.
_LONGER = 1.2
_FEWER = 0.9

# With fewer responses, no limits are set.
_ENOUGH = 20
_NEVER = 1e6


def outlier_limits(texts: Sequence[str], student: Student) -> Flags:
    """The limits beyond which responses are flagged, except the prompt and the confidence.

    Args:
        texts: the responses that the student was trained on.
        student: the student, whose vocabulary shows which n-grams are known.
    """
    kind = registry.get(student.kind)
    vocabulary = kind.known_ngrams(student)
    tokens = [*map(words_by(kind.text_rules(student)), texts)]
    number = np.array([len(response) for response in tokens])
    if (number > 0).sum() < _ENOUGH:
        return Flags()
    distinct = np.array([len(set(response)) for response in tokens])
    many = number >= FEW
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
    """Known n-grams per word on average, and the lower and upper limits of a response's.

    A new response did not help to choose the vocabulary. So the lower limit does not count n-grams
    that are in no more responses than they must be to be chosen: without the response at hand they
    would not be known. The upper limit counts them, and so flags fewer responses.
    """
    counts = Counter(vocabulary).count(texts)
    response = np.repeat(np.arange(len(texts)), np.diff(counts.starts))
    pairs = np.unique(np.stack([response, counts.rows]), axis=1)
    often = np.bincount(pairs[1], minlength=vocabulary.size) > student.options.min_responses
    known = np.bincount(response[often[counts.rows]], minlength=len(texts))
    usual = known.sum() / number.sum()

    def deviations(known: npt.NDArray[np.int64], least: int) -> npt.NDArray[np.float64]:
        chosen = number >= least
        difference: npt.NDArray[np.float64] = known[chosen] - usual * number[chosen]
        return difference / np.sqrt(number[chosen])

    low = _quantile(deviations(known, 1), _UNLIKE, -_NEVER)
    high = _quantile(deviations(np.diff(counts.starts), FEW), 1 - _LIST, _NEVER)
    return _rounded(usual), _rounded(min(low, 0.0)), _rounded(max(high, 0.0))


def prompt_codes(prompts: Sequence[str], rules: int = 1) -> tuple[int, ...]:
    """The pairs of neighbouring words in an item's own texts, by its text rules, sorted hashes."""
    texts = [*map(words_by(rules), prompts)]
    pairs = {pair for text in texts for pair in zip(text, text[1:], strict=False)}
    return tuple(sorted({pair_code(*pair) for pair in pairs}))


def _quantile(values: npt.NDArray[np.floating], share: float, otherwise: float) -> float:
    """The quantile, or another value where there are too few."""
    return float(np.quantile(values, share)) if len(values) >= _ENOUGH else otherwise


def _rounded(number: float) -> float:
    return round(float(number), 3)
