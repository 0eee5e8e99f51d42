"""A teacher as ONNX: every form scores as `predict` does, or nothing is written."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tokenizers import Tokenizer

from kd_edge.bundling import teacher_graph, teacher_onnx
from kd_edge.bundling.parity import Limits
from kd_edge.bundling.teacher_graph import TEACHER_FORMS
from kd_edge.bundling.teacher_onnx import export_teacher
from kd_edge.stages.folder_sums import write_sums
from kd_edge.stages.record import hash_folder
from kd_edge.teacher import classifier, graph
from kd_edge.teacher.card import TeacherCard
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.predict import predict
from kd_edge.training.epoch import EpochFigures
from kd_edge_export.onnx import int8_matmul
from kd_edge_runtime.errors import InputError, ParityError
from tiny import tiny_item, tiny_teacher

ITEM = tiny_item()
LONG = "put vinegar in the cup and look " * 9
TEXTS = [*(row.text for row in ITEM.rows), "", "mass", LONG]
SCORES = np.array([*(row.score for row in ITEM.rows), 0, 1, 1])
LONGEST = 20
# A response of 83 may lie so near to two classes that 8 bits decide.
LIMITS = Limits(equal=0.95, qwk_loss=0.05)


def made_teacher(folder, classes=None):
    """A finished teacher's folder: random weights, as large as trained ones."""
    model = classifier.build(tiny_teacher(folder / "model", classes), ("0", "1", "2"), LONGEST, 0)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    figures = EpochFigures(1, 0.5, 0.5, 0.5, 0.5)
    card = TeacherCard(
        classes=("0", "1", "2"),
        numeric=True,
        max_length=LONGEST,
        base="tiny",
        base_revision=None,
        base_sha256="ab" * 32,
        options={},
        validation_ids=(),
        best_epoch=1,
        history=(figures,),
    )
    (folder / "teacher").mkdir()
    classifier.save(model.eval(), card, folder / "teacher")
    return folder / "teacher"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return made_teacher(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def exported(teacher, tmp_path_factory):
    output = tmp_path_factory.mktemp("exported") / "onnx"
    return export_teacher(teacher, output, TEXTS, SCORES, LIMITS, names=TEACHER_FORMS)


@pytest.fixture
def graph_made(exported, monkeypatch):
    """The graph that was made once, for exports that are about something else."""
    fp32 = (exported.folder / "fp32.onnx").read_bytes()
    monkeypatch.setattr(teacher_onnx, "fp32_graph", lambda *_: fp32)


def described(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def scored(folder, form, texts):
    """What a reader of model.json who has never seen kd-edge would compute."""
    about = described(folder)
    tokenizer = Tokenizer.from_file(str(folder / about["tokenizer"]["file"]))
    encoded = tokenizer.encode_batch(texts)
    session = onnxruntime.InferenceSession(
        folder / about["forms"][form]["file"], providers=["CPUExecutionProvider"]
    )
    fed = {
        "ids": np.array([one.ids for one in encoded]),
        "mask": np.array([one.attention_mask for one in encoded]),
    }
    return session.run(["probabilities"], fed)[0]


@pytest.mark.parametrize(
    ("form", "within"), [("onnx-fp32", 1e-5), ("onnx-fp16", 1e-3), ("onnx-int8", 0.02)]
)
def test_it_scores_as_the_teacher_does(teacher, exported, form, within):
    expected = predict(teacher, TEXTS, precision="fp32", device="cpu")
    found = scored(exported.folder, form, TEXTS)
    assert found.shape == (63, 3)
    assert np.ptp(expected, axis=0).min() > 0.1
    assert np.abs(found - expected).max() < within
    for text in ("", "mass", LONG):  # alone, without padding
        one = scored(exported.folder, form, [text])[0]
        assert np.abs(one - expected[TEXTS.index(text)]).max() < within


def test_the_figures(teacher, exported):
    assert [form.parity.form for form in exported.forms] == [*TEACHER_FORMS]
    assert {form.arithmetic for form in exported.forms} == {"fp32"}  # no product is large
    int8, fp16, fp32 = (form.parity for form in exported.forms)
    for form in (int8, fp16, fp32):
        assert form.held_out.responses == 63
        assert form.golden.responses >= 20
    assert fp32.held_out.greatest < 1e-6 < fp16.held_out.greatest < int8.held_out.greatest
    assert int8.bytes < fp16.bytes < fp32.bytes
    expected = predict(teacher, TEXTS, precision="fp32", device="cpu")
    found = scored(exported.folder, "onnx-int8", TEXTS)
    assert int8.held_out.greatest == pytest.approx(np.abs(found - expected).max(), rel=0.1)
    assert exported.parameters == sum(one.numel() for one in load_teacher(teacher).parameters())


def test_the_folder_says_what_is_in_it(teacher, exported):
    about = described(exported.folder)
    files = {one["file"]: one for one in (about["tokenizer"], *about["forms"].values())}
    assert {path.name for path in exported.folder.iterdir()} == {"model.json", *files}
    for name, one in files.items():
        data = (exported.folder / name).read_bytes()
        assert (one["bytes"], one["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert about["teacher_sha256"] == hash_folder(teacher)
    assert (about["item_id"], about["base"]) == ("teacher", "tiny")
    assert (about["classes"], about["values"]) == (["0", "1", "2"], [0, 1, 2])
    assert about["parameters"] == exported.parameters
    assert about["created_by"].keys() >= {"kd-edge", "torch", "onnx", "onnxruntime"}
    compared = about["forms"]["onnx-int8"]["against_pytorch"]
    parity = exported.forms[0].parity
    assert compared["responses"]["greatest"] == parity.held_out.greatest
    assert compared["golden"]["equal"] == parity.golden.equal
    assert compared["qwk_change"] == parity.qwk_change
    for path in exported.folder.iterdir():
        data = path.read_bytes()
        assert str(teacher.parent).encode() not in data
        assert TEXTS[0].encode() not in data
    model = onnx.load(exported.folder / "int8.onnx")
    assert model.opset_import[0].version == about["opset"]
    assert [one.name for one in model.graph.input] == [*about["inputs"]]
    assert [one.name for one in model.graph.output] == [*about["outputs"]]


def test_the_tokenizer_cuts_where_the_teacher_does(teacher, exported):
    tokenizer = Tokenizer.from_file(str(exported.folder / "tokenizer.json"))
    one, other = tokenizer.encode_batch(["mass", LONG])
    assert len(one.ids) == len(other.ids) == LONGEST
    assert one.attention_mask == [1, 1, 1, *[0] * (LONGEST - 3)]
    model = load_teacher(teacher)
    wanted = model.tokenizer([LONG], truncation=True, max_length=LONGEST)["input_ids"]
    assert [other.ids] == wanted


def test_a_sequence_classifier_whose_tokenizer_adds_nothing(tmp_path, monkeypatch):
    """Its own head; and an empty response has no token at all."""
    folder = made_teacher(tmp_path, classes=3)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["post_processor"] = None
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    write_sums(folder)
    monkeypatch.setattr(int8_matmul, "LEAST", 1000)
    made = export_teacher(folder, tmp_path / "onnx", TEXTS, limits=Limits(equal=0.9))
    assert [form.arithmetic for form in made.forms] == ["int8", "fp32"]
    expected = predict(folder, TEXTS, precision="fp32", device="cpu")
    for texts, rows in ((TEXTS, expected), (["mass", ""], expected[[61, 60]])):
        assert np.abs(scored(made.folder, "onnx-fp32", texts) - rows).max() < 1e-5
        assert np.abs(scored(made.folder, "onnx-int8", texts) - rows).max() < 0.05
    operators = {node.op_type for node in onnx.load(made.folder / "int8.onnx").graph.node}
    assert "MatMulInteger" in operators


# What is refused, and what stays


def broken(monkeypatch, form, by):
    """Gives the last `by` responses another class in one form."""
    real = teacher_onnx._run

    def run(model, name, texts):
        found = real(model, name, texts)
        if name == form:
            found[-by:] = np.roll(found[-by:], 1, axis=1)
        return found

    monkeypatch.setattr(teacher_onnx, "_run", run)


@pytest.mark.usefixtures("graph_made")
def test_a_form_that_scores_otherwise(teacher, tmp_path, monkeypatch, capsys):
    output = tmp_path / "onnx"
    export_teacher(teacher, output, TEXTS, names=["onnx-fp16"])
    before = hash_folder(output)
    for form, by, limits in (
        ("onnx-fp32", 1, LIMITS),
        ("onnx-int8", 20, LIMITS),
        ("onnx-fp16", 20, Limits(equal=0.8)),
    ):
        with monkeypatch.context() as patched:
            broken(patched, form, by)
            with pytest.raises(ParityError, match=form) as told:
                export_teacher(teacher, output, TEXTS, limits=limits, names=TEACHER_FORMS)
            assert TEXTS[-1] not in str(told.value)
    assert hash_folder(output) == before
    assert [path.name for path in tmp_path.iterdir()] == ["onnx"]
    with monkeypatch.context() as patched:
        broken(patched, "onnx-int8", 20)
        export_teacher(teacher, output, TEXTS, limits=Limits(equal=0.5))
    assert hash_folder(output) != before
    assert LONG not in capsys.readouterr().err


@pytest.mark.usefixtures("graph_made")
def test_the_refusal_names_the_response(teacher, tmp_path, monkeypatch):
    broken(monkeypatch, "onnx-fp32", 1)
    for ids, name in (((), "63"), ([f"r{place}" for place in range(63)], "r62")):
        with pytest.raises(ParityError, match=f"response '{name}'"):
            export_teacher(teacher, tmp_path / "onnx", TEXTS, ids=ids, names=["onnx-fp32"])


@pytest.mark.usefixtures("graph_made")
def test_kappa_that_is_lost(teacher, tmp_path, monkeypatch):
    broken(monkeypatch, "onnx-int8", 20)
    right = predict(teacher, TEXTS, precision="fp32", device="cpu").argmax(1)
    with pytest.raises(ParityError, match="QWK"):
        export_teacher(teacher, tmp_path / "onnx", TEXTS, right, Limits(equal=0))


@pytest.mark.usefixtures("graph_made")
def test_the_next_way_where_the_fastest_is_refused(teacher, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(int8_matmul, "LEAST", 1000)
    real, runs = teacher_onnx._run, []

    def run(model, name, texts):
        runs.append(name)
        found = real(model, name, texts)
        if len(runs) == 1:
            found[:] = np.roll(found, 1, axis=1)
        return found

    monkeypatch.setattr(teacher_onnx, "_run", run)
    made = export_teacher(teacher, tmp_path / "onnx", TEXTS, limits=LIMITS, names=["onnx-int8"])
    assert runs == ["onnx-int8", "onnx-int8"]
    assert made.forms[0].arithmetic == "fp32"
    assert described(made.folder)["forms"]["onnx-int8"]["arithmetic"] == "fp32"
    assert "onnx-int8: too many scores change" in capsys.readouterr().err


@pytest.mark.usefixtures("graph_made")
def test_without_responses(teacher, tmp_path, monkeypatch):
    broken(monkeypatch, "onnx-int8", 5)
    made = export_teacher(teacher, tmp_path / "onnx", scores=np.array([], dtype=np.int64))
    int8, fp32 = (form.parity for form in made.forms)
    assert int8.held_out is int8.qwk is None
    assert int8.golden.equal < 1 == fp32.golden.equal
    assert described(made.folder)["forms"]["onnx-int8"]["against_pytorch"].keys() == {
        "golden",
        "qwk",
        "qwk_change",
    }
    broken(monkeypatch, "onnx-fp32", 5)
    with pytest.raises(ParityError):
        export_teacher(teacher, tmp_path / "onnx")


def test_a_folder_of_something_else(teacher, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="did not make"):
        export_teacher(teacher, tmp_path / "mine")
    with pytest.raises(InputError, match="did not make"):
        export_teacher(teacher, teacher)
    with pytest.raises(InputError, match="not a teacher"):
        export_teacher(tmp_path / "mine", tmp_path / "onnx")
    assert capsys.readouterr().err == ""  # before the work, not after it


def test_what_onnx_cannot_hold(teacher, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(graph, "_MOST_BYTES", 1000)
        with pytest.raises(InputError, match=r"more than the 2 GB"):
            export_teacher(teacher, tmp_path / "onnx")

    def refuse(*_, **__):
        raise RuntimeError("an operator that there is not\n" * 50)

    monkeypatch.setattr(torch.onnx, "export", refuse)
    with pytest.raises(InputError, match=r"\(BertModel\) to ONNX \(RuntimeError\); fine-tune"):
        export_teacher(teacher, tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_a_tokenizer_without_a_file(teacher):
    class Written:
        model_max_length = 20

    model = load_teacher(teacher)
    model.tokenizer = Written()
    with pytest.raises(InputError, match=r"\(Written\) is written in Python"):
        teacher_graph.tokenizer_file(model)


def test_a_tokenizer_that_cuts_at_the_start(teacher):
    model = load_teacher(teacher)
    model.tokenizer.truncation_side = "left"
    tokenizer = Tokenizer.from_str(teacher_graph.tokenizer_file(model).decode())
    wanted = model.tokenizer([LONG], truncation=True, max_length=LONGEST)["input_ids"]
    assert [tokenizer.encode(LONG).ids] == wanted
