"""The transformer student: cut out of its teacher, trained, saved and read again."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from families import CLASSES, FAMILIES, WIDTH, cut_student, family_teacher
from kd_edge.stages.record import StoppedError
from kd_edge.students import store, transformer
from kd_edge.students.base import TextSources
from kd_edge.students.tokens import EncodedTokens
from kd_edge.students.transformer import TransformerOptions
from kd_edge.teacher import vectors as kept_vectors
from kd_edge.teacher.predict import predict
from kd_edge_runtime.errors import InputError
from workshop import sentences

KIND = transformer.KIND
TEXTS = sentences(12) * 3
LAYERS = {"layers": (0, 3)}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return family_teacher(tmp_path_factory.mktemp("bert") / "teacher", "bert", TEXTS)


def _student(teacher, values=LAYERS):
    return cut_student(KIND, TextSources(TEXTS, teacher), values)


@pytest.mark.parametrize("classify", [False, True], ids=["encoder", "classifier"])
@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_read_again_without_the_teacher(tmp_path, name, classify):
    teacher = family_teacher(tmp_path / "teacher", name, TEXTS, classify=classify)
    student = _student(teacher, {"layers": range(4)})
    expected = student.probabilities(TEXTS[:9])
    assert np.abs(expected - predict(teacher, TEXTS[:9], "fp32", device="cpu")).max() < 1e-4
    teacher.rename(tmp_path / "gone")
    store.save(student, tmp_path / "student")
    kept = store.load(tmp_path / "student")
    assert np.array_equal(kept.probabilities(TEXTS[:9]), expected)
    assert kept.options == student.options
    assert kept.options.layers == (0, 1, 2, 3)
    assert kept.network.last.out_features == len(CLASSES)


def test_what_an_option_leaves_open_is_what_was_cut(teacher):
    student = _student(teacher, {})
    assert student.options.layers == (0, 3)
    assert student.options.longest == 24, "as many tokens as the teacher reads"
    assert student.options.config["num_hidden_layers"] == 2
    assert TransformerOptions(layers=[1, 2]) == TransformerOptions(layers=(1, 2))


def test_a_teacher_is_needed_and_it_must_give_the_items_scores(teacher):
    with pytest.raises(InputError, match="name the teacher's folder"):
        KIND.learn_text(TextSources(TEXTS), KIND.options())
    text = KIND.learn_text(TextSources(TEXTS, teacher), KIND.options())
    with pytest.raises(InputError, match="gives 3 scores and the responses have 4"):
        KIND.build(text, 4, KIND.fit_options({}, text))


def test_the_new_layer_learns_faster_than_what_was_trained(teacher):
    network = _student(teacher).network
    assert {id(part) for part in network.new_parameters} == {
        id(network.last.weight),
        id(network.last.bias),
    }


def test_padding_changes_nothing(teacher):
    network = _student(teacher).network
    encoded = EncodedTokens([[2, 9, 8, 3], [2, 3], [2, *[5] * 20, 3]])
    together = network(*encoded.batch(np.arange(3)))
    assert together.shape == (3, 3)
    for at in range(3):
        alone = network(*encoded.batch(np.array([at])))[0]
        assert torch.allclose(together[at], alone, atol=1e-5)


def test_a_response_without_a_token_counts_as_a_pad(teacher):
    network = _student(teacher).network
    empty = network(*EncodedTokens([[]]).batch(np.array([0])))
    assert torch.equal(empty, network(torch.tensor([[0]]), torch.tensor([[1]])))


@pytest.mark.parametrize("classify", [False, True], ids=["encoder", "classifier"])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_teachers_vectors_are_those_of_a_student_with_all_its_layers(tmp_path, name, classify):
    teacher = family_teacher(tmp_path / "teacher", name, TEXTS, classify=classify)
    student = _student(teacher, {"layers": range(4)})
    texts = [*TEXTS[:5], ""]
    found = KIND.teacher_vectors(student.text, texts, tmp_path / "kept")
    assert found.shape == (6, WIDTH)
    inputs = student.text.encode(texts).batch(np.arange(6))
    with torch.no_grad():
        logits, vectors = student.network.with_vectors(*inputs)
        assert torch.equal(logits, student.network(*inputs))
    assert np.abs(vectors.numpy() - found).max() < 1e-4


def test_vectors_are_kept(teacher, tmp_path, monkeypatch):
    text = _student(teacher).text
    found = KIND.teacher_vectors(text, TEXTS, tmp_path / "kept")
    with monkeypatch.context() as patch:
        patch.setattr(kept_vectors, "load_teacher", lambda _: pytest.fail("they were made again"))
        assert np.array_equal(KIND.teacher_vectors(text, TEXTS, tmp_path / "kept"), found)
    kept = next((tmp_path / "kept").iterdir())
    kept.write_bytes(b"torn")
    assert np.array_equal(KIND.teacher_vectors(text, TEXTS, tmp_path / "kept"), found)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_vectors, "by_length", stop)
    with pytest.raises(StoppedError, match="Start the same command again"):
        KIND.teacher_vectors(text, TEXTS[:3], tmp_path / "kept")


def test_options_of_the_recipe():
    assert (KIND.recipe_for(KIND.options()).variants, KIND.recipe.vector_weight) == (20_000, 0)
    chosen = KIND.recipe_for(KIND.options({"variants": None, "vector_weight": 2.0}))
    assert (chosen.variants, chosen.vector_weight) == (None, 2.0)
    for wrong, said in (
        ({"variants": -1}, "-1 variants"),
        ({"vector_weight": -0.1}, "weight is -0.1"),
        ({"vector_weight": math.nan}, "weight is nan"),
    ):
        with pytest.raises(InputError, match=said):
            KIND.options(wrong)


@pytest.mark.parametrize("name", FAMILIES)
def test_attention_while_it_learns_is_the_same(tmp_path, name):
    network = _student(family_teacher(tmp_path / "teacher", name, TEXTS), {}).network
    batch = EncodedTokens([[2, 9, 8, 3], [2, 5, 3]]).batch(np.array([0, 1]))
    expected = network(*batch)
    for part in network.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    with torch.no_grad():
        assert torch.allclose(network.train()(*batch), expected, atol=1e-4)
    assert torch.equal(network.eval()(*batch), expected)


def test_dropout_is_for_training(teacher):
    batch = EncodedTokens([[2, 9, 8, 3]]).batch(np.array([0]))
    network = _student(teacher).network
    assert torch.equal(network(*batch), network(*batch))
    assert not torch.equal(network.train()(*batch), network(*batch))
