"""Training a student: it learns, it is repeatable, it can be stopped."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.data.responses import Scale
from kd_edge.distillation import train
from kd_edge.distillation.examples import Examples, with_soft_labels, without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.train import Training
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.stages.record import StoppedError
from kd_edge.students import registry
from kd_edge.students.bag import BagNetwork
from kd_edge.students.base import Recipe, TextSources
from kd_edge.students.student import probabilities
from kd_edge.training.epoch import EpochFigures
from workshop import SMALL, certain, item_of

ITEM = item_of(90)
ROWS, HELD_OUT = ITEM.rows[:66], ITEM.rows[66:]
HELD = without_soft_labels(HELD_OUT, 3)
EXAMPLES = with_soft_labels(ROWS, certain(ROWS, 3), None)
SIZES = {
    "bag": {"ngrams": 80, "dimensions": 8},
    "rnn": {**SMALL["rnn"], "embedding": 14, "hidden": 16},
}
FEW = DistilOptions(epochs=3)


def _training(
    options=FEW, examples=EXAMPLES, held_out=HELD, scale=ITEM.scale, start=0, words=EXAMPLES.texts
):
    kind = registry.get(options.student)
    chosen = kind.options(SIZES[options.student])
    stage = kind.learn_text(TextSources(words), chosen)
    with torch.random.fork_rng():
        torch.manual_seed(start)
        network = kind.build(stage, len(scale.classes), chosen)
    return Training(network, stage, examples, held_out, scale, options), network, stage


def _weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def _same(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


def _trained(folder, options=FEW, **more):
    training, network, _ = _training(options, **more)
    state = training.run(folder, "training")
    return _weights(network), state


def _resumed(folder, monkeypatch, options):
    """As `_trained`, and the numbers of the epochs, or parts of one, that were run."""
    legs = []
    original = Training._leg
    monkeypatch.setattr(
        Training, "_leg", lambda self, at, *rest: legs.append(at) or original(self, at, *rest)
    )
    return (*_trained(folder, options), legs)


class _Stop:
    """Ctrl-C at a step of an epoch."""

    def __init__(self, monkeypatch, epoch, after=0):
        self._seen = -1
        self._epoch, self._after = epoch, after
        step, order = Training._step, Training._order
        stop = self

        def counted_order(training, *args):
            stop._seen += 1
            stop._steps = 0
            return order(training, *args)

        def stopping(training, *args):
            if stop._seen == stop._epoch and stop._steps == stop._after:
                raise KeyboardInterrupt
            stop._steps += 1
            return step(training, *args)

        monkeypatch.setattr(Training, "_order", counted_order)
        monkeypatch.setattr(Training, "_step", stopping)


def _plain(rows):
    """Responses whose score any student can learn: one word says it."""
    return [f"{row.text} {('cold', 'warm', 'blue')[row.score] * 2}" for row in rows]


HELD_PLAIN = replace(HELD, texts=_plain(HELD_OUT))


@pytest.mark.parametrize("student", ["bag", "rnn"])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_it_learns_what_can_be_learnt(tmp_path, student, weight):
    texts = _plain(ROWS)
    examples = replace(EXAMPLES, texts=texts)
    options = DistilOptions(student=student, epochs=40, weight=weight)
    training, network, stage = _training(options, examples, HELD_PLAIN, words=texts)
    state = training.run(tmp_path, "training")
    found = probabilities(network, stage, HELD_PLAIN.texts)
    assert (found.argmax(1) == HELD.scores).mean() > 0.95
    assert state.best.qwk > 0.95
    assert state.history[-1].train_loss < state.history[0].train_loss
    assert not network.training


def test_the_teacher_alone_can_teach(tmp_path):
    # Variants only: no human score is there to learn from.
    soft = np.array(list(certain(ROWS, 3).values()))
    texts = _plain(ROWS)
    examples = with_soft_labels([], {}, Variants(tuple(texts), soft))
    assert examples.scores.tolist() == [-1] * 66
    more = {"examples": examples, "held_out": HELD_PLAIN, "words": texts}
    assert _trained(tmp_path, DistilOptions(epochs=25), **more)[1].best.accuracy > 0.95


def test_the_same_seed_gives_the_same_weights(tmp_path):
    first, _ = _trained(tmp_path / "a")
    torch.manual_seed(12345)  # nobody else's randomness matters
    again, _ = _trained(tmp_path / "b")
    other, _ = _trained(tmp_path / "c", replace(FEW, seed=1))
    assert _same(first, again)
    assert not _same(first, other)


def test_nobody_elses_randomness_is_touched(tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    _trained(tmp_path)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("student", ["bag", "rnn"])
@pytest.mark.parametrize(("epoch", "after"), [(0, 1), (1, 0), (2, 1)])
def test_stopped_and_resumed_it_ends_the_same(tmp_path, monkeypatch, student, epoch, after):
    options = DistilOptions(student=student, epochs=3)
    expected, state = _trained(tmp_path / "whole", options)
    with monkeypatch.context() as patch:
        _Stop(patch, epoch, after)
        with pytest.raises(StoppedError, match=r"training: stopped.*resume"):
            _trained(tmp_path / "stopped", options)
    kept = tmp_path / "stopped" / "state.json"
    assert kept.exists() == (epoch > 0), "what is done of an epoch is not kept, the epoch is"
    if epoch:
        assert len(json.loads(kept.read_text())["history"]) == epoch
    resumed, again, done = _resumed(tmp_path / "stopped", monkeypatch, options)
    assert done == list(range(epoch, 3))
    assert _same(resumed, expected)
    assert again.history == state.history


@pytest.fixture
def in_parts(monkeypatch):
    """A recipe of two epochs of three parts each."""
    recipe = Recipe(5e-3, epochs=2, batch_size=8, least_steps=1, clip=1.0, decay=0.1, part=24)
    monkeypatch.setattr(type(registry.get("bag")), "recipe", recipe)
    return DistilOptions()


@pytest.mark.parametrize("part", [1, 2, 3, 5])
def test_stopped_within_an_epoch_it_ends_the_same(tmp_path, monkeypatch, in_parts, part):
    expected, state = _trained(tmp_path / "whole", in_parts)
    assert state.epochs == 6
    with monkeypatch.context() as patch:
        _Stop(patch, part, 1)
        with pytest.raises(StoppedError, match="after the last finished part"):
            _trained(tmp_path / "stopped", in_parts)
    resumed, again, done = _resumed(tmp_path / "stopped", monkeypatch, in_parts)
    assert done == list(range(part, 6))
    assert _same(resumed, expected)
    assert again.history == state.history


def test_parts_are_of_one_epoch_and_the_last_weights_are_kept(tmp_path, monkeypatch, in_parts):
    seen, weights, rates = [], [], []
    step, validate = Training._step, Training._validate

    def counted(training, index, encoded):
        rates.append(training._optimizer.param_groups[0]["lr"])
        seen.extend(index.tolist())
        return step(training, index, encoded)

    def worse_and_worse(training, part, train_loss):
        weights.append(_weights(training._network))
        return replace(validate(training, part, train_loss), qwk=1 / part)

    monkeypatch.setattr(Training, "_step", counted)
    monkeypatch.setattr(Training, "_validate", worse_and_worse)
    training, network, _ = _training(in_parts)
    state = training.run(tmp_path, "training")
    rows = list(range(len(ROWS)))
    assert sorted(seen[: len(ROWS)]) == sorted(seen[len(ROWS) :]) == rows
    assert len(rates) == 18
    assert rates.index(max(rates)) == 1
    assert rates[1:] == sorted(rates[1:], reverse=True), "one cycle over all parts"
    assert state.best_epoch == 1
    assert training.kept(state) == state.history[-1]
    assert _same(_weights(network), weights[-1])


def test_what_is_new_learns_faster(monkeypatch):
    monkeypatch.setattr(
        BagNetwork, "new_parameters", property(lambda network: list(network.head.parameters()))
    )
    recipe = replace(FEW.recipe, head_rate=5.0)
    monkeypatch.setattr(type(registry.get("bag")), "recipe", recipe)
    training, network, _ = _training()
    old, new = training._optimizer.param_groups
    assert (old["peak"], new["peak"]) == (recipe.learning_rate, 5 * recipe.learning_rate)
    assert {id(part) for part in new["params"]} == {id(part) for part in network.head.parameters()}
    assert len(old["params"]) + len(new["params"]) == len(list(network.parameters()))


def test_a_run_that_is_done_is_read_at_once(tmp_path, monkeypatch):
    expected, state = _trained(tmp_path)
    _Stop(monkeypatch, 0)
    found, again = _trained(tmp_path)
    assert _same(found, expected)
    assert again == state


@pytest.mark.parametrize(
    "other",
    [
        {"options": replace(FEW, weight=0.5)},
        {"options": replace(FEW, temperature=2.0)},
        {"options": replace(FEW, epochs=4)},
        {"examples": without_soft_labels(ROWS, 3)},
        {"examples": replace(EXAMPLES, scores=EXAMPLES.scores[::-1].copy())},
        {"examples": replace(EXAMPLES, texts=[*EXAMPLES.texts[:-1], "else"])},
        {"held_out": replace(HELD, texts=HELD.texts[::-1])},
        {"start": 1},
    ],
)
def test_another_run_does_not_go_on_from_it(tmp_path, capsys, other):
    _trained(tmp_path)
    capsys.readouterr()
    expected, _ = _trained(tmp_path / "fresh", **other)
    found, _ = _trained(tmp_path, **other)
    assert _same(found, expected)
    assert "of other responses or options" in capsys.readouterr().err


def test_the_best_epoch_is_kept(tmp_path, monkeypatch):
    weights, figures = [], iter([0.2, 0.8, 0.5])

    def validate(training, epoch, train_loss):
        weights.append(_weights(training._network))
        return EpochFigures(epoch, train_loss, loss=1.0, accuracy=0.5, qwk=next(figures))

    monkeypatch.setattr(Training, "_validate", validate)
    found, state = _trained(tmp_path)
    assert state.best_epoch == 2
    assert _same(found, weights[1])
    assert not _same(found, weights[2])


def test_large_weights_cost(tmp_path, monkeypatch):
    free, _ = _trained(tmp_path / "free")
    monkeypatch.setattr(BagNetwork, "penalty", lambda self: 10 * self.table.square().sum())
    small, _ = _trained(tmp_path / "small")
    assert small["table"].norm() < 0.9 * free["table"].norm()


def test_validation_figures(tmp_path):
    training, network, stage = _training(replace(FEW, epochs=1))
    state = training.run(tmp_path, "training")
    found = probabilities(network, stage, HELD.texts)
    (figures,) = state.history
    right = found[np.arange(len(HELD.scores)), HELD.scores]
    assert figures.loss == pytest.approx(float(-np.log(right).mean()), rel=1e-5)
    assert figures.accuracy == (found.argmax(1) == HELD.scores).mean()
    assert figures.qwk is not None
    words = Scale(("bad", "fair", "good"), numeric=False)
    state = _training(replace(FEW, epochs=1), scale=words)[0].run(tmp_path / "words", "training")
    assert state.best.qwk is None


@pytest.mark.parametrize(
    ("student", "examples", "epochs", "size"),
    [
        # few: small batches, and passes until there are enough steps, 60 at most
        ("bag", 66, 60, 32),
        ("bag", 4095, 16, 32),
        # many: the recipe as it is
        ("bag", 4096, 47, 128),
        ("bag", 50_000, 16, 128),
        ("rnn", 66, 60, 32),
        ("rnn", 5_000, 13, 64),
    ],
)
def test_epochs_and_batches(student, examples, epochs, size):
    many = Examples(["ice"] * examples, np.zeros(examples, dtype=np.int64),
                    np.zeros((examples, 3), dtype=np.float32))  # fmt: skip
    training, _, _ = _training(DistilOptions(student=student), examples=many)
    assert training._size == size
    assert training._batches == -(-examples // size)
    assert training._epochs == epochs
    assert registry.get(student).recipe.epochs <= epochs


@pytest.mark.parametrize("student", ["bag", "rnn"])
def test_an_epoch_sees_each_example_once(student):
    training, _, stage = _training(DistilOptions(student=student, epochs=2))
    encoded = stage.encode(EXAMPLES.texts)
    first, second = (training._order(np.random.default_rng(seed), encoded) for seed in (0, 1))
    for order in (first, second):
        assert sorted(np.concatenate(order).tolist()) == list(range(66))
        assert max(map(len, order)) <= 32
    assert [one.tolist() for one in first] != [one.tolist() for one in second]


def test_the_temperature_softens_the_teacher_and_leaves_rows_without_one():
    soft = np.array([[0.8, 0.1, 0.1], [0.0, 0.0, 0.0]], dtype=np.float32)
    examples = Examples(["ice", "air"], np.array([0, 1]), soft)
    training, _, _ = _training(DistilOptions(temperature=3.0), examples=examples)
    expected = soft[0] ** (1 / 3)
    assert np.allclose(training._soft[0], expected / expected.sum(), atol=1e-6)
    assert training._soft[1].tolist() == [0.0] * 3


def test_progress_goes_to_stderr(tmp_path, capsys):
    _trained(tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    assert "training: 9/9" in err
    assert "epoch 3/3" in err
    assert train.__name__ == "kd_edge.distillation.train"
