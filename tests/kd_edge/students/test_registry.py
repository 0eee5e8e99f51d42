"""The kinds of student by name, and a new one."""

from __future__ import annotations

import pytest

from kd_edge.data.responses import Responses
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.runs.options import RunOptions
from kd_edge.runs.run import run
from kd_edge.students import bag, registry, rnn, transformer
from kd_edge.students.bag import BagNetwork, BagOptions, BagText, dimensions_for
from kd_edge.students.base import TextSources
from kd_edge.students.rnn import RnnNetwork, RnnOptions
from kd_edge.students.tokens import TokenText
from kd_edge.students.transformer import TransformerNetwork, TransformerOptions
from kd_edge_runtime import backends
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import SMALL, certain, item_of, sentences

TEXTS = sentences(30)


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_what_each_kind_brings(name):
    kind = registry.get(name)
    assert kind.name == name
    assert kind.recipe.epochs > 0
    assert kind.options() == kind.options_type()
    assert any(form.default for form in kind.forms.values())
    assert kind.holds
    read = {
        form
        for one in backends._BACKENDS.values()
        if kind.runs_as in one.students
        for form in one.forms
    }
    assert kind.forms.keys() <= read


@pytest.mark.parametrize("student", ["pairs", "cross", "both-together"])
def test_a_student_of_many_items_is_not_made_of_one(student, tmp_path):
    item, options = item_of(30), DistilOptions(student=student)
    data = LearningData(item, item.rows[:20], item.rows[20:], certain(item.rows, 3))
    responses = Responses((item,), "answers.csv", {}, "utf-8")
    for call in (
        lambda: data.learn_text(options.second or options),
        lambda: run(responses, tmp_path / "out", RunOptions(distil=options)),
    ):
        with pytest.raises(InputError, match="score many items by their reference answers"):
            call()
    assert not [*tmp_path.iterdir()]


def test_few_ngrams_have_longer_vectors_by_default():
    assert [dimensions_for(size) for size in (1, 1166, 1167, 1400, 3500, 60_000)] == [
        *(24, 24, 23, 20, 8, 8)
    ]
    words = bag.KIND.learn_text(TextSources(TEXTS), BagOptions())
    assert bag.KIND.fit_options({}, words) == BagOptions(dimensions=24)
    assert bag.KIND.fit_options({"dimensions": 3}, words) == BagOptions(dimensions=3)
    assert bag.KIND.fit_options({"gram": 0}, words) == BagOptions(dimensions=24, gram=0)
    assert rnn.KIND.fit_options({}, words) == RnnOptions()
    with pytest.raises(InputError, match="have no option size"):
        bag.KIND.fit_options({"size": 1}, words)


def test_options():
    assert bag.KIND.options() == BagOptions()
    assert rnn.KIND.options({}) == RnnOptions()
    assert bag.KIND.options({"ngrams": 7}) == BagOptions(ngrams=7)
    assert isinstance(transformer.KIND.options(SMALL["transformer"]), TransformerOptions)
    with pytest.raises(InputError, match="no student 'oracle': choose from bag, rnn, transformer"):
        registry.get("oracle")
    with pytest.raises(InputError, match="students of kind rnn have no option dimensions, ngrams"):
        rnn.KIND.options({"ngrams": 7, "dimensions": 3, "hidden": 4})


@pytest.mark.parametrize(
    ("name", "stage", "network"),
    [
        ("bag", BagText, BagNetwork),
        ("rnn", TokenText, RnnNetwork),
        ("transformer", TokenText, TransformerNetwork),
    ],
)
def test_a_kind_is_put_together(tiny_model, tmp_path, name, stage, network):
    kind = registry.get(name)
    chosen = kind.options(SMALL[name])
    teacher = untrained_teacher(tmp_path, tiny_model, ("0", "1", "2", "3"))
    text = kind.learn_text(TextSources(TEXTS, teacher), chosen)
    assert isinstance(text, stage)
    built = kind.build(text, 4, chosen)
    assert isinstance(built, network)
    encoded = text.encode(TEXTS[:5])
    assert built.eval()(*encoded.batch(range(5))).shape == (5, 4)


def test_what_few_responses_share_is_left_out():
    texts = [*TEXTS, "quokka", "quokka"]
    more = [*texts, "quokka"]
    few, many = (
        bag.KIND.learn_text(TextSources(one), BagOptions()).vocabulary.size for one in (texts, more)
    )
    assert many > few
    for one in (texts, more):
        known = rnn.KIND.learn_text(TextSources(one), RnnOptions()).tokenizer.get_vocab()
        assert ("quokka" in known) == (one is more)


def test_what_is_trained_without_a_teacher():
    for name, entry in registry.REGISTRY.items():
        assert bool(entry.alone) == registry.get(name).needs_teacher
        assert not entry.alone or not registry.get(entry.alone).needs_teacher, name
