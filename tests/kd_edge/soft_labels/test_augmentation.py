"""Variants: how they are made, scored in chunks, and read."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.responses import Row
from kd_edge.soft_labels import augmentation
from kd_edge.soft_labels import label_variants as variant_labels
from kd_edge.soft_labels.augmentation import MIX, make_variants, variant_sources, variants_for
from kd_edge.soft_labels.label_variants import clear_partial, label_variants, read_variants
from kd_edge.stages.record import StoppedError, hash_json
from kd_edge.teacher import predict as teacher_predict
from kd_edge.teacher import predict_onnx
from kd_edge.teacher.finetune import TeacherOptions, finetune
from kd_edge_runtime.errors import InputError, TableError
from tiny import tiny_item, tiny_teacher

ITEM = tiny_item()
TEXTS = [row.text for row in ITEM.rows]
ANSWERS = [
    "You need to know the mass, and how long. Then repeat it; also the vinegar",
    "The type of container they used",
    "How much vinegar, but not when",
]
CLASSES = ("0", "1", "2")
GOLDEN = [
    "You need to know the mass, also the vinegar",
    "but not when",
    "Then repeat it",
    "How much but not when",
    "How much vinegar",
]

_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(deadline=None, max_examples=100)
@given(texts=st.lists(_texts, max_size=5), count=st.integers(0, 30), seed=st.integers(0, 2**32))
def test_variants_of_any_texts(texts, count, seed):
    if not any(text.split() for text in texts):
        with pytest.raises(InputError):
            make_variants(texts, count, seed)
        return
    made = make_variants(texts, count, seed)
    assert len(made) == count
    assert all(text and text == " ".join(text.split()) for text in made)
    assert make_variants(texts, count, seed) == made
    assert make_variants(texts, count + 3, seed)[:count] == made


def test_variants_are_new_and_many():
    made = make_variants(TEXTS, 2000, seed=0)
    assert len(set(made)) == 2000
    assert not set(made) & set(TEXTS)
    assert make_variants(TEXTS, 2000, seed=1) != made


def test_variants_depend_on_neither_process_nor_hash_seed():
    code = (
        "from kd_edge.soft_labels.augmentation import make_variants\n"
        "from kd_edge.stages.record import hash_json\n"
        f"print(hash_json(make_variants({ANSWERS!r}, 300, 7)))\n"
    )
    path = os.pathsep.join(filter(None, sys.path))
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {hash_json(make_variants(ANSWERS, 300, 7))}
    # the same on every machine and in every version: change it knowingly
    assert make_variants(ANSWERS, 5, 7) == GOLDEN


@pytest.mark.parametrize(
    ("rows", "wanted", "count"),
    [(10, None, 20_000), (1000, None, 40_000), (9000, None, 50_000), (10, 7, 7), (10, 0, 0)],
)
def test_how_many_variants(rows, wanted, count):
    assert variants_for(rows, wanted) == count


def test_no_fewer_than_no_variants():
    with pytest.raises(InputError, match="negative"):
        variants_for(10, -1)


def test_the_mix_is_whole():
    assert sum(share for _, share in MIX) == pytest.approx(1.0)
    assert all(share > 0 for _, share in MIX)


def _made(maker, texts=ANSWERS, times=300):
    rng = random.Random(3)
    return [maker(rng, texts) for _ in range(times)]


def test_recombine_shuffles_whole_clauses():
    clauses = {
        "You need to know the mass", "and how long.", "Then repeat it", "also the vinegar",
        "The type of container they used", "How much vinegar", "but not when",
    }  # fmt: skip
    pieces = {piece for clause in clauses for piece in clause.split()}
    made = _made(augmentation.recombine)
    assert all(set(text.split()) <= pieces for text in made)
    assert any(text.startswith("but not when") for text in made)
    assert "Then repeat it" in made


def test_drop_span_takes_neighbours_out():
    words = ANSWERS[0].split()
    for text in _made(augmentation.drop_span, ANSWERS[:1]):
        kept = text.split()
        gone = len(words) - len(kept)
        assert 1 <= gone <= len(words) // 2
        assert any(kept == words[:i] + words[i + gone :] for i in range(len(words)))


def test_drop_words_takes_some_out_and_keeps_the_order():
    words = ANSWERS[0].split()
    gone = []
    for text in _made(augmentation.drop_words, ANSWERS[:1]):
        rest = iter(words)
        kept = text.split()
        assert all(word in rest for word in kept)
        gone.append(1 - len(kept) / len(words))
    assert 0.12 < np.mean(gone) < 0.23


def test_splice_is_a_head_and_a_tail():
    first, second = "a b c d", "w x y z"
    for text in _made(augmentation.splice, [first, second]):
        pairs = [(a, b) for a in (first, second) for b in (first, second)]
        assert any(
            text == " ".join(a.split()[:i] + b.split()[j:])
            for a, b in pairs
            for i in range(4)
            for j in range(4)
        )
    assert any(
        {"a", "z"} <= set(text.split()) for text in _made(augmentation.splice, [first, second])
    )


def test_misspell_touches_one_to_three_longer_words():
    words = ["the", "mass", "of", "VINEGAR", "and", "each", "container", "in", "it"]
    changes = set()
    for text in _made(augmentation.misspell, [" ".join(words)]):
        changed = [(a, b) for a, b in zip(words, text.split(), strict=True) if a != b]
        assert len(changed) <= 3
        assert all(len(a) >= 4 and abs(len(a) - len(b)) <= 1 for a, b in changed)
        changes |= {len(b) - len(a) for a, b in changed}
    assert changes == {-1, 0, 1}
    assert set(_made(augmentation.misspell, ["it is so"])) == {"it is so"}


def test_a_neighbouring_key_keeps_its_case():
    rng = random.Random(0)
    assert {augmentation._neighbour(rng, "q") for _ in range(50)} == {"w"}
    assert {augmentation._neighbour(rng, "S") for _ in range(50)} == {"A", "D"}
    assert {augmentation._neighbour(rng, "ß") for _ in range(50)} == {"ß"}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    options = TeacherOptions(
        model=str(tiny_teacher(folder / "model")), epochs=1, precision="fp32", device="cpu"
    )
    return finetune(ITEM, ITEM.rows, options, folder / "teacher").folder


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(variant_labels, "CHUNK", 40)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("small_chunks")
def test_variants_are_scored_and_read_back(teacher, tmp_path):
    made = make_variants(TEXTS, 100, seed=0)
    path = tmp_path / "new" / "variants.csv"
    path.parent.mkdir()
    found = label_variants(made, [teacher], path, precision="fp32")
    assert found.texts == tuple(made)
    expected = teacher_predict.predict(teacher, made, precision="fp32")
    assert np.abs(found.probabilities - expected).max() < 2e-6
    assert _names(path.parent) == [".variants.csv.partial", "variants.csv"]
    clear_partial(path)
    assert _names(path.parent) == ["variants.csv"]
    lines = path.read_text().splitlines()
    assert lines[0] == "variant_id,text,p_0,p_1,p_2"
    assert lines[1].startswith("v000000,")
    again = read_variants(path, CLASSES)
    assert again.texts == found.texts
    assert np.array_equal(again.probabilities, found.probabilities)


def _count_scored(monkeypatch, stop_after=None):
    scored = []
    original = teacher_predict.predict

    def predict(model, texts, *args, **options):
        if stop_after is not None and len(scored) == stop_after:
            raise KeyboardInterrupt
        scored.append(len(texts))
        return original(model, texts, *args, **options)

    monkeypatch.setattr(predict_onnx, "predict", predict)
    return scored


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("torn", [False, True])
def test_a_stopped_run_loses_one_chunk_at_most(teacher, tmp_path, monkeypatch, torn):
    made = make_variants(TEXTS, 100, seed=0)
    whole = tmp_path / "whole.csv"
    label_variants(made, [teacher], whole, precision="fp32")
    path = tmp_path / "variants.csv"
    with monkeypatch.context() as patch:
        _count_scored(patch, stop_after=2)
        with pytest.raises(StoppedError, match="same command again"):
            label_variants(made, [teacher], path, precision="fp32")
    assert not path.exists()
    partial = tmp_path / ".variants.csv.partial"
    if torn:
        partial.write_bytes(partial.read_bytes()[:-20])
    scored = _count_scored(monkeypatch)
    label_variants(made, [teacher], path, precision="fp32")
    assert scored == ([40, 20] if torn else [20])
    assert path.read_bytes() == whole.read_bytes()
    for one in (path, whole):
        clear_partial(one)
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["variants.csv", "whole.csv"]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("line", "again"), [(0, [40, 40, 20]), (1, [40, 40, 20]), (2, [40, 20])])
def test_a_changed_score_that_was_saved_is_made_again(
    teacher, tmp_path, monkeypatch, capsys, line, again
):
    made = make_variants(TEXTS, 100, seed=0)
    whole, path = tmp_path / "whole.csv", tmp_path / "variants.csv"
    label_variants(made, [teacher], whole, precision="fp32")
    with monkeypatch.context() as patch:
        _count_scored(patch, stop_after=2)
        with pytest.raises(StoppedError):
            label_variants(made, [teacher], path, precision="fp32")
    partial = tmp_path / ".variants.csv.partial"
    lines = partial.read_bytes().splitlines(keepends=True)
    at = lines[line].rindex(b"]") - 2
    lines[line] = lines[line][:at] + bytes([lines[line][at] ^ 1]) + lines[line][at + 1 :]
    partial.write_bytes(b"".join(lines))
    scored = _count_scored(monkeypatch)
    label_variants(made, [teacher], path, precision="fp32")
    assert scored == again
    assert path.read_bytes() == whole.read_bytes()
    assert ("damaged or cut short: made again" in capsys.readouterr().err) == (line > 0)


@pytest.mark.usefixtures("small_chunks")
def test_other_works_partial_file_is_not_used(teacher, tmp_path, monkeypatch):
    made = make_variants(TEXTS, 80, seed=0)
    path = tmp_path / "variants.csv"
    with monkeypatch.context() as patch:
        _count_scored(patch, stop_after=1)
        with pytest.raises(StoppedError):
            label_variants(made, [teacher], path, precision="fp32")
    scored = _count_scored(monkeypatch)
    found = label_variants(made[::-1], [teacher], path, precision="fp32")
    assert scored == [40, 40]
    assert found.texts == tuple(made[::-1])


def test_texts_that_try_a_csv(teacher, tmp_path):
    made = ['a "quoted", cup', "=1+1", "ice; lamp", "'", "ä\u2028ß"]
    assert label_variants(made, [teacher], tmp_path / "v.csv").texts == tuple(made)


def test_no_variants(teacher, tmp_path):
    found = label_variants([], [teacher], tmp_path / "v.csv")
    assert found.texts == ()
    assert found.probabilities.shape == (0, 3)


def test_another_models_variants(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("response_id,text,score\nv1,A cup,2\nv2,Ice,0\n")
    found = read_variants(path, CLASSES)
    assert found.texts == ("A cup", "Ice")
    assert found.probabilities.tolist() == [[0, 0, 1], [1, 0, 0]]
    path.write_text("response_id,text,score\na,,1\nv1,A cup,2\n")
    with pytest.raises(TableError) as caught:
        read_variants(path, CLASSES)
    (problem,) = caught.value.problems
    assert (problem.row, problem.column, problem.message) == (2, "text", "empty")


def test_sources_of_a_rare_class_come_more_often():
    rows = [Row(f"r{at}", "i", f"text {at}", score) for at, score in enumerate([0] * 90 + [1] * 10)]
    found = variant_sources(rows)
    assert found[:90] == [row.text for row in rows[:90]]
    assert found[90:] == [row.text for row in rows[90:] for _ in range(3)]  # the root of 9


def test_sources_of_even_classes_are_the_texts():
    rows = [Row(f"r{at}", "i", f"text {at}", at % 3) for at in range(31)]
    assert variant_sources(rows) == [row.text for row in rows]
    assert variant_sources([]) == []
