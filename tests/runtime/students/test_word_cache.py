"""The cached words of many items share one limit, and scores do not change."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

import bundles_made
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.students import word_cache
from kd_edge_runtime.students.sorted_words import SortedWords
from kd_edge_runtime.students.word_cache import WordCaches
from kd_edge_runtime.students.word_sums import PAIR, WORD, IndexedWords
from kd_edge_runtime.text.counts import Counter
from kd_edge_runtime.text.known_ngrams import Known
from kd_edge_runtime.text.rules import words

POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]
STUDENTS = [bundles_made.student(seed=seed) for seed in range(6)]


def texts(number, seed=0):
    rng = random.Random(seed)
    odd = [f"word{at}" for at in range(200)]
    return [" ".join(rng.choices([*POOL, *odd], k=25)) for _ in range(number)]


def models(searched=False):
    """A model for each student, and what they share; as in a bundle of many items if `searched`."""
    caches = WordCaches(len(STUDENTS))
    if searched:
        caches.may_index = lambda _: False
    return caches, [PlainModel(student, caches) for student in STUDENTS]


def size(model):
    """The estimated size of all that a model has cached."""
    words = model._cache.words
    if isinstance(words, SortedWords):
        pairs = len(words._pairs)
    else:
        pairs = sum(map(len, words._after.values()))
    return sum(len(word) + WORD for word in words.met) + pairs * PAIR


@pytest.mark.parametrize("searched", [False, True])
@pytest.mark.parametrize("limit", [1, 5000, 30_000, 150_000, 10**7])
@pytest.mark.parametrize("idle", [7, 4000])
def test_all_items_stay_within_one_limit_and_score_alike(monkeypatch, limit, searched, idle):
    expected = [PlainModel(student).probabilities(texts(40)) for student in STUDENTS]
    monkeypatch.setattr(word_cache, "LIMIT", limit)
    monkeypatch.setattr(word_cache, "_IDLE", idle)
    caches, all_models = models(searched)
    found = [[] for _ in all_models]
    one_text = 25 * (WORD + 4 * PAIR)
    for text in texts(40):
        for model, scores in zip(all_models, found, strict=True):
            scores += model.probabilities([text])
            # A text is not cut: each item may have one that goes above what it was granted.
            assert sum(map(size, all_models)) <= limit + len(all_models) * one_text
    assert found == expected
    assert sum(caches._granted.values()) + caches._free == limit


@pytest.mark.parametrize("searched", [False, True])
def test_an_item_that_was_not_used_for_long_is_emptied_whole(monkeypatch, searched):
    monkeypatch.setattr(word_cache, "LIMIT", 90_000)
    monkeypatch.setattr(word_cache, "_IDLE", 20)
    _, (first, second, third, *_) = models(searched)
    for text in texts(5):
        first.probabilities([text])
        second.probabilities([text])
    kept = len(first._cache.words.met)
    for text in texts(30, seed=1):
        third.probabilities([text])
        first.probabilities(["the ice"])
    assert len(second._cache.words.met) == 0
    assert len(first._cache.words.met) >= kept


@pytest.mark.parametrize("searched", [False, True])
def test_items_that_take_turns_keep_their_words(monkeypatch, searched):
    monkeypatch.setattr(word_cache, "LIMIT", 60_000)
    _, all_models = models(searched)
    before = [0] * len(all_models)
    for text in texts(60):
        for at, model in enumerate(all_models):
            model.probabilities([text])
            words = model._cache.words
            assert len(words.met) >= before[at] or before[at] * (WORD + 5) > 60_000 / 6
            before[at] = len(words.met)
    assert all(model._cache.words.full for model in all_models)
    assert min(before) > 5


def test_an_item_alone_may_use_the_whole_limit(monkeypatch):
    monkeypatch.setattr(word_cache, "LIMIT", 60_000)
    _, (only, *_) = models()
    sizes = []
    for text in texts(30):
        only.probabilities([text])
        sizes.append(size(only))
    assert 45_000 < max(sizes) <= 80_000
    assert sizes != sorted(sizes)  # it was emptied, and went on


def test_an_item_in_use_goes_on_with_what_it_had(monkeypatch):
    monkeypatch.setattr(word_cache, "LIMIT", 20_000)
    monkeypatch.setattr(word_cache, "_IDLE", 0)
    _, (first, second, *_) = models()
    expected = PlainModel(STUDENTS[0]).probabilities(texts(30))
    found = []
    for _, _, probabilities in first.read(texts(30)):
        found.append(probabilities)
        second.probabilities(texts(3, seed=len(found)))
    assert found == expected


def test_threads_share_the_limit(monkeypatch):
    monkeypatch.setattr(word_cache, "LIMIT", 20_000)
    _, all_models = models()
    expected = [PlainModel(student).probabilities(texts(100)) for student in STUDENTS]
    found = [None] * len(all_models)

    def score(at):
        found[at] = [all_models[at].probabilities([text])[0] for text in texts(100)]

    threads = [threading.Thread(target=score, args=(at,)) for at in range(len(all_models))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_few_items_are_indexed_and_many_are_not():
    assert isinstance(PlainModel(STUDENTS[0])._cache.words, IndexedWords)
    assert isinstance(PlainModel(STUDENTS[0], WordCaches(2))._cache.words, IndexedWords)
    assert isinstance(PlainModel(STUDENTS[0], WordCaches(10**6))._cache.words, SortedWords)
    assert WordCaches(1).may_index(10**9)
    assert WordCaches(20).may_index(3500)
    assert not WordCaches(500).may_index(3500)


@pytest.mark.parametrize("limit", [1, 20_000, 1_000_000, 10**8])
def test_counters_of_other_backends_share_it_too(monkeypatch, limit):
    """A counter of n-grams for each item, and one of how many are known."""
    rng = random.Random(1)
    batches = [
        [" ".join(rng.choices(POOL, k=15) + [f"w{at}x{k}" for k in range(9)]) for at in batch]
        for batch in (range(start, start + 30) for start in range(0, 300, 30))
    ]
    wanted = [[Counter(one.vocabulary).count(batch) for batch in batches] for one in STUDENTS]
    monkeypatch.setattr(word_cache, "LIMIT", limit)
    caches = WordCaches(len(STUDENTS))
    counters = [Counter(student.vocabulary) for student in STUDENTS]
    known = [Known(student.vocabulary) for student in STUDENTS]
    for number, batch in enumerate(batches):
        for counter, one, right in zip(counters, known, wanted):
            caches.room(counter, len(batch))
            found = counter.count(batch)
            assert found.rows.tolist() == right[number].rows.tolist()
            for text, many in zip(batch, np.diff(found.starts).tolist()):
                caches.room(one, 1)
                assert one.count(words(text)) == many
    each = [len(one.words.number) for one in counters] + [len(one.words) for one in known]
    # What a batch of new words brings may go beyond the grant, until the next.
    assert WORD * sum(each) <= limit + len(each) * 30 * 10 * WORD
    assert (min(each) > 300 * 9) == (limit == 10**8), "all are kept only where there is room"
