"""Tokenizers trimmed to what enough responses share."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models, normalizers, trainers

from families import FAMILIES
from kd_edge.students.trimming import trim
from kd_edge_runtime.errors import InputError
from workshop import sentences

TEXTS = sentences(12) * 3
RARE = "quokkaquokka zyzzyva"
EVERYTHING = [*TEXTS, *[RARE] * 3, "Xylophone Übung"]
TOKENIZERS = ("bert", "roberta", "xlm-roberta", "deberta-v2", "modernbert")


def _tokenizer(name):
    """A family's tokenizer that knows the rare words as well, and its padding token."""
    tokenizer = FAMILIES[name][0](EVERYTHING * 5)
    return tokenizer, tokenizer.token_to_id(
        "[PAD]" if "[PAD]" in tokenizer.get_vocab() else "<pad>"
    )


@pytest.mark.parametrize("name", TOKENIZERS)
def test_what_enough_responses_share_is_read_as_before(name):
    tokenizer, pad = _tokenizer(name)
    trimmed = trim(tokenizer, TEXTS, 3, pad)
    assert trimmed.tokenizer.get_vocab_size() == len(trimmed.kept) < tokenizer.get_vocab_size()
    assert list(trimmed.kept) == sorted(trimmed.kept)
    for text in TEXTS:
        found = trimmed.tokenizer.encode(text)
        assert found.tokens == tokenizer.encode(text).tokens
        assert [trimmed.kept[at] for at in found.ids] == tokenizer.encode(text).ids


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_rare_word_is_read_in_letters_and_is_not_in_the_file(name):
    tokenizer, pad = _tokenizer(name)
    whole = set(tokenizer.encode(RARE).tokens)
    assert any(len(token.strip("#")) > 3 for token in whole), "the whole one knows it"
    for texts, known in (
        (TEXTS, False),
        ([*TEXTS, RARE, RARE], False),
        ([*TEXTS, *[RARE] * 3], True),
    ):
        trimmed = trim(tokenizer, texts, 3, pad)
        pieces = {piece.strip("#\u0120\u2581") for piece in trimmed.tokenizer.get_vocab()}
        theirs = {piece for piece in pieces if len(piece) > 1 and piece in RARE}
        assert bool(theirs - {piece for piece in theirs if piece in " ".join(TEXTS)}) == known
        tokens = trimmed.tokenizer.encode(RARE).tokens
        assert (set(tokens) == whole) == known
        assert not {"[UNK]", "<unk>"} & set(tokens)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_the_tokens_around_a_text_stay(name):
    tokenizer, pad = _tokenizer(name)
    trimmed = trim(tokenizer, ["the"] * 3, 3, pad).tokenizer
    whole = tokenizer.encode("the").tokens
    assert trimmed.encode("the").tokens == whole
    assert tokenizer.id_to_token(pad) in trimmed.get_vocab()
    again = Tokenizer.from_str(trimmed.to_str())
    assert again.encode("the ice").ids == trimmed.encode("the ice").ids
    assert (trimmed.padding, trimmed.truncation) == (None, None)


def test_characters_of_other_alphabets_that_enough_texts_share():
    texts = ["Übung macht es", "übt ü", "müde"] * 2
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.train_from_iterator(
        texts, trainers.WordPieceTrainer(special_tokens=["[PAD]", "[UNK]"], vocab_size=60)
    )
    assert "ü" in trim(tokenizer, texts, 3, 0).tokenizer.get_vocab()
    assert "ü" not in trim(tokenizer, texts, 7, 0).tokenizer.get_vocab()


def test_bytes_are_always_known():
    tokenizer, pad = _tokenizer("roberta")
    trimmed = trim(tokenizer, TEXTS, 3, pad).tokenizer
    for text in ("水が", "\x00 é", "🦘"):
        assert trimmed.decode(trimmed.encode(text).ids) == text


def test_whole_words():
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "ice": 2, "air": 3, "wool": 4}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    assert trim(tokenizer, ["ice", "wool", "ice"], 2, 0).tokenizer.get_vocab() == {
        "[PAD]": 0, "[UNK]": 1, "ice": 2,
    }  # fmt: skip


def test_a_tokenizer_that_cannot_be_trimmed(monkeypatch):
    tokenizer, pad = _tokenizer("bert")
    monkeypatch.setattr("kd_edge.students.trimming._MODELS", ("BPE",))
    with pytest.raises(InputError, match="of the kind 'WordPiece' cannot be trimmed"):
        trim(tokenizer, TEXTS, 3, pad)
