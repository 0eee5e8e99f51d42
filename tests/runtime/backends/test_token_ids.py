"""Token ids with and without the `tokenizers` package, and what is said where neither reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tokenizers import Tokenizer, models, normalizers

import bundles_made
from benchmarks import wordpiece as benchmark
from kd_edge_runtime import backends
from kd_edge_runtime.backends import token_ids
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.item import LoadedItem

TEXTS = ["The ice melts", "", "x\ud800y", "[SEP] é"]


@pytest.fixture
def read(tmp_path):
    """The reader of a bundle's tokenizer."""

    def read(tokenizer):
        data = tokenizer if isinstance(tokenizer, bytes) else tokenizer.to_str().encode()
        parts = replace(bundles_made.item(), student="rnn", vectorizer=("tokenizer.json", data))
        bundles_made.write(tmp_path / "item.kdz", [parts])
        with Bundle(tmp_path / "item.kdz") as bundle:
            return token_ids.token_reader(LoadedItem(bundle, bundle.manifest.items[0]))

    return read


def test_both_readers_give_the_same(read, monkeypatch):
    tokenizer = benchmark.made(True)
    package = read(tokenizer)
    monkeypatch.setattr(backends, "is_installed", lambda name: name != "tokenizers")
    plain = read(tokenizer)
    assert type(package) is not type(plain)
    assert package.encode(TEXTS) == plain.encode(TEXTS)
    assert package.pad == plain.pad == 0
    assert len(plain.encode(TEXTS)[1]) == 2  # the special tokens


def test_a_kind_that_plain_python_does_not_read(read, monkeypatch):
    monkeypatch.setattr(backends, "is_installed", lambda name: name != "tokenizers")
    tokenizer = Tokenizer(models.BPE({"a": 0}, []))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(40)
    with pytest.raises(BackendError, match=r"needs tokenizers .*\(.*\): .*pip install tokenizers"):
        read(tokenizer)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 9999])
def test_what_is_no_tokenizer(read, data, monkeypatch):
    why = "tokenizer cannot be loaded"
    for here in (True, False):
        monkeypatch.setattr(backends, "is_installed", lambda _, here=here: here)
        with pytest.raises(BundleError, match=why):
            read(data)


def test_a_tokenizer_that_does_not_pad(read, monkeypatch):
    tokenizer = benchmark.made(True)
    tokenizer.no_padding()
    for here in (True, False):
        monkeypatch.setattr(backends, "is_installed", lambda _, here=here: here)
        with pytest.raises(BundleError, match="has no padding"):
            read(tokenizer)


def test_a_word_without_an_id_is_no_traceback_and_is_not_quoted(read):
    """The package raises where the unknown word is not in the vocabulary."""
    tokenizer = Tokenizer(models.WordLevel({"ice": 0}, unk_token="[UNK]"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(40)
    with pytest.raises(BundleError, match="cannot read a response") as raised:
        read(tokenizer).encode(["secret"])
    assert "secret" not in str(raised.value)


class PanicException(BaseException):
    """What Rust's panics become, which is no Exception."""


def test_a_panic_of_the_package(read, monkeypatch):
    reader = read(benchmark.made(True))

    class Panicking:
        def encode_batch(self, texts):
            raise PanicException(str(texts))

    monkeypatch.setattr(reader, "_tokenizer", Panicking())
    with pytest.raises(BundleError, match=r"cannot read a response \(PanicException\)$"):
        reader.encode(["secret"])


def test_an_interrupt_stays_one(read, monkeypatch):
    reader = read(benchmark.made(True))

    class Interrupted:
        def encode_batch(self, _):
            raise KeyboardInterrupt

    monkeypatch.setattr(reader, "_tokenizer", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        reader.encode(["x"])


def test_such_rules_are_an_error_of_the_bundle(read):
    tokenizer = benchmark.made(True)
    tokenizer.normalizer = normalizers.Replace("a", "a" * 1000)
    with pytest.raises(BundleError, match="makes far longer texts of responses"):
        read(tokenizer)
