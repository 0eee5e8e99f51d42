"""From students to a bundle: every form checked, nothing of a response in it."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.bundling import compared_forms
from kd_edge.bundling.bundle import ExportItem, ExportOptions, export, prepare, write
from kd_edge.bundling.model_card import CardFigures
from kd_edge.bundling.parity import Limits
from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.distillation.outliers import prompt_codes
from kd_edge.evaluation.agreement import Line
from kd_edge.evaluation.metrics import Agreement
from kd_edge.students import registry
from kd_edge.students.bag import KIND, BagNetwork, BagText
from kd_edge.students.base import TextSources
from kd_edge.students.registry import KINDS
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export import form_writers
from kd_edge_export.form_writers import BAG_FORMS, bag_forms
from kd_edge_export.onnx import int8_static
from kd_edge_runtime import backends
from kd_edge_runtime.backends.verify import verify
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.errors import InputError, ParityError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.text.rules import words
from workshop import CANARY, item_of, sentences, small_student

SOURCES = ("Why does the ice melt? Explain.", "A point for each reason.\nAt most two.")
TEXTS = [*sentences(12, seed=5), "", "words that nobody has heard"]


@pytest.fixture(scope="module")
def bundles(small_students, tmp_path_factory):
    """For each kind a bundle of one student, and what its export came to."""
    folder = tmp_path_factory.mktemp("bundles")
    return {
        kind: (folder / f"{kind}.kdz",
               export([ExportItem(student, SOURCES)], folder / f"{kind}.kdz", {"made_by": "test"},
                      ExportOptions(("all",), limits=Limits(equal=0.9))))
        for kind, student in small_students.items()
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_scores_as_pytorch_does(small_students, bundles, kind):
    student, (path, exported) = small_students[kind], bundles[kind]
    expected = student.probabilities(TEXTS)
    backends = ("plain", "numpy", "tflite", "onnx") if kind == "bag" else ("onnx",)
    for backend in backends:
        with Scorer.open(path, backend) as scorer:
            scores = scorer.score_many(TEXTS)
        found = np.array([score.probabilities for score in scores])
        # what 8 bits for a weight may make of it, and not more
        assert np.abs(found - expected).max() < 0.05, backend
        assert {score.predicted for score in scores} <= set(student.scale.classes)
    parity = {one.form: one for one in exported.parity[student.item_id]}
    assert set(parity) == set(exported.manifest.items[0].forms)
    assert parity["onnx-fp32"].golden.greatest < 1e-4
    assert parity["onnx-fp32"].golden.equal == 1.0
    if kind == "transformer":  # the small rnn has no table that is worth rounding
        assert parity["onnx-int8"].golden.greatest > parity["onnx-fp32"].golden.greatest


def test_the_forms_of_a_bag_hold_the_same_numbers(bundles):
    path, exported = bundles["bag"]
    assert [one.form for one in exported.parity["made-bag"]] == list(BAG_FORMS)
    assert max(one.golden.greatest for one in exported.parity["made-bag"]) < 1e-5
    golden = json.loads(zipfile.ZipFile(path).read("items/0/golden.json"))
    plain, *others = (np.array(golden["outputs"][form]) for form in BAG_FORMS)
    assert len(others) == 4
    for other in others:
        assert np.abs(plain - other).max() < 1e-5


def test_held_out_responses_are_run_too(small_students, tmp_path):
    rows = item_of(40).rows
    item = ExportItem(small_students["bag"], SOURCES, rows)
    made = export([item], tmp_path / "x.kdz", {})
    for one in made.parity["made-bag"]:
        assert one.held_out.responses == 40
        assert one.held_out.greatest < 1e-5
        assert one.qwk_change == 0
        assert -1 <= one.qwk <= 1
        assert one.bytes == made.manifest.members[made.manifest.items[0].forms[one.form]].bytes


def test_fewer_bits_are_held_against_the_student_as_trained(small_students, tmp_path):
    rows = tuple(
        replace(row, text=text)
        for row, text in zip(item_of(200).rows, sentences(200, seed=8), strict=True)
    )
    item = ExportItem(small_students["bag"], SOURCES, rows)
    with pytest.raises(ParityError, match=r"the form plain-int8 .* classes are equal"):
        export([item], tmp_path / "x.kdz", {}, ExportOptions(bits=2))
    assert list(tmp_path.iterdir()) == []
    free = Limits(equal=0, qwk_loss=2)
    made = export([item], tmp_path / "x.kdz", {}, ExportOptions(bits=2, limits=free))
    found = {one.form: one.held_out.greatest for one in made.parity["made-bag"]}
    assert min(found.values()) > 0.01, "two bits are not what was trained"
    assert max(found.values()) - min(found.values()) < 1e-5, "and the same in every form"


def test_a_table_trained_in_floats_is_rounded(small_students, tmp_path):
    student = KIND.in_bits(small_students["bag"], 32)
    made = export([ExportItem(student, SOURCES)], tmp_path / "x.kdz", {})
    for one in made.parity["made-bag"]:
        assert 1e-5 < one.golden.greatest < 0.05


@pytest.mark.parametrize(
    ("kind", "forms", "told"),
    [
        ("bag", ("onnx-fp16",), "kind bag have no form 'onnx-fp16'. Choose from plain-int8, onnx"),
        (
            "rnn",
            ("tflite-int8",),
            "kind rnn have no form 'tflite-int8'. TFLite .* use ONNX for other kinds",
        ),
        ("transformer", ("onnx-fp32", "tflite-fp32"), "use ONNX for other kinds"),
        (
            "rnn",
            ("plain-int8",),
            "kind rnn have no form 'plain-int8'. Choose from onnx",
        ),
    ],
)
def test_a_form_that_a_student_has_not(small_students, tmp_path, kind, forms, told):
    with pytest.raises(InputError, match=told):
        export([ExportItem(small_students[kind])], tmp_path / "x.kdz", {}, ExportOptions(forms))
    assert list(tmp_path.iterdir()) == []


def test_bits_are_for_bags(small_students, tmp_path):
    with pytest.raises(InputError, match="no table of n-grams"):
        export([ExportItem(small_students["rnn"])], tmp_path / "x.kdz", {}, ExportOptions(bits=4))


def test_the_forms_asked_for_and_no_others(small_students, tmp_path):
    path = tmp_path / "x.kdz"
    made = export(
        [ExportItem(small_students["bag"])], path, {}, ExportOptions(("onnx-int8", "plain-int8"))
    )
    assert set(made.manifest.items[0].forms) == {"onnx-int8", "plain-int8"}
    assert len(made.manifest.members) == 5  # card, vocabulary and golden rows besides


@pytest.mark.parametrize("kind", KINDS)
def test_golden_rows_are_what_a_device_gives(bundles, kind):
    path, _ = bundles[kind]
    golden = json.loads(zipfile.ZipFile(path).read("items/0/golden.json"))
    assert "Why does the ice melt?" in golden["inputs"]
    assert "At most two." in golden["inputs"]
    backend, form = ("plain", "plain-int8") if kind == "bag" else ("onnx", "onnx-int8")
    with Scorer.open(path, backend) as scorer:
        scores = scorer.score_many(golden["inputs"])
    found = np.array([score.probabilities for score in scores])
    assert np.abs(found - np.array(golden["outputs"][form])).max() <= golden["tolerance"]


@pytest.mark.parametrize("kind", KINDS)
def test_rich_text_is_scored_as_the_plain_text_that_it_shows(
    small_students, bundles, tmp_path, kind
):
    """On every backend that is here, by golden rows that hold."""
    rich, path = replace(small_students[kind], markup=True), tmp_path / "rich.kdz"
    options = ExportOptions(("all",), limits=Limits(equal=0.9))
    export([ExportItem(rich, SOURCES)], path, {"made_by": "test"}, options)
    with Bundle(path) as bundle:
        outcomes = [*verify(bundle)]
        assert outcomes
        assert [one for one in outcomes if one.error] == []
        (entry,) = bundle.manifest.items
    plain = ["the ice melts & drips", "a scarf", ""]
    tags = ["<p>the ice <b>melts</b> &amp; drips</p>", "<ul><li>a&nbsp;scarf</li></ul>", "<br>"]
    for name in backends.NAMES:
        if backends.forms(entry, name) and not backends.missing(name):
            with Scorer.open(bundles[kind][0], name) as wanted, Scorer.open(path, name) as scorer:
                assert scorer.score_many(tags) == wanted.score_many(plain), name
                # Alone, as a batch may change the last bit of a network's floats.
                alone = [wanted.score(text) for text in plain]
                assert [scorer.score(text) for text in tags] == alone, name


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_manifest_says(small_students, bundles, kind):
    student, (path, exported) = small_students[kind], bundles[kind]
    with Bundle(path) as bundle:
        assert bundle.manifest == exported.manifest
        (entry,) = bundle.manifest.items
        provenance = bundle.manifest.provenance
    assert (entry.item_id, entry.student) == (student.item_id, kind)
    assert (entry.classes, entry.values) == (("0", "1", "2"), (0, 1, 2))
    assert (entry.parameters, entry.decision) == (student.parameters, student.decision)
    assert provenance == {"made_by": "test", "students": {student.item_id: student.provenance}}
    assert exported.manifest.created_by.keys() == {"kd-edge", "torch", "transformers"}


def test_one_bundle_for_several_items(small_students, tmp_path):
    words_student = replace(
        small_student("bag", tmp_path, ("bad", "fair", "good")), item_id="in words"
    )
    items = [ExportItem(small_students["rnn"]), ExportItem(words_student, SOURCES)]
    exported = export(items, tmp_path / "two.kdz", {})
    assert list(exported.parity) == ["made-rnn", "in words"]
    with Scorer.open(tmp_path / "two.kdz") as scorer:
        assert scorer.score("ice", "in words").predicted in ("bad", "fair", "good")
        assert scorer.score("ice", "made-rnn").predicted in ("0", "1", "2")
    assert exported.manifest.items[1].values == (0, 1, 2)


def test_an_item_twice_is_refused(small_students, tmp_path):
    item = ExportItem(small_students["bag"])
    with pytest.raises(InputError, match="two students for item 'made-bag'"):
        export([item, item], tmp_path / "x.kdz", {})
    assert list(tmp_path.iterdir()) == []


def _swapped(which):
    """The same forms, the network's bias moved in one of them."""

    def made(weights, *rest):
        wrong = replace(weights, bias=tuple(number + 0.5 for number in weights.bias))
        return {**bag_forms(weights, *rest), which: bag_forms(wrong, *rest)[which]}

    return made


