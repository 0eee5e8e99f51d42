"""The cross-encoder student: cut out of a teacher that reads reference answers, saved, exported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from decoders import tiny_decoder
from families import FAMILIES, cut_student, family_teacher, unlisted_layers
from kd_edge.bundling.student_parts import student_parts
from kd_edge.students import cross, store, transformer
from kd_edge.students.base import TextSources
from kd_edge.students.kept_out import kept_out
from kd_edge.students.sharing import Sharing
from kd_edge.teacher.pair_text import join_parts
from kd_edge.teacher.predict import predict
from kd_edge_export.parity import form_outputs
from kd_edge_runtime import backends
from kd_edge_runtime.errors import InputError
from workshop import sentences

KIND = cross.KIND
TEXTS = sentences(12) * 3
LAYERS = {"layers": range(4)}
REFERENCES = {"spoon": [TEXTS[0]], "fork": [TEXTS[1], TEXTS[2]]}
LONG = " ".join(TEXTS[:6])


def pairs_teacher(folder, name="bert", classify=False):
    return family_teacher(folder, name, [*TEXTS, "zeppelin"], classify=classify, pairs=True)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return pairs_teacher(tmp_path_factory.mktemp("bert") / "teacher")


def _student(teacher, values=LAYERS, references=REFERENCES, **more):
    sources = TextSources(TEXTS, teacher, references=references, **more)
    return cut_student(KIND, sources, values)


@pytest.mark.parametrize("classify", [False, True], ids=["encoder", "classifier"])
@pytest.mark.parametrize("name", ["bert", "roberta", "mpnet"])
def test_it_reads_as_its_teacher_does(tmp_path, name, classify):
    teacher = pairs_teacher(tmp_path / "teacher", name, classify)
    student = _student(teacher)
    responses = [*TEXTS[3:9], LONG, ""]
    read = [join_parts(TEXTS[0], text) for text in responses]
    of_teacher = predict(teacher, read, "fp32", device="cpu")
    assert np.abs(student.probabilities(responses) - of_teacher).max() < 1e-4


@pytest.fixture(scope="module")
def fork(teacher):
    """Of a question with two reference answers; writing its graph takes seconds."""
    return replace(_student(teacher), item_id="fork")


def _parts(student):
    parts, _ = student_parts(student, ("onnx-int8", "onnx-fp32"))
    return parts


@pytest.mark.slow
def test_devices_read_as_the_workshop_does(fork):
    student = fork
    responses = [*TEXTS[3:6], LONG, "", TEXTS[2], "a [SEP] b", "é ü \u4e00"]
    expected = student.probabilities(responses)
    parts = _parts(student)
    outputs = form_outputs(parts, responses)
    assert np.abs(outputs["onnx-fp32"] - expected).max() < 1e-5
    assert np.abs(outputs["onnx-int8"] - expected).max() < 0.05
    assert np.abs(expected - student.probabilities(responses, ["spoon"] * 8)).max() > 1e-3


@pytest.mark.slow
def test_both_tokenizers_read_the_same(fork, monkeypatch):
    responses = [*TEXTS[3:6], LONG, "", "a [SEP] b", "half \ud800"]
    parts = _parts(fork)
    by_package = form_outputs(parts, responses)["onnx-fp32"]
    here = backends.is_installed
    monkeypatch.setattr(backends, "is_installed", lambda name: name != "tokenizers" and here(name))
    assert np.array_equal(form_outputs(parts, responses)["onnx-fp32"], by_package)


@pytest.mark.slow
def test_questions_share_the_graph_and_the_tokenizer(fork):
    one, other = _parts(replace(fork, item_id="spoon")), _parts(fork)
    assert one.forms == other.forms
    assert one.vectorizer == other.vectorizer
    assert len(one.text["references"]) == 1
    assert len(other.text["references"]) == 2
    assert one.student == "cross"


def test_it_is_read_again_without_the_teacher(tmp_path, teacher):
    student = _student(teacher, {})
    store.save(student, tmp_path / "student")
    kept = store.load(tmp_path / "student")
    text = kept.text.with_questions(REFERENCES, TEXTS)
    assert text.questions == student.text.questions
    kept = replace(kept, text=text)
    assert kept.options == student.options
    assert np.array_equal(kept.probabilities(TEXTS[:9]), student.probabilities(TEXTS[:9]))


def test_words_of_references_are_known_whoever_shares_them(teacher):
    rare = {"spoon": ["the zeppelin"]}
    of_reference = _student(teacher, references=rare).text.tokenizer.encode("zeppelin")
    alone = _student(teacher).text.tokenizer.encode("zeppelin")
    assert len(of_reference.ids) < len(alone.ids), "else it is spelt"
    without = Sharing(kept_out=kept_out(["zeppelin"]))
    kept = _student(teacher, references=rare, sharing=without).text.tokenizer.encode("zeppelin")
    assert kept.tokens == alone.tokens


def test_a_question_whose_references_hold_nothing(teacher):
    student = _student(teacher, references={"spoon": [" "]})
    assert student.text.questions["spoon"].references == ()
    start, between = student.text.ends
    read = student.text.encode(TEXTS[:1], ["spoon"]).batch(np.array([0]))[0][0].tolist()
    assert read[:2] == [start, between]
    settings, _ = KIND.text_member(student)
    assert settings["references"] == settings["weights"] == []


def test_references_that_are_read_alike_count_once(fork, monkeypatch):
    text = fork.text
    one, other = TEXTS[1], TEXTS[2]
    known = text.with_questions({"fork": [one, other, f" {one.upper()}", f"{other} [SEP]"]}, TEXTS)
    assert known.questions["fork"] == text.questions["fork"]
    monkeypatch.setattr(cross, "MOST_IDS", len(text.questions["fork"].references[0]))
    known = text.with_questions({"fork": [one, other]}, TEXTS)
    assert known.questions["fork"].references == text.questions["fork"].references[:1]


def test_weights_tell_nothing_of_what_fewer_share(fork):
    """A bundle holds them: from a weight, its count of responses can be computed."""
    text, answers = fork.text, {"spoon": [f"{TEXTS[0]} zeppelin"]}

    def weights(times, **more):
        texts = [*["zeppelin"] * times, *["x"] * (9 - times)]
        return text.with_questions(answers, texts, **more).questions["spoon"].weights

    assert weights(0) == weights(1) == weights(2) != weights(3)
    assert weights(4, least=5) == weights(0)
    writers = ["a", "a", "a", *"bcdefg"]
    assert weights(3, sharing=Sharing(writers)) == weights(0), "of one student all"
    assert weights(4, sharing=Sharing(writers)) == weights(0), "of two"
    assert weights(5, sharing=Sharing(writers)) == weights(5)


def test_a_length_without_room_for_a_response_is_refused():
    with pytest.raises(InputError, match="3 tokens are too few"):
        KIND.options({"longest": 3})


def test_a_bundle_of_a_question_that_the_student_does_not_know_is_refused(fork):
    with pytest.raises(InputError, match="'knife': its student scores many items"):
        KIND.text_member(replace(fork, item_id="knife"))


def test_a_teacher_that_reads_responses_alone_is_refused(tmp_path):
    alone = family_teacher(tmp_path / "teacher", "bert", TEXTS)
    with pytest.raises(InputError, match="reads no reference answers"):
        _student(alone)
    with pytest.raises(InputError, match="name the teacher's folder"):
        KIND.learn_text(TextSources(TEXTS), KIND.options())
    with pytest.raises(InputError, match="does not learn from the teacher's vectors"):
        KIND.options({"vector_weight": 1.0})


def test_a_transformer_which_reads_responses_alone_is_not_cut_out_of_such_a_teacher(teacher):
    kind = transformer.KIND
    with pytest.raises(InputError, match="reads a reference answer beside each response"):
        kind.learn_text(TextSources(TEXTS, teacher), kind.options())


def test_a_model_without_tokens_that_part_texts_is_refused(teacher, monkeypatch):
    model = teacher.with_name("teacher-model")
    KIND.check_model(model, TextSources(TEXTS), KIND.options())
    monkeypatch.setattr(cross, "reads_parts", lambda _: False)
    with pytest.raises(InputError, match="no tokens that part"):
        KIND.check_model(model, TextSources(TEXTS), KIND.options())


@pytest.mark.parametrize(("name", "why"), [("albert", "share weights"), ("llama", "before them")])
def test_what_cannot_be_cut_names_this_student(tmp_path, monkeypatch, name, why):
    if name == "llama":
        model = tiny_decoder(tmp_path / "model", name)
    else:
        monkeypatch.setitem(FAMILIES, name, unlisted_layers())
        model = family_teacher(tmp_path / "teacher", name, TEXTS).with_name("teacher-model")
    said = f"a cross-encoder student cannot be cut out of .*{name}.*{why}.*Leave --student both out"
    with pytest.raises(InputError, match=said):
        KIND.check_model(model, TextSources(TEXTS), KIND.options())
