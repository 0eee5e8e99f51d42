"""The ONNX Runtime backend: every form computes what its source computes."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

import bundles_made
from kd_edge.students.rnn import RnnNetwork, RnnOptions
from kd_edge.students.tokens import word_tokenizer
from kd_edge_export import form_writers
from kd_edge_export.bundle import ItemParts
from kd_edge_export.golden import golden_json
from kd_edge_export.onnx import bag, rnn
from kd_edge_runtime import backends
from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends import with_onnx
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.graphs import limits, onnx_check
from kd_edge_runtime.students.item import LoadedItem

POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]
TEXT = st.lists(st.one_of(st.sampled_from(POOL), st.text(max_size=8)), max_size=30).map(" ".join)
ONNX_FORMS = ("onnx-int8", "onnx-fp32")
OPTIONS = RnnOptions(words=30, embedding=6, hidden=5, longest=40)


def loaded(folder, parts):
    """The item of a new bundle."""
    bundles_made.write(folder / "item.kdz", [parts])
    bundle = Bundle(folder / "item.kdz")
    return LoadedItem(bundle, bundle.manifest.items[0])


@pytest.fixture(scope="module")
def bag_item(tmp_path_factory):
    item = loaded(tmp_path_factory.mktemp("bag"), bundles_made.item())
    with item.bundle:
        yield item


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(7)
    return RnnNetwork(40, 3, OPTIONS).eval()


def rnn_parts(network, tokenizer, classes=bundles_made.WORDS):
    state = {name: one.detach().numpy() for name, one in network.state_dict().items()}
    sha256 = hashlib.sha256(tokenizer).hexdigest()
    return ItemParts(
        item_id="spoon",
        student="rnn",
        classes=classes,
        values=tuple(range(len(classes))),
        decision="most-probable",
        parameters=sum(one.size for one in state.values()),
        text={},
        vectorizer=("tokenizer.json", tokenizer),
        forms=form_writers.token_forms(
            form_writers.TokenGraph(rnn.onnx_fp32(state, "spoon", sha256)),
            "spoon",
            sha256,
            form_writers.TOKEN_FORMS,
        ),
        golden=golden_json([], {}),
    )


@pytest.fixture(scope="module")
def tokenizer():
    return word_tokenizer(bundles_made.SENTENCES, 38, 1, OPTIONS.longest)


@pytest.fixture(scope="module")
def rnn_item(tmp_path_factory, network, tokenizer):
    parts = rnn_parts(network, tokenizer.to_str().encode())
    item = loaded(tmp_path_factory.mktemp("rnn"), parts)
    with item.bundle:
        yield item


def expected(network, tokenizer, text):
    """PyTorch's probabilities of one response, alone and without any padding."""
    ids = tokenizer.encode(text).ids or [0]
    mask = [1] * len(ids)
    with torch.inference_mode():
        logits = network(torch.tensor([ids]), torch.tensor([mask]))
    return logits.softmax(-1)[0].tolist()


@pytest.mark.parametrize("form", ONNX_FORMS)
@given(texts=st.lists(TEXT, max_size=6))
@settings(max_examples=40)
def test_both_forms_of_a_bag_agree_with_plain(bag_item, form, texts):
    found = with_onnx.load(bag_item, form).probabilities(texts)
    wanted = PlainModel(bundles_made.student()).probabilities(texts)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("form", ONNX_FORMS)
def test_long_and_empty_responses_of_a_bag(bag_item, form):
    long = " ".join(random.Random(0).choices(POOL, k=250_000))
    texts = ["", long, "a" * 100_000, "", "the ice"]
    found = with_onnx.load(bag_item, form).probabilities(texts)
    wanted = PlainModel(bundles_made.student()).probabilities(texts)
    assert np.array(found) == pytest.approx(np.array(wanted), abs=1e-5)


def test_batches_keep_the_order(bag_item, monkeypatch):
    rng = random.Random(3)
    texts = [" ".join(rng.choices(POOL, k=rng.randint(0, 30))) for _ in range(40)]
    wanted = np.array(PlainModel(bundles_made.student()).probabilities(texts))
    for size in (1, 7, 40):
        monkeypatch.setitem(with_onnx._BATCH, "bag", size)
        found = with_onnx.load(bag_item, "onnx-int8").probabilities(texts)
        assert np.array(found) == pytest.approx(wanted, abs=1e-5)