@pytest.mark.parametrize("form", BAG_FORMS)
def test_a_wrong_form_stops_the_export(small_students, tmp_path, monkeypatch, form):
    path = tmp_path / "item.kdz"
    item = ExportItem(small_students["bag"])
    monkeypatch.setattr(form_writers, "bag_forms", _swapped(form))
    every = ExportOptions(("all",))
    with pytest.raises(ParityError, match=rf"'made-bag': the form {form} does not.*No bundle"):
        export([item], path, {}, every)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"the one before")
    with pytest.raises(ParityError):
        export([item], path, {}, every)
    assert path.read_bytes() == b"the one before"
    assert [one.name for one in tmp_path.iterdir()] == ["item.kdz"]


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_a_wrong_graph_of_a_token_student_stops_the_export(
    small_students, tiny_model, tmp_path, monkeypatch, kind
):
    other = small_student(kind, tiny_model)
    with torch.no_grad():
        for parameter in other.network.parameters():
            parameter.mul_(1.01)
    made_by = type(registry.get(kind))
    right = made_by.graph
    monkeypatch.setattr(made_by, "graph", lambda self, _, sha256: right(self, other, sha256))
    fp32 = ExportOptions(("onnx-fp32",))
    with pytest.raises(ParityError, match="the form onnx-fp32 does not score as PyTorch"):
        export([ExportItem(small_students[kind])], tmp_path / "x.kdz", {}, fp32)
    assert not (tmp_path / "x.kdz").exists()


