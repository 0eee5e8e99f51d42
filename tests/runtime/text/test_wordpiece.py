"""Tokenizers in plain Python against the `tokenizers` package."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer

from benchmarks import wordpiece as benchmark
from kd_edge_runtime.text._bert_words import BertWords
from kd_edge_runtime.text.wordpiece import OtherTokenizerError, PlainTokenizer


@pytest.fixture(scope="module", params=["uncased", "cased", "left", "WordLevel"])
def tokenizer(request):
    kind = "WordLevel" if request.param == "WordLevel" else "WordPiece"
    return benchmark.made(request.param != "cased", kind, left=request.param == "left")


def test_the_ids_are_those_of_the_package(tokenizer):
    found = benchmark.compare(Tokenizer.from_str(tokenizer.to_str()), 5_000, seed=7)
    assert found["differing"] == 0
    assert 10 < found["tokens"] < benchmark.LONGEST  # the texts do have words


@pytest.mark.parametrize("uncased", [True, False])
def test_each_code_point_is_read_as_the_package_reads_it(uncased):
    tokenizer = benchmark.made(uncased)
    normalize = tokenizer.normalizer.normalize_str
    words = tokenizer.pre_tokenizer.pre_tokenize_str
    cut = BertWords(uncased)
    # Nothing is assigned in the planes between, and what comes after is all alike.
    codes = [*range(0xD800), *range(0xE000, 0x32000), *range(0xE0000, 0xE1000), 0xF0000, 0x10FFFF]
    every = [*map(chr, codes)]
    for start in range(0, len(every), 512):
        text = "a".join(every[start : start + 512])
        assert cut(text) == [word for word, _ in words(normalize(text))], hex(start)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "[SEP] [sep] x[MASK]y [CLS]",
        "a" * 100,
        "a" * 101,
        "é" * 101,
        "the ice melts " * 40,
        "a\u1b44\u08d4 a\u08d4\u1b44 a\u08d4\u0301\u1b44 a\u08d4\u0902\u1b44",
        "\U0001d15e\u1b44 \U0001d165\u302e",
        "\x00\ufffd\u200d\u00ad\u0085x\u2028y",
        "각 \u1100\u1161\u11a8 漢字\uf900",
        ";\u037e\u1fef`",
    ],
)
def test_odd_texts(tokenizer, text):
    package = Tokenizer.from_str(tokenizer.to_str())
    package.no_padding()
    assert PlainTokenizer(json.loads(tokenizer.to_str())).encode(text) == package.encode(text).ids


def test_a_word_is_the_same_the_second_time():
    plain = PlainTokenizer(json.loads(benchmark.made(True).to_str()))
    first = plain.encode("Melting ice")
    assert first == plain.encode("melting ICE") == plain.encode("Melting ice")


def changed(**changes):
    whole = json.loads(benchmark.made(True).to_str())
    for path, value in changes.items():
        place, names = whole, path.split("__")
        for name in names[:-1]:
            place = place[name]
        place[names[-1]] = value
    return whole


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"normalizer__type": "Lowercase"}, "its normalizer is Lowercase"),
        ({"normalizer__strip_accents": False}, "unusual settings"),
        ({"normalizer__clean_text": False}, "unusual settings"),
        ({"pre_tokenizer__type": "Whitespace"}, "its pre-tokenizer is Whitespace"),
        ({"model__type": "BPE"}, "its model is BPE"),
        ({"post_processor__type": "RobertaProcessing"}, "its post-processor is Roberta"),
        ({"post_processor__single": []}, "does not read a response once"),
        ({"normalizer": {"type": "NFC"}}, "its normalizer is NFC"),
        ({"normalizer": None}, "its normalizer is absent"),
    ],
)
def test_another_kind_of_tokenizer_is_named(changes, told):
    with pytest.raises(OtherTokenizerError, match=told):
        PlainTokenizer(changed(**changes))


def test_added_words_with_rules_of_their_own():
    whole = json.loads(benchmark.made(True).to_str())
    whole["added_tokens"][0]["lstrip"] = True
    with pytest.raises(OtherTokenizerError, match="added words"):
        PlainTokenizer(whole)


@pytest.mark.parametrize(
    "tokenizer",
    [
        *({}, [], None, 1, "a"),
        changed(model__vocab={"ice": 1}),  # without the unknown word
        changed(model__vocab={"[UNK]": "x"}),
        changed(truncation__max_length=1),
        changed(post_processor__special_tokens={}),
        changed(padding=7),
    ],
)
def test_what_is_no_tokenizer(tokenizer):
    with pytest.raises(ValueError, match=r"no tokenizer of|less than") as raised:
        PlainTokenizer(tokenizer)
    assert not isinstance(raised.value, OtherTokenizerError)


def test_a_tokenizer_without_limits():
    plain = PlainTokenizer(changed(truncation=None, padding=None, post_processor=None))
    assert plain.pad is None
    assert len(plain.encode("ice " * 500)) == 500
