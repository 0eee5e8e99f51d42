"""The Python API: from probabilities to scores, items, flags."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
import kd_edge_runtime
from kd_edge.distillation.outliers import prompt_codes
from kd_edge_runtime import Scorer
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED, Flags
from kd_edge_runtime.errors import BackendError, BundleError, InputError
from kd_edge_runtime.scorer import Score, decide, expectation
from usual import HERE, USUAL

SCALE = (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("probabilities", "values", "most_probable", "nearest"),
    [
        ((1.0, 0.0, 0.0, 0.0), SCALE, 0, 0),
        ((0.0, 0.0, 0.0, 1.0), SCALE, 3, 3),
        ((0.5, 0.0, 0.0, 0.5), SCALE, 0, 2),  # expected 1.5: halves go up
        ((0.25, 0.25, 0.25, 0.25), SCALE, 0, 2),
        ((0.5, 0.5, 0.0, 0.0), SCALE, 0, 1),  # 0.5: up
        ((0.0, 0.5, 0.5, 0.0), SCALE, 1, 2),
        ((0.4, 0.3, 0.2, 0.1), SCALE, 0, 1),
        ((0.51, 0.49, 0.0, 0.0), SCALE, 0, 0),
        ((0.0, 0.1, 0.45, 0.45), SCALE, 2, 2),
        ((0.5, 0.5), (0, 1), 0, 1),
        ((0.5, 0.5), (-1, 0), 0, 1),  # -0.5: up
        ((0.5, 0.5), (-2, -1), 0, 1),  # -1.5: up
        ((0.5, 0.5), (0, 10), 0, 0),  # 5: as near to one as to the other, the lower
        ((0.4, 0.6), (0, 10), 1, 1),
        ((0.2, 0.3, 0.5), (1, 3, 6), 2, 1),  # 4.1
        ((0.1, 0.3, 0.6), (1, 3, 6), 2, 2),  # 4.6: 5
        ((0.6, 0.3, 0.1), (0, 0.5, 1), 0, 1),  # 0.25: half way, up
        ((0.7, 0.2, 0.1), (0, 0.5, 1), 0, 0),  # 0.2
        ((0.1, 0.3, 0.6), (0, 0.5, 1), 2, 2),  # 0.75: half way, up
        ((0.2, 0.3, 0.5), (0, 0.5, 3), 2, 1),  # 1.65, below the middle of 0.5 and 3
        ((0.0, 0.3, 0.7), (0, 0.5, 3), 2, 2),
        ((0.4, 0.6), (6, 1), 1, 1),  # 3
        ((0.2, 0.8, 0.0), (1.7, 1.3, 1.0), 1, 1),  # 1.38
        ((0.5, 0.5, 0.0), (1.7, 1.3, 1.0), 0, 0),  # 1.5: half way, to the greater number
    ],
)
def test_decide(probabilities, values, most_probable, nearest):
    assert decide(probabilities, values, MOST_PROBABLE) == most_probable
    assert decide(probabilities, values, NEAREST_EXPECTED) == nearest


def test_a_half_is_a_half_however_it_was_added_up():
    for half in (0.5 - 2**-53, 0.5, 0.5 + 2**-52, 0.4999999999):
        assert decide((1 - half, half, 0.0), (0, 1, 2), NEAREST_EXPECTED) == 1
        assert decide((0.0, 1 - half, half), (0, 1, 2), NEAREST_EXPECTED) == 2
    assert expectation((0, 1, 2))((0.0, 0.5, 0.4999999999999999)) == 1.4999999999999998
    assert decide((0.0, 0.5, 0.4999999999999999), (0, 1, 2), NEAREST_EXPECTED) == 2
    assert decide((0.0, 0.50000001, 0.49999999), (0, 1, 2), NEAREST_EXPECTED) == 1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda one: sum(one) > 0.01))
def test_decide_is_the_class_next_to_the_expected_score(shares):
    probabilities = [share / sum(shares) for share in shares]
    points = [at * (at + 1) / 4 for at in range(len(shares))]
    expected = expectation(points)(probabilities)
    assert expected == pytest.approx(sum(a * b for a, b in zip(probabilities, points)))
    at = decide(probabilities, points, NEAREST_EXPECTED)
    apart = [abs(point - expected) for point in points]
    assert apart[at] <= min(apart) + 1e-8
    turned = decide(probabilities[::-1], points[::-1], NEAREST_EXPECTED)
    assert len(points) - 1 - turned == at


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda one: sum(one) > 0.01))
def test_decide_is_always_a_class(shares):
    probabilities = [share / sum(shares) for share in shares]
    values = range(len(shares))
    most = decide(probabilities, values, MOST_PROBABLE)
    assert probabilities[most] == max(probabilities)
    assert max(probabilities) not in probabilities[:most]
    nearest = decide(probabilities, values, NEAREST_EXPECTED)
    assert abs(nearest - expectation(values)(probabilities)) <= 0.5 + 1e-6


def test_expected_score():
    assert expectation((0, 1, 4))((0.25, 0.25, 0.5)) == 2.25


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("scorer") / "two.kdz"
    bundles_made.write(path, bundles_made.two_items())
    return path


def test_the_package_offers_it():
    assert kd_edge_runtime.Scorer is Scorer
    assert kd_edge_runtime.Score is Score
    with pytest.raises(AttributeError, match="no attribute 'Scorers'"):
        kd_edge_runtime.Scorers  # noqa: B018


@pytest.mark.parametrize("backend", ["auto", *HERE])
def test_two_items(path, backend):
    texts = ["the ice melts", "", "the warm water in the pot", "?!"]
    with Scorer.open(str(path), backend) as scorer:
        for item, classes in (("stove", bundles_made.SCORES), ("spoon", bundles_made.WORDS)):
            scores = scorer.score_many(texts, item)
            assert [one.flag for one in scores] == ["", "empty", "", "empty"]
            for text, one in zip(texts, scores, strict=True):
                again = scorer.score(text, item)
                assert (again.predicted, again.flag) == (one.predicted, one.flag)
                assert again.probabilities == pytest.approx(one.probabilities, abs=1e-7)
                assert len(one.probabilities) == len(classes)
                assert sum(one.probabilities) == pytest.approx(1)
                assert one.predicted in classes
                assert one.confidence == one.probabilities[classes.index(one.predicted)]
                assert one.expected == pytest.approx(
                    sum(at * share for at, share in enumerate(one.probabilities))
                )
            assert scorer.backend(item) == (USUAL if backend == "auto" else backend)


PROMPT = "Why does the water in the pot get warm and what does the lid do"
FLAGS = Flags(
    review=0.4, longest=40, distinct=1.0, known=(3.0, -4.0, 6.0), prompt=prompt_codes([PROMPT])
)


@pytest.mark.parametrize("backend", ["auto", *HERE])
def test_every_backend_flags_the_same(tmp_path, backend):
    path = tmp_path / "one.kdz"
    bundles_made.write(path, [replace(bundles_made.item(), flags=FLAGS)])
    texts = {
        "": "The ice melts since the room is warmer than the ice.",
        "empty": "?!",
        "long": " ".join(bundles_made.SENTENCES),
        "prompt": PROMPT,
        "repeats": "the ice melts the ice melts the ice melts the ice melts",
        "unlike": "xyzzy plugh frotz",
    }
    with Scorer.open(path, backend, review_below=0) as scorer:
        assert [one.flag for one in scorer.score_many([*texts.values()])] == [*texts]
    bundles_made.write(path, [replace(bundles_made.item(), flags=Flags(review=0.4))])
    with Scorer.open(path, backend) as scorer:
        sure = [scorer.score(text) for text in bundles_made.SENTENCES]
        assert [one.flag == "review" for one in sure] == [one.confidence < 0.4 for one in sure]
        assert {one.flag for one in sure} >= {"", "review"}
    with Scorer.open(path, backend, review_below=1) as scorer:
        again = [scorer.score(text) for text in bundles_made.SENTENCES]
        assert {one.flag for one in again} == {"review"}
        assert [one[:3] for one in again] == [one[:3] for one in sure], "it changes no score"


def test_each_item_decides_its_own_way(path):
    # This text's most probable class is not the nearest to its expected score.
    text = "The water is warm because the metal spoon gets hot"
    with Scorer.open(path) as scorer:
        one = scorer.score(text, "stove")
        assert max(one.probabilities) == one.probabilities[3]
        assert one.predicted == "2"
        assert round(one.expected) == 2
        other = scorer.score(text, "spoon")
        assert other.confidence == max(other.probabilities)


def test_items_must_be_named_and_known(path, tmp_path):
    with Scorer.open(path) as scorer:
        for wrong in (scorer.score, scorer.score_many):
            given = "x" if wrong == scorer.score else ["x"]
            with pytest.raises(InputError, match="name one of them"):
                wrong(given)
            with pytest.raises(InputError, match="no item 'lid'"):
                wrong(given, "lid")
        assert scorer.score_many([], "stove") == []
    bundles_made.write(tmp_path / "one.kdz")
    with Scorer.open(tmp_path / "one.kdz") as scorer:
        assert scorer.score("the ice") == scorer.score("the ice", "stove")
        assert scorer.backend() == USUAL


def test_a_closed_scorer_still_scores_what_it_had_loaded(path):
    with Scorer.open(path) as scorer:
        before = scorer.score("the ice", "stove")
    assert scorer.score("the ice", "stove") == before
    with pytest.raises(BundleError):
        scorer.score("the ice", "spoon")


def test_opening_what_is_not_there(tmp_path, path):
    with pytest.raises(InputError, match="no such file"):
        Scorer.open(tmp_path / "none.kdz")
    with pytest.raises(BackendError, match="no backend 'jax'"):
        Scorer.open(path, "jax")


@pytest.mark.parametrize("texts", ["abc", [float("nan")], ["ice", None], [b"ice"]])
def test_what_is_no_list_of_strings(path, texts):
    with Scorer.open(path) as scorer, pytest.raises(TypeError):
        scorer.score_many(texts, "stove")


def test_errors_never_quote_a_response(path):
    with Scorer.open(path) as scorer:
        for item in (None, "lid"):
            with pytest.raises(InputError) as caught:
                scorer.score("canarybird", item)
            assert "canary" not in str(caught.value)


def rich(tmp_path, **text):
    item = bundles_made.item()
    bundles_made.write(tmp_path / "rich.kdz", [replace(item, text={**item.text, **text})])
    return tmp_path / "rich.kdz"


RICH, PLAIN = (
    "<p>The ice&nbsp;melts <b>fas</b>ter.</p><img src='data:,AA'>",
    "The ice melts faster.",
)


@pytest.mark.parametrize("backend", ["plain", "numpy"])
def test_rich_text_is_scored_as_what_it_shows(tmp_path, backend):
    bundles_made.write(tmp_path / "one.kdz")
    with Scorer.open(tmp_path / "one.kdz", backend) as scorer:
        plain, explained = scorer.score(PLAIN), scorer.explain(PLAIN)
        assert scorer.score(RICH) != plain
    with Scorer.open(rich(tmp_path, markup=1, rules=101), backend) as scorer:
        assert scorer.score(RICH) == scorer.score(PLAIN) == plain
        assert scorer.explain(RICH) == explained
        assert scorer.score("<p>&nbsp;</p>").flag == "empty"


@pytest.mark.parametrize("text", [{"rules": 101}, {"markup": 1}, {"markup": 2, "rules": 101}])
def test_rules_that_are_not_known_here(tmp_path, text):
    with Scorer.open(rich(tmp_path, **text)) as scorer, pytest.raises(BundleError, match="update"):
        scorer.score(PLAIN)