def _has_products(path):
    """Whether the 8-bit graph in a bundle of one item has products in 8 bits."""
    with Bundle(path) as opened:
        return int8_static.has_products(opened.read(opened.manifest.items[0].forms["onnx-int8"]))


def test_products_in_8_bits_that_score_otherwise_give_way(small_students, tmp_path, monkeypatch):
    """Where the sample sets scales that do not fit, only the weights are in 8 bits."""
    path = tmp_path / "item.kdz"
    # The tiny model's products count as large.
    monkeypatch.setattr(int8_static, "is_large", lambda one: len(one.dims) == 2)
    item = [ExportItem(small_students["transformer"], SOURCES, item_of(60).rows)]
    options = ExportOptions(("onnx-int8",), limits=Limits(equal=0.9, qwk_loss=1))
    export(item, path, {}, options)
    assert _has_products(path)
    real = compared_forms.form_outputs

    def other_scores(parts, texts, memory):
        """The highest score where the lowest is right, and so on, by products in 8 bits."""
        (_, data) = parts.forms["onnx-int8"]
        found = real(parts, texts, memory)
        if int8_static.has_products(data):
            found["onnx-int8"] = found["onnx-int8"][:, ::-1]
        return found

    monkeypatch.setattr(compared_forms, "form_outputs", other_scores)
    (parity,) = export(item, path, {}, options).parity["made-transformer"]
    assert not _has_products(path)
    assert parity.held_out.equal >= 0.9
    with Bundle(path) as opened:  # golden rows are those of the graph that is in the bundle
        assert [one.error for one in verify(opened)] == [None]


