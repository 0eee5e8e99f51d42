"""The teacher's network and its folder."""

from __future__ import annotations

import io
import json
import shutil
import socket

import pytest
import torch

from kd_edge.teacher import classifier
from kd_edge.teacher.batches import by_length, encode, pad, shuffled
from kd_edge.teacher.card import TeacherCard, read_card
from kd_edge.training.epoch import EpochFigures
from kd_edge_runtime.errors import InputError
from tiny import tiny_teacher

CLASSES = ("0", "1", "2")
FIGURES = EpochFigures(epoch=1, train_loss=1.0, loss=0.9, accuracy=0.5, qwk=0.25)


def _card(classes=CLASSES):
    return TeacherCard(
        classes=classes,
        numeric=True,
        max_length=32,
        base="tiny",
        base_revision=None,
        base_sha256="ab",
        options={"seed": 0},
        validation_ids=("r1", "r2"),
        best_epoch=1,
        history=(FIGURES,),
    )


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny_teacher(tmp_path_factory.mktemp("models") / "encoder")


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    return tiny_teacher(tmp_path_factory.mktemp("models") / "five", classes=5)


def _logits(model, texts=("a cup of ice", "mass and vinegar then water")):
    ids = encode(model.tokenizer, texts, model.max_length)
    model.eval()
    with torch.no_grad():
        return model(*pad(ids, range(len(ids)), 0, torch.device("cpu")))


@pytest.mark.parametrize("model", ["encoder", "five"])
def test_a_folder_brings_back_the_same_network(model, request, tmp_path):
    made = classifier.build(request.getfixturevalue(model), CLASSES, 32, seed=1)
    classifier.save(made, _card(), tmp_path)
    back = classifier.load_teacher(tmp_path)
    assert torch.equal(_logits(back), _logits(made))
    assert _logits(back).shape == (2, 3)
    assert (tmp_path / classifier.HEAD).exists() == (model == "encoder")
    assert read_card(tmp_path) == _card()
    kinds = {path.suffix for path in tmp_path.iterdir() if path.name != "SHA256SUMS"}
    assert kinds <= {".json", ".safetensors", ".txt"}


def test_a_sequence_classifier_keeps_a_head_that_fits(five):
    kept = classifier.build(five, tuple("abcde"), 32, seed=1)
    again = classifier.build(five, tuple("abcde"), 32, seed=2)
    assert torch.equal(_logits(kept), _logits(again))
    replaced = classifier.build(five, CLASSES, 32, seed=1)
    assert _logits(replaced).shape == (2, 3)
    assert not torch.equal(_logits(replaced), _logits(classifier.build(five, CLASSES, 32, seed=2)))
    assert kept.backbone.config.id2label[4] == "e"


@pytest.mark.parametrize(("model", "head"), [("encoder", 2), ("five", 2)])
def test_the_head_learns_at_its_own_rate(model, head, request):
    made = classifier.build(request.getfixturevalue(model), CLASSES, 32, seed=1)
    body, own = made.parameter_groups()
    assert len(own) == head
    assert {tuple(parameter.shape) for parameter in own} == {(3, 32), (3,)}
    assert len(body) + len(own) == len(list(made.parameters()))


