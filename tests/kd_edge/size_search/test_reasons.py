"""What was chosen and why, in sentences."""

from __future__ import annotations

from kd_edge.size_search.reasons import reasons
from kd_edge.size_search.search import Sized
from kd_edge.size_search.tried import Limits, Tried, Untrained
from kd_edge.students.registry import BOTH, SECOND

LARGE = Limits(8_000_000)
BAG = Tried(3500, 8, 8, 28_044, 39_120, 0.82, 0.74, True, 0.03)
SMALL = Tried(700, 4, 4, 2_824, 8_100, 0.81, 0.715, True, 0.02)
CUT = Tried(0, 0, 0, 4_400_000, 3_900_000, 0.84, 0.75, True, 1.5, SECOND, (0, 5))
PAIR = Tried(3500, 8, 8, 4_428_044, 3_940_000, 0.845, 0.755, True, 0.52, BOTH, (0, 5), 0.3)


def of(chosen, *others, untrained=(), limits=LARGE):
    return reasons(Sized(None, chosen, (chosen, *others), untrained=untrained), limits)


def test_the_best_of_several():
    assert of(PAIR, CUT, BAG) == (
        "Chosen: a bag with a transformer of layers 0, 5, 3,940,000 bytes and 0.52 ms a response. "
        "Its QWK on held-out responses, 0.845, is the highest of the 3 tried that are within "
        "8,000,000 bytes (a transformer of layers 0, 5: 0.840). Nothing that was tried beyond the "
        "limits is better."
    )


def beyond(size):
    return Tried(**{**size.__dict__, "fits": False})


def test_what_more_bytes_would_buy():
    text = of(SMALL, beyond(BAG), beyond(PAIR), limits=Limits(16_000))
    assert "is that of the only one tried that is within 16,000 bytes." in text
    assert text.endswith(
        "With 39,120 bytes and 0.03 ms a response, a bag of 3,500 n-grams would have 0.820."
    )


def test_what_more_time_would_buy():
    text = of(BAG, beyond(CUT), beyond(PAIR), limits=Limits(8_000_000, 0.1))
    assert "With 3,940,000 bytes and 0.52 ms a response, a bag with a transformer" in text


def test_transformers_that_were_not_trained():
    none = (Untrained((0, 5), 4_000_000), Untrained((0,), 1_900_000))
    text = of(BAG, untrained=none, limits=Limits(64_000))
    assert text.endswith(
        "A transformer of layer 0 takes at least 1,900,000 bytes, and was not trained."
    )
    text = of(BAG, untrained=(Untrained((0,), 1_900_000, 1.25),), limits=Limits(ms=0.05))
    assert text.endswith("A transformer of layer 0 takes 1.25 ms a response, and was not trained.")