def test_what_takes_too_much_together_is_read_in_parts(bag_item, monkeypatch):
    """One response is within what is allowed, and three are not: as of a network of many layers."""
    texts = [" ".join(POOL[at : at + 4]) for at in range(7)]
    wanted = with_onnx.load(bag_item, "onnx-int8").probabilities(texts)

    def at_most(most):
        def allowed(_constants, responses, _tokens):
            room = 1 << 24 if responses <= most else 0
            return limits.Allowed(room, room, room)

        return allowed

    model = with_onnx.load(bag_item, "onnx-int8")
    monkeypatch.setattr(onnx_check, "allowed", at_most(2))
    assert np.array(model.probabilities(texts)) == pytest.approx(np.array(wanted), abs=1e-6)
    fresh = with_onnx.load(bag_item, "onnx-int8")
    monkeypatch.setattr(onnx_check, "allowed", at_most(0))
    fresh._graph._together.clear()
    with pytest.raises(BundleError, match="takes too much memory"):
        fresh.probabilities(texts)


def initializers(data):
    graph = onnx.load_from_string(data).graph
    return {one.name: numpy_helper.to_array(one) for one in graph.initializer}


def test_the_int8_form_holds_the_table_as_bytes():
    weights = bundles_made.student().weights
    made = {name: data for name, (_, data) in bundles_made.item().forms.items()}
    small, large = initializers(made["onnx-int8"]), initializers(made["onnx-fp32"])
    assert small["table"].dtype == np.int8
    assert small["table"].tobytes() == weights.table
    assert large["table"].dtype == np.float32
    assert (large["table"] == small["table"] * small["scale"]).all()
    for name in ("bias", "head", "head_bias"):
        assert (small[name] == large[name]).all()
    assert len(made["onnx-int8"]) < len(made["onnx-fp32"]) - 2.5 * len(weights.table)


def test_the_graphs_inputs_and_outputs_are_the_formats():
    for name in ("onnx-fp32", "onnx-int8"):
        model = onnx.load_from_string(bundles_made.item().forms[name][1])
        (one,), (other,) = model.graph.input, model.graph.output
        assert (one.name, other.name) == ("counts", "probabilities")
        assert [dim.dim_value for dim in one.type.tensor_type.shape.dim] == [0, 60]
        assert [dim.dim_value for dim in other.type.tensor_type.shape.dim] == [0, 4]
        assert [opset.version for opset in model.opset_import] == [17]
        assert model.ir_version == 8
        assert (model.producer_name, model.producer_version) == ("kd-edge", __version__)
        vectorizer = hashlib.sha256(bundles_made.item().vectorizer[1]).hexdigest()
        assert {prop.key: prop.value for prop in model.metadata_props} == {
            "kd-edge.item": "stove",
            "kd-edge.vectorizer": vectorizer,
        }


def test_the_int8_form_comes_first(tmp_path, monkeypatch):
    item, asked = loaded(tmp_path, bundles_made.item()), []
    form = LoadedItem.form

    def noted(self, name):
        asked.append(name)
        return form(self, name)

    monkeypatch.setattr(LoadedItem, "form", noted)
    with item.bundle:
        backends.load(item, "onnx")
    assert asked == ["onnx-int8"]


TEXTS = [
    "",
    "The",
    "The ice melts.",
    "zq zq zq",
    "The lid keeps the warm air in the pot.",
    " ".join(POOL),  # cut at `longest`
    "",
]


def test_an_rnn_graph_computes_what_pytorch_computes(rnn_item, network, tokenizer):
    wanted = np.array([expected(network, tokenizer, text) for text in TEXTS])
    assert np.ptp(wanted, axis=0).min() > 0.01  # the texts do differ
    model = with_onnx.load(rnn_item, "onnx-fp32")
    assert np.array(model.probabilities(TEXTS)) == pytest.approx(wanted, abs=1e-5)
    for text, one in zip(TEXTS, wanted, strict=True):
        assert model.probabilities([text])[0] == pytest.approx(one, abs=1e-5)


@given(st.lists(TEXT, max_size=8), st.integers(1, 8))
@settings(max_examples=30)
def test_an_rnn_scores_each_response_as_if_alone(rnn_item, network, tokenizer, texts, size):
    model = with_onnx.load(rnn_item, "onnx-fp32")
    model._batch = size
    for text, found in zip(texts, model.probabilities(texts), strict=True):
        assert found == pytest.approx(expected(network, tokenizer, text), abs=1e-5)