def test_what_is_no_number_stops_the_export(small_students, tmp_path, monkeypatch):
    def broken(parts, texts, _memory):
        return {form: np.full((len(texts), 3), np.nan) for form in parts.forms}

    monkeypatch.setattr(compared_forms, "form_outputs", broken)
    for kind in ("bag", "rnn"):
        with pytest.raises(ParityError):
            export([ExportItem(small_students[kind])], tmp_path / "x.kdz", {})
    assert list(tmp_path.iterdir()) == []


def test_a_limit_of_1e_4(small_students, tmp_path, monkeypatch):
    real = compared_forms.form_outputs

    def shifted(by):
        def outputs(parts, texts, memory):
            found = real(parts, texts, memory)
            found["onnx-int8"][0] += (by, -by, 0.0)
            return found

        return outputs

    for by, fine in ((5e-5, True), (2e-4, False)):
        monkeypatch.setattr(compared_forms, "form_outputs", shifted(by))
        item = [ExportItem(small_students["bag"])]
        if fine:
            export(item, tmp_path / "x.kdz", {})
        else:
            with pytest.raises(ParityError, match="See golden row 1"):
                export(item, tmp_path / "y.kdz", {})


def test_the_student_is_left_as_it_was(small_students, tmp_path):
    student = small_students["bag"]
    before = {name: value.clone() for name, value in student.network.state_dict().items()}
    export([ExportItem(student)], tmp_path / "x.kdz", {})
    for name, value in student.network.state_dict().items():
        assert torch.equal(value, before[name])


# Nothing that a student wrote


def _members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


RARE = [f"{CANARY}{number}" for number in range(4)]
RESPONSES = [
    *(f"{text} {CANARY}" for text in sentences(2)),
    *(f"{text} zebracanary" for text in sentences(3)),
    *sentences(40),
    *RARE,
    "Grandmother's allotment in Wolverhampton grows rhubarb",
    "Grandmother never watered rhubarb",
]


@pytest.mark.parametrize("kind", ["bag", "rnn"])
def test_no_words_of_few_students_are_in_a_bundle(small_students, tmp_path, kind):
    chosen = registry.get(kind).options()
    text = registry.get(kind).learn_text(TextSources(RESPONSES), chosen)
    torch.manual_seed(0)
    network = registry.get(kind).build(text, 3, chosen)
    student = replace(small_students[kind], text=text, network=network.eval(), options=chosen)
    figures = CardFigures("4 responses", (Line("student", Agreement(4, 1.0, 1.0, 1.0, 1.0)),))
    prepared = prepare([ExportItem(student, SOURCES)])
    write(prepared, tmp_path / "x.kdz", {}, {student.item_id: figures})
    data = b"\n".join(_members(tmp_path / "x.kdz").values()).lower()
    counts = Counter(word for text in RESPONSES for word in set(words(text)))
    rare = {word for word, count in counts.items() if len(word) >= 5 and count < 3}
    assert {CANARY, RARE[0], "wolverhampton", "rhubarb", "grandmother"} <= rare
    # "zebracanary" is in three responses: an rnn's vocabulary may name it, a bag's does not
    assert [word for word in rare if word.encode() in data and word not in _golden_words()] == []
    assert (b"zebracanary" in data) == (kind == "rnn")
    for text in RESPONSES:
        if len(words(text)) >= 3:
            assert text.lower().encode() not in data


def _golden_words():
    """Words of the sentences that are kept for golden rows: nobody's but ours."""
    from kd_edge_export.golden import golden_inputs

    return {word for text in golden_inputs(SOURCES) for word in words(text)}


