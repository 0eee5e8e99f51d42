"""Why a person should look: every rule, and all of them against FORMAT.md read literally."""

from __future__ import annotations

import zlib
from math import floor, inf, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.flags import NAMES, copied, flagger, pair_code
from kd_edge_runtime.text.rules import words

PROMPT = words(
    "Two ice cubes lie on a table. One is in a scarf. Which of them melts first, and why?"
)
CODES = tuple(sorted({pair_code(*pair) for pair in zip(PROMPT, PROMPT[1:])}))
LIMITS = Flags(review=0.6, longest=30, distinct=1.2, known=(4.0, -6.0, 5.0), prompt=CODES)


def naive(limits, found, known, confidence):
    """As FORMAT.md says it."""
    n = len(found)
    codes = [
        zlib.crc32(f"{a} {b}".encode()) % 65536 in limits.prompt for a, b in zip(found, found[1:])
    ]
    off = inf if known is None else known - (limits.known or (0,))[0] * n
    rules = {
        "empty": lambda: n == 0,
        "long": lambda: limits.longest > 0 and n > limits.longest,
        "prompt": lambda: (
            n >= 8
            and sum(codes[floor((n - 2) * s / 4)] for s in range(5)) >= 4
            and sum(codes) >= 4 / 5 * (n - 1)
        ),
        "repeats": lambda: n >= 8 and len({*found}) < limits.distinct * n**0.75,
        "unlike": lambda: limits.known and (known == 0 or off < limits.known[1] * sqrt(n)),
        "list": lambda: limits.known and n >= 8 and off != inf and off > limits.known[2] * sqrt(n),
        "review": lambda: confidence < limits.review,
    }
    return next((name for name, rule in rules.items() if rule()), "")


@pytest.mark.parametrize(
    ("text", "known", "confidence", "wanted"),
    [
        ("", 0, 0.9, "empty"),
        ("a b c d e", 20, 0.9, ""),
        ("a b c d e", 20, 0.59, "review"),
        ("a b c d e", 20, 0.6, ""),
        (" ".join(map(str, range(30))), 120, 0.9, ""),
        (" ".join(map(str, range(31))), 124, 0.9, "long"),
        ("a b c d e", 7, 0.9, ""),  # 20 - 6 * sqrt(5) = 6.6
        ("a b c d e", 6, 0.9, "unlike"),
        ("idk", 0, 0.9, "unlike"),
        ("idk", 1, 0.9, ""),
        ("a b c d e f g h", 46, 0.9, ""),  # 32 + 5 * sqrt(8) = 46.1
        ("a b c d e f g h", 47, 0.9, "list"),
        ("a b c d e f g", 99, 0.9, ""),  # too few to be a list
        ("a b c d e f a b", 32, 0.9, ""),  # 1.2 * 8 ** 0.75 = 5.7
        ("a b c d e a b c", 32, 0.9, "repeats"),
        ("a a a a a a a", 28, 0.9, ""),
        (" ".join(PROMPT), 72, 0.1, "prompt"),
        (" ".join(PROMPT[3:11]), 32, 0.9, "prompt"),
        (" ".join(PROMPT[3:10]), 28, 0.9, ""),
        (" ".join(reversed(PROMPT)), 72, 0.9, ""),
        ("well " + " ".join(PROMPT), 76, 0.9, "prompt"),
    ],
)
def test_each_rule(text, known, confidence, wanted):
    assert flagger(LIMITS)(text.split(), known, confidence) == wanted
    assert naive(LIMITS, text.split(), known, confidence) == wanted


def test_nothing_is_flagged_without_limits():
    flag = flagger(Flags())
    assert flag([], None, 0.0) == "empty"
    for found in (["a"] * 1000, PROMPT, ["x"]):
        assert flag(found, 0, 0.0) == ""


def test_uncounted_n_grams_flag_nothing():
    assert flagger(LIMITS)(["a", "b", "c"], None, 0.9) == ""


def test_another_threshold():
    found = [*"abcde"]
    assert flagger(LIMITS, 0.8)(found, 20, 0.7) == "review"
    assert flagger(LIMITS, 0.0)(found, 20, 0.0) == ""
    assert flagger(LIMITS, 0.0)([], 0, 0.0) == "empty"


def test_a_copy_with_a_few_words_of_ones_own():
    codes = frozenset(CODES)
    assert copied(PROMPT, codes)
    for share, wanted in ((2, True), (9, False)):
        own = [f"own{at}" for at in range(share)]
        assert copied([*own, *PROMPT], codes) == wanted
    # Each other word is another: as many words of the prompt, and no pair.
    assert not copied([word if at % 2 else "x" for at, word in enumerate(PROMPT)], codes)


@pytest.mark.parametrize(
    ("number", "changed", "wanted"),
    [
        (41, (), True),
        (41, (10, 15), True),  # one of the pairs at 0, 9, 19, 29 and 39, and 36 of 40 are there
        (41, (10, 20), False),  # two of these are not
        (41, (5, 14, 24, 34), True),  # 32 of 40
        (41, (0, 5, 14, 24, 34), False),  # 31
        (10, (), True),
        (10, (0,), True),  # 8 of 9
        (10, (4,), False),  # 7
        (8, (1,), False),
        (8, (7,), True),
    ],
)
def test_how_much_of_a_prompt_is_a_copy(number, changed, wanted):
    prompt = [f"word{at}" for at in range(number)]
    codes = frozenset(pair_code(*pair) for pair in zip(prompt, prompt[1:]))
    response = [f"own{at}" if at in changed else word for at, word in enumerate(prompt)]
    assert copied(response, codes) == wanted


WORDS = st.one_of(
    st.lists(st.sampled_from([*PROMPT, "other", "ß", "\U0001f600"]), max_size=40),
    st.tuples(st.integers(0, 18), st.integers(0, 18), st.lists(st.just("own"), max_size=4)).map(
        lambda cut: [*PROMPT[cut[0] : cut[1]], *cut[2]]
    ),
)
LIMIT = st.builds(
    Flags,
    review=st.floats(0, 1),
    longest=st.integers(0, 40),
    distinct=st.floats(0, 3),
    known=st.sampled_from([(), (4.0, -6.0, 5.0), (0.0, 0.0, 0.0)]),
    prompt=st.sampled_from([(), CODES]),
)


@given(LIMIT, WORDS, st.one_of(st.none(), st.integers(0, 200)), st.floats(0, 1))
def test_all_rules_are_the_formats(limits, found, known, confidence):
    said = flagger(limits)(found, known, confidence)
    assert said == naive(limits, found, known, confidence)
    assert said in ("", *NAMES)