def test_a_graph_that_asks_for_it_scores_responses_one_by_one(tmp_path, network, tokenizer):
    parts = rnn_parts(network, tokenizer.to_str().encode())
    model = onnx.load_from_string(parts.forms["onnx-fp32"][1])
    model.metadata_props.append(onnx.StringStringEntryProto(key="kd-edge.singly", value="1"))
    item = loaded(
        tmp_path, replace(parts, forms={"onnx-fp32": ("a.onnx", model.SerializeToString())})
    )
    with item.bundle:
        singly = with_onnx.load(item, "onnx-fp32")
    sizes = []
    feed = singly._source.feed

    def noted(texts):
        sizes.append(len(texts))
        return feed(texts)

    singly._source.feed = noted
    found = singly.probabilities(TEXTS)
    assert sizes == [1] * len(TEXTS)
    wanted = np.array([expected(network, tokenizer, text) for text in TEXTS])
    assert np.array(found) == pytest.approx(wanted, abs=1e-5)


def test_the_rnns_int8_form_is_close(rnn_item):
    small = np.array(with_onnx.load(rnn_item, "onnx-int8").probabilities(TEXTS))
    large = np.array(with_onnx.load(rnn_item, "onnx-fp32").probabilities(TEXTS))
    assert np.abs(small - large).max() < 0.05


@pytest.mark.parametrize("texts", [[""], ["", " "], ["\ud800", "ice\udfff"], []])
def test_responses_without_a_token(rnn_item, network, tokenizer, texts):
    found = with_onnx.load(rnn_item, "onnx-fp32").probabilities(texts)
    assert len(found) == len(texts)
    for text, one in zip(texts, found, strict=True):
        whole = text.encode("utf-8", "replace").decode()
        assert one == pytest.approx(expected(network, tokenizer, whole), abs=1e-5)


def test_a_graph_of_something_else(tmp_path, bag_item, network, tokenizer):
    with pytest.raises(BackendError, match=r"no form 'onnx-none'.*plain-int8"):
        with_onnx.load(bag_item, "onnx-none")
    whole = rnn_parts(network, tokenizer.to_str().encode())
    for name, data in (("cut", whole.forms["onnx-fp32"][1][:-40]), ("noise", b"noise" * 30)):
        parts = ItemParts(**{**vars(whole), "forms": {"onnx-fp32": ("a.onnx", data)}})
        (tmp_path / name).mkdir()
        item = loaded(tmp_path / name, parts)
        with item.bundle, pytest.raises(BundleError, match="'onnx-fp32' is cut or damaged"):
            with_onnx.load(item, "onnx-fp32")
    # A graph of another kind of student, and one with another number of classes.
    bags = ItemParts(**{**vars(whole), "forms": bundles_made.item().forms})
    more = rnn_parts(network, whole.vectorizer[1], ("a", "b", "c", "d"))
    for name, parts in (("bag", bags), ("more", more)):
        (tmp_path / name).mkdir()
        item = loaded(tmp_path / name, parts)
        with item.bundle, pytest.raises(BundleError, match="does not match the manifest"):
            with_onnx.load(item, "onnx-fp32")


def test_a_graph_of_another_vocabulary(tmp_path):
    """Of another size, and of the same size with other n-grams."""
    for gram, told in (
        (9, "does not match the manifest"),
        (5, "was exported for another vectorizer"),
    ):
        (tmp_path / told).mkdir()
        item = loaded(tmp_path / told, bundles_made.with_other_vocabulary(gram))
        with item.bundle, pytest.raises(BundleError, match=f"item 'stove': .*'onnx-int8' {told}"):
            with_onnx.load(item, "onnx-int8")


def test_an_output_of_another_name(tmp_path):
    whole = bundles_made.item()
    model = onnx.load_from_string(whole.forms["onnx-int8"][1])
    model.graph.output[0].name = model.graph.node[-1].output[0] = "shares"
    forms = {"onnx-int8": ("a.onnx", model.SerializeToString())}
    item = loaded(tmp_path, replace(whole, forms=forms))
    with item.bundle, pytest.raises(BundleError, match="does not match the manifest"):
        with_onnx.load(item, "onnx-int8")


def test_a_graph_that_says_nothing_of_its_vectorizer(tmp_path):
    whole = bundles_made.item()
    graph = bag.onnx_int8(bundles_made.student().weights, "stove")
    item = loaded(tmp_path, replace(whole, forms={"onnx-int8": ("a.onnx", graph)}))
    with item.bundle:
        assert len(with_onnx.load(item, "onnx-int8").probabilities(["ice"])[0]) == 4