def test_a_bag_without_grams(small_students, tmp_path):
    options = replace(small_students["bag"].options, gram=0)
    vocabulary = choose_vocabulary(sentences(40), options)
    network = BagNetwork(vocabulary.size, 3, options).eval()
    student = replace(
        small_students["bag"], options=options, text=BagText(vocabulary), network=network
    )
    export([ExportItem(student)], tmp_path / "x.kdz", {})
    with Scorer.open(tmp_path / "x.kdz") as scorer:
        found = np.array([score.probabilities for score in scorer.score_many(TEXTS)])
    assert np.abs(found - student.probabilities(TEXTS)).max() < 0.02


def test_the_prompt_is_kept_as_hashes_alone(small_students, tmp_path):
    prompt = f"Which of the two {CANARY} cubes melts first in the warm room and why is that"
    student = replace(small_students["bag"], flags=Flags(review=0.25, longest=99))
    path = tmp_path / "x.kdz"
    made = export([ExportItem(student, prompts=(prompt,))], path, {})
    flags = made.manifest.items[0].flags
    assert flags == Flags(review=0.25, longest=99, prompt=prompt_codes([prompt]))
    with Scorer.open(path) as scorer:
        assert scorer.score(prompt).flag == "prompt"
        assert scorer.score(f"{prompt} xyz").flag == "prompt"
    with zipfile.ZipFile(path) as archive:
        assert not any(CANARY.encode() in archive.read(name) for name in archive.namelist())


@pytest.fixture(scope="module")
def two(small_students):
    """An item with two students, and scored responses that the first gets right now and then."""
    first = small_students["bag"]
    second = replace(small_students["rnn"], item_id=first.item_id)
    rows = item_of(60).rows
    return ExportItem(first, SOURCES, rows, second=second)


def test_two_students(two, tmp_path):
    options = ExportOptions(cascade=CascadeOptions(share=0.5))
    (prepared,) = prepare([two], options)
    cascade = prepared.cascade
    assert 0.4 < cascade.figures.share <= 0.5
    manifest = write([prepared], tmp_path / "two.kdz", {})
    entry = manifest.items[0]
    assert entry.student == "bag"
    assert entry.second.student == "rnn"
    assert {*entry.second.forms} == {"onnx-int8"}
    assert entry.second.text == {
        "tokens": two.second.text.tokenizer.get_vocab_size(),
        "rules": 2,
    }
    limits = entry.second.below, entry.second.weight, entry.second.temperature
    assert limits == (cascade.below, cascade.weight, cascade.temperature)
    assert entry.second.review == cascade.review.below
    made = manifest.provenance["seconds"][entry.item_id]
    assert made["rows"] == 40
    assert made["cascade"]["below"] == cascade.below
    texts = [row.text for row in two.held_out]
    with (
        Scorer.open(tmp_path / "two.kdz") as scorer,
        Scorer.open(tmp_path / "two.kdz", first_only=True) as first,
    ):
        assert all(not one.error for one in verify(scorer.bundle))
        both, alone = scorer.score_many(texts), first.score_many(texts)
        card = scorer.bundle.read(manifest.card).decode()
    right = [one.predicted == str(row.score) for one, row in zip(both, two.held_out, strict=True)]
    assert sum(right) / 60 == pytest.approx(cascade.figures.both)
    asked = [one.confidence < cascade.below for one in alone]
    assert sum(asked) / 60 == pytest.approx(cascade.figures.share)
    assert "second, larger model of the kind 'rnn'" in card
    assert str(cascade.figures) in card


def test_a_second_student_is_compared_with_pytorch_too(two, tmp_path):
    exported = export([two], tmp_path / "two.kdz", {})
    assert set(exported.parity) == {"made-bag", "made-bag (second)"}
    (form,) = exported.parity["made-bag (second)"]
    assert form.form == "onnx-int8"
    assert form.held_out.responses == 60


def test_the_forms_of_both(two):
    (prepared,) = prepare([two], ExportOptions(("plain-int8", "onnx-fp32")))
    assert [*prepared.parts.forms] == ["plain-int8", "onnx-fp32"]
    assert [*prepared.parts.second.parts.forms] == ["onnx-fp32"]
    (prepared,) = prepare([two], ExportOptions(("plain-int8",)))
    assert [*prepared.parts.second.parts.forms] == ["onnx-int8"]


def test_when_a_second_is_asked_is_chosen_by_responses(two):
    with pytest.raises(InputError, match="its held-out responses say when the second student"):
        prepare([replace(two, held_out=())])


def test_without_a_second_nothing_says_so(bundles):
    manifest = bundles["bag"][1].manifest
    assert "seconds" not in manifest.provenance
    assert manifest.items[0].second is None
