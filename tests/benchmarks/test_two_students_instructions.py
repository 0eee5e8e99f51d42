"""The second of two students as a bundle of its own, and which responses it is asked about."""

from __future__ import annotations

from pathlib import Path

from benchmarks.two_students_instructions import _by_confidence, write_second
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.scorer import Scorer

CASCADE = Path(__file__).parent.parent / "bundles" / "cascade-1.kdz"


def test_the_second_alone_scores_as_in_the_bundle_of_two(tmp_path):
    path = tmp_path / "second.kdz"
    with Bundle(CASCADE) as bundle:
        (entry,) = [one for one in bundle.manifest.items if one.second]
        write_second(bundle, entry.item_id, path)
        alone = of_second(entry)
        with Bundle(path) as written:
            (item,) = written.manifest.items
            assert (item.item_id, item.second) == (entry.item_id, None)
            assert (item.classes, item.student) == (entry.classes, alone.student)
            for old, new in zip(alone.forms.values(), item.forms.values(), strict=True):
                assert written.read(new) == bundle.read(old)
            assert written.read(item.vectorizer) == bundle.read(alone.vectorizer)


def test_responses_are_parted_by_the_first_ones_confidence():
    texts = ["the ice melts", "", "a spoon", "it is cold and the lamp is warm", "?", "no no no"]
    with Scorer.open(CASCADE, first_only=True) as scorer:
        (item,) = [one for one in scorer.bundle.manifest.items if one.second]
        below = item.second.below
        confident = [scorer.score(text, item.item_id).confidence >= below for text in texts]
    sure, unsure = _by_confidence(CASCADE, item.item_id, texts)
    assert sure == [text for text, is_sure in zip(texts, confident, strict=True) if is_sure]
    assert unsure == [text for text in texts if text not in sure]