def test_building_leaves_the_random_state_alone(encoder):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    classifier.build(encoder, CLASSES, 32, seed=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_padding_changes_nothing(encoder):
    model = classifier.build(encoder, CLASSES, 32, seed=1)
    together = _logits(model, ("ice", "we put the long red cup on the table then water"))
    assert torch.allclose(together[:1], _logits(model, ("ice",)), atol=1e-6)


def test_logits_are_fp32_under_autocast(encoder, five):
    for folder in (encoder, five):
        model = classifier.build(folder, CLASSES, 32, seed=1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert _logits(model).dtype == torch.float32


def test_nothing_asks_the_network(encoder, monkeypatch, tmp_path):
    def refuse(*_args):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    model = classifier.build(encoder, CLASSES, 32, seed=1)
    classifier.save(model, _card(), tmp_path)
    classifier.load_teacher(tmp_path)


def test_transformers_is_quiet(five, capfd, tmp_path):
    classifier.save(classifier.build(five, CLASSES, 32, seed=1), _card(), tmp_path)
    assert capfd.readouterr() == ("", "")


def test_quiet_puts_things_back():
    from transformers.utils import logging

    logging.set_verbosity_info()
    logging.enable_progress_bar()
    with pytest.raises(ValueError, match="x"), classifier.quiet():
        assert logging.get_verbosity() == logging.ERROR
        assert not logging.is_progress_bar_enabled()
        raise ValueError("x")
    assert logging.get_verbosity() == logging.INFO
    assert logging.is_progress_bar_enabled()
    logging.set_verbosity_warning()


@pytest.mark.parametrize("name", ["head.safetensors", "model.safetensors", "config.json"])
def test_a_damaged_folder_is_told_plainly(encoder, tmp_path, name):
    classifier.save(classifier.build(encoder, CLASSES, 32, seed=1), _card(), tmp_path)
    (tmp_path / name).write_bytes(b"torn")
    with pytest.raises(InputError, match=r"damaged|no model"):
        classifier.load_teacher(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_folder_that_asks_for_its_own_code_is_refused_and_runs_none(
    tiny_model, tmp_path, monkeypatch, name
):
    """Not even after a "y" to what transformers would ask."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    ran = tmp_path / "ran"
    (folder / "evil.py").write_text(
        f"open({str(ran)!r}, 'w')\n"
        "from transformers import BertConfig as Config, BertModel as Model\n"
        "from transformers import PreTrainedTokenizerFast as Tokenizer\n"
    )
    described = json.loads((folder / name).read_text())
    described |= {"model_type": "evilmodel", "tokenizer_class": "EvilTokenizer"}
    described["auto_map"] = {
        "AutoConfig": "evil.Config",
        "AutoModel": "evil.Model",
        "AutoTokenizer": ["evil.Tokenizer", "evil.Tokenizer"],
    }
    (folder / name).write_text(json.dumps(described))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\ny\ny\n"))
    try:
        classifier.build(folder, ("0", "1"), 32, 0)
    except InputError as error:
        assert "asks for code of its own" in str(error)
    else:
        assert name == "tokenizer_config.json", "another tokenizer of transformers' own may do"
    assert not ran.exists()


def test_a_card_that_is_missing_or_damaged(tmp_path):
    with pytest.raises(InputError, match="not a teacher"):
        read_card(tmp_path)
    _card().write(tmp_path)
    whole = json.loads((tmp_path / "teacher.json").read_text())
    changes = ({"history": [{"epoch": 1}]}, {"options": None}, {"options": "pairs"})
    for text in ("", "[]", "{}", *(json.dumps({**whole, **change}) for change in changes)):
        (tmp_path / "teacher.json").write_text(text)
        with pytest.raises(InputError, match="damaged"):
            read_card(tmp_path)
    (tmp_path / "teacher.json").write_text(json.dumps(whole))
    card = read_card(tmp_path)
    assert card.validation == FIGURES
    assert card.scale.values == (0, 1, 2)


def test_a_text_without_tokens_and_one_too_long(encoder):
    tokenizer = classifier.build(encoder, CLASSES, 32, seed=1).tokenizer
    ids = encode(tokenizer, ["", "ice " * 500], 16)
    assert len(ids[0]) == 2  # the marks of start and end
    assert len(ids[1]) == 16
    assert len(encode(tokenizer, ["ice " * 500], 10_000)[0]) == 64
    assert encode(tokenizer, [], 16) == []


def test_batches_hold_each_text_once_and_little_padding():
    lengths = [(7 * n) % 50 + 1 for n in range(101)]
    ids = [[0] * length for length in lengths]
    for batches in (by_length(ids, 8), shuffled(lengths, 8, seed=3, epoch=2)):
        assert sorted(i for batch in batches for i in batch) == list(range(101))
        spread = [max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in batches]
        assert max(spread) <= 20
    assert shuffled(lengths, 8, 3, 2) == shuffled(lengths, 8, 3, 2)
    assert shuffled(lengths, 8, 3, 2) != shuffled(lengths, 8, 3, 1)
    assert shuffled(lengths, 8, 3, 2) != shuffled(lengths, 8, 4, 2)
