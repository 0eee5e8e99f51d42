"""A reference answer and a response as a `cross` student reads them."""

from __future__ import annotations

import random

import pytest

from format_doc import section, tables
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.reference_parts import ADDED, MOST_IDS, ReferenceParts, parts_of

START, BETWEEN = 2, 3
TEXT = {
    "tokens": 20,
    "start": START,
    "between": BETWEEN,
    "references": [[5, 6, 7], [7, 8, 7]],
    "weights": [1, 1, 1, 9],
}


def joined(response, longest=12, **text):
    return parts_of({**TEXT, **text}, longest, "lamp").reader().join(response)


def test_the_nearest_reference_is_read_with_the_response():
    assert joined([5, 6]) == [2, 5, 6, 7, 3, 5, 6, 3]
    assert joined([5, 8]) == [2, 7, 8, 7, 3, 5, 8, 3], "of the greater weight"
    assert joined([]) == [2, 5, 6, 7, 3, 3], "of equals the first"
    assert joined([9], references=[], weights=[]) == [2, 3, 9, 3]


def test_the_response_is_kept_before_the_reference():
    assert joined([5] * 7) == [2, 5, 6, 3, *[5] * 7, 3]
    assert joined([5] * 20) == [2, 3, *[5] * 9, 3]
    assert joined([5], longest=4) == [2, 3, 5, 3]


def test_it_is_what_the_rules_say():
    rng = random.Random(0)
    for _ in range(200):
        references = [rng.choices(range(4, 12), k=rng.randint(1, 6)) for _ in range(3)]
        codes = sorted({code for one in references for code in one})
        weights = [rng.randint(1, 5) for _ in codes]
        longest, response = rng.randint(4, 14), rng.choices(range(4, 14), k=rng.randint(0, 9))
        kept = response[: longest - 3]
        weight = dict(zip(codes, weights))

        def nearness(one, kept=kept, weight=weight):
            shared = {*one} & {*kept}
            recall = sum(map(weight.get, shared)) / sum(map(weight.get, {*one}))
            return recall, len(shared)

        best = max(references, key=nearness)
        expected = [2, *best[: longest - 3 - len(kept)], 3, *kept, 3]
        found = joined(response, longest, references=references, weights=weights)
        assert found == expected
        assert len(found) <= longest


@pytest.mark.parametrize(
    "wrong",
    [
        {"references": None},
        {"references": [[]]},
        {"references": [[5, 20]]},
        {"references": [[-1]], "weights": [1]},
        {"references": [5]},
        {"references": [[True]], "weights": [1]},
        {"references": [["5"]], "weights": [1]},
        {"references": [[[5]]], "weights": [1]},
        {"references": {"5": [5]}},
        {"references": [[5] * 65_536, [5]], "weights": [1]},
        {"references": [[1 << 62]], "weights": [1], "tokens": 1 << 63},
        {"weights": [1, 1, 1]},
        {"weights": [1, 1, 1, 0]},
        {"weights": [1, 1, 1, 0.5]},
        {"weights": [1, 1, 1, 1 << 53]},
        {"weights": [1, 1, 1, 9, 9]},
        {"weights": "1119"},
        {"start": None},
        {"start": True},
        {"start": -1},
        {"between": 20},
        {"between": 3.0},
        {"tokens": None},
    ],
)
def test_what_is_not_so_is_refused(wrong):
    with pytest.raises(BundleError, match="item 'lamp': text: "):
        joined([5], **wrong)


def test_as_many_tokens_as_may_be():
    assert joined([9], references=[[5] * 65_536], weights=[1]) == [2, *[5] * 8, 3, 9, 3]


def test_a_tokenizer_that_leaves_no_room_is_refused():
    with pytest.raises(BundleError, match="lamp"):
        joined([5], longest=3)


def test_it_is_a_value():
    parts = parts_of(TEXT, 12, "lamp")
    assert parts == ReferenceParts(2, 3, ((5, 6, 7), (7, 8, 7)), (1, 1, 1, 9), 12)


def test_the_document_says_the_same():
    told = section(19)
    _, examples = tables(told)
    for response, _, read in examples:
        assert joined([*map(int, response.split())], 9) == [*map(int, read.split())]
    assert f"at most {MOST_IDS:,}." in told
    assert f"together | {MOST_IDS:,} |" in section(17)
    assert f"start, the first max_length − {ADDED} − r ids" in told
