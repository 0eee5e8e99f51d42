"""Responses as points: near to each other where a score of one says much about the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

Floats = npt.NDArray[np.float64]

_DIMENSIONS = 100
_LENGTH = 0.5  # how much a standard deviation of length counts, where meaning has length 1


def points(vectors: npt.NDArray[np.floating], texts: Sequence[str], seed: int) -> Floats:
    """Put responses where their meaning, their words and their length say.

    Args:
        vectors: what a language model makes of them; [N, D], N >= 1.
        texts: the N responses.
        seed: of the projection of their words.

    Returns:
        [N, D'].
    """
    exact = np.asarray(vectors, dtype=np.float64)
    meaning = _unit(exact - exact.mean(axis=0))
    return np.hstack([meaning, _words(texts, seed), _LENGTH * _lengths(texts)])


def _words(texts: Sequence[str], seed: int) -> Floats:
    """The words and pieces of words of responses, in few dimensions (latent semantic analysis)."""
    tables = []
    for pieces in ({"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (3, 5)}):
        try:
            table = TfidfVectorizer(sublinear_tf=True, min_df=2, **pieces).fit_transform(texts)
        except ValueError:  # no two responses share a word
            continue
        most = min(_DIMENSIONS // 2, len(texts) - 1, table.shape[1] - 1)
        if most > 0:
            tables.append(TruncatedSVD(most, random_state=seed).fit_transform(table))
    return _unit(np.hstack(tables)) if tables else np.zeros((len(texts), 0))


def _lengths(texts: Sequence[str]) -> Floats:
    """How many words, on a logarithmic scale, in standard deviations from the mean; [N, 1]."""
    found = np.log1p([[len(text.split())] for text in texts])
    return np.asarray((found - found.mean()) / (found.std() or 1.0))


def _unit(rows: npt.NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float64)
