"""A student and the same student without a teacher."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.data.responses import Row
from kd_edge.distillation import distil as module
from kd_edge.distillation.distil import (
    clear_work,
    distil,
    distil_second,
    soft_labels,
    train_student,
)
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.outliers import outlier_limits
from kd_edge.distillation.train import Training
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import at_temperature, fit_temperature, negative_log_likelihood
from kd_edge.evaluation.review import review_of
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.stages.record import StoppedError
from kd_edge.students.transformer import KIND
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import SMALL, certain, item_of

ITEM = item_of(60)
ROWS, HELD_OUT = ITEM.rows[:45], ITEM.rows[45:]
LABELS = certain(ROWS, 3)
WRONG = {name: share[::-1].copy() for name, share in LABELS.items()}
VARIANTS = Variants(("the ice", "warm vinegar"), np.array([[0.9, 0.1, 0.0], [0.0, 1.0, 0.0]]))
# The student is the one that learns from the teacher, whatever comes of two epochs.
OPTIONS = DistilOptions(epochs=2, student_options=SMALL["bag"], teacher_share=1.0)


def _distil(folder, labels=LABELS, variants=None, options=OPTIONS, **more):
    given = {"rows": ROWS, "held_out": HELD_OUT, **more}
    data = LearningData(ITEM, given["rows"], given["held_out"], labels, variants)
    return distil(data, options, folder / "work")


def _same(one, other):
    state = other.network.state_dict()
    return all(torch.equal(value, state[name]) for name, value in one.network.state_dict().items())


def test_the_baseline_knows_nothing_of_the_teacher(tmp_path):
    first = _distil(tmp_path, LABELS, VARIANTS)
    other = _distil(tmp_path, WRONG, None, replace(OPTIONS, weight=3.0, temperature=2.0))
    assert _same(first.baseline, _distil(tmp_path, WRONG).baseline)
    assert not _same(first.student, other.student)
    # temperature and lambda are nothing to a student whose lambda is 0
    assert _same(first.baseline, other.baseline)


def test_both_start_from_the_same_weights_and_words(tmp_path, monkeypatch):
    starts = []
    original = Training.__init__

    def spy(self, network, *rest):
        starts.append(network.table.detach().clone())
        original(self, network, *rest)

    monkeypatch.setattr(Training, "__init__", spy)
    made = _distil(tmp_path)
    assert torch.equal(*starts)
    assert made.student.text.vocabulary == made.baseline.text.vocabulary
    assert made.student.options == made.baseline.options


def test_lambda_0_without_variants_is_the_baseline(tmp_path):
    made = _distil(tmp_path, options=replace(OPTIONS, weight=0.0))
    assert _same(made.student, made.baseline)
    made = _distil(tmp_path)
    assert not _same(made.student, made.baseline)


def test_what_it_says_of_itself(tmp_path):
    made = _distil(tmp_path, LABELS, VARIANTS, replace(OPTIONS, weight=2.0, seed=4))
    for student, weight, variants in ((made.student, 2.0, 2), (made.baseline, 0.0, 0)):
        assert student.kind == "bag"
        assert (student.item_id, student.scale) == ("tiny", ITEM.scale)
        assert student.decision in (MOST_PROBABLE, NEAREST_EXPECTED)
        assert not student.network.training
        found = dict(student.provenance)
        assert ("choice" in found) == (student is made.student)
        found.pop("choice", None)
        assert found.pop("validation").keys() == {"epoch", "train_loss", "loss", "accuracy", "qwk"}
        assert found.pop("calibration")["temperature"] > 0
        assert found.pop("review")["responses"] == len(HELD_OUT)
        assert found == {
            "weight": weight,
            "temperature": 1.0,
            "seed": 4,
            "rows": 45,
            "variants": variants,
            "privacy": {"shared_by": 3, "counted": "responses"},
        }


def test_the_decision_is_that_of_the_held_out_rows(tmp_path, monkeypatch):
    seen = []

    def choose(found, scores, scale):
        seen.append((found.shape, scores.tolist(), scale))
        return NEAREST_EXPECTED

    monkeypatch.setattr(module, "choose_decision", choose)
    made = _distil(tmp_path)
    assert made.student.decision == made.baseline.decision == NEAREST_EXPECTED
    assert seen == [((15, 3), [row.score for row in HELD_OUT], ITEM.scale)] * 2


def test_the_vocabulary_is_of_the_rows_alone(tmp_path):
    quokka = Variants(("quokka",) * 9, np.full((9, 3), 1 / 3))
    held_out = [replace(row, text=f"{row.text} wombat") for row in HELD_OUT]
    with_both = _distil(tmp_path, variants=quokka, held_out=held_out).student.text.vocabulary
    assert with_both == _distil(tmp_path).student.text.vocabulary


@pytest.mark.parametrize("rows", [ROWS, ()])
def test_too_few_rows(tmp_path, rows):
    held_out = () if rows else HELD_OUT
    with pytest.raises(InputError, match="are too few"):
        _distil(tmp_path, rows=rows, held_out=held_out)


def test_rows_without_a_label_are_named(tmp_path):
    labels = dict(list(LABELS.items())[:-7])
    with pytest.raises(InputError) as caught:
        _distil(tmp_path, labels)
    said = str(caught.value)
    assert "r038, r039, r040, r041, r042 and 2 more" in said
    assert "item 'tiny'" in said
    one = {**labels, **{f"r{place:03d}": LABELS["r000"] for place in range(38, 44)}}
    with pytest.raises(InputError, match=r"no soft label for r044:"):
        _distil(tmp_path, one)


def test_responses_that_share_no_word(tmp_path):
    rows = [Row(f"r{n}", "tiny", f"{n}q{n}", score=n % 3) for n in range(9)]
    with pytest.raises(InputError, match="share"):
        _distil(tmp_path, certain(rows, 3), rows=rows)


def test_nothing_is_left_of_the_work(tmp_path):
    _distil(tmp_path)
    clear_work(tmp_path / "work")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.odt").write_text("years of work")
    _distil(tmp_path)
    clear_work(tmp_path / "work")
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["thesis.odt"]


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4])
def test_stopped_in_any_epoch_it_ends_the_same(tmp_path, monkeypatch, stop_at):
    expected = _distil(tmp_path / "whole", variants=VARIANTS)
    epochs = []
    original = Training._leg

    def counted(self, *args):
        epochs.append(1)
        if len(epochs) == stop_at:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Training, "_leg", counted)
    with pytest.raises(StoppedError):
        _distil(tmp_path, variants=VARIANTS)
    found = _distil(tmp_path, variants=VARIANTS)
    # two students, two epochs each: only the epoch that was stopped is made again
    assert len(epochs) == 5
    assert _same(found.student, expected.student)
    assert _same(found.baseline, expected.baseline)
    assert found.student.provenance == expected.student.provenance


def test_nobody_elses_randomness_is_touched_or_matters(tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = _distil(tmp_path)
    assert torch.equal(torch.rand(3), expected)
    again = _distil(tmp_path)
    assert _same(first.student, again.student)
    assert _same(first.baseline, again.baseline)
    assert not _same(first.student, _distil(tmp_path, options=replace(OPTIONS, seed=1)).student)


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_the_other_kinds(tmp_path, tiny_model, kind):
    options = replace(OPTIONS, student=kind, student_options=SMALL[kind])
    teacher = untrained_teacher(tmp_path / "teacher", tiny_model, ITEM.scale.classes)
    data = LearningData(ITEM, ROWS, HELD_OUT, LABELS, VARIANTS, teacher)
    made = distil(data, options, tmp_path / "work")
    assert made.student.kind == kind
    assert made.baseline.kind == ("bag" if kind == "transformer" else kind)
    assert kind == "transformer" or not _same(made.student, made.baseline)
    with pytest.raises(InputError, match="teacher's folder"):
        _distil(tmp_path, options=DistilOptions(student="transformer"))


def test_both(tmp_path, tiny_model, monkeypatch):
    teacher = untrained_teacher(tmp_path / "teacher", tiny_model, ITEM.scale.classes)
    data = LearningData(ITEM, ROWS, HELD_OUT, LABELS, VARIANTS, teacher)
    small = {"student_options": SMALL["bag"], "epochs": 2}
    options = DistilOptions(student="both", second_options=SMALL["transformer"], **small)
    made = distil(data, options, tmp_path / "work")
    assert (made.student.kind, made.second.kind) == ("bag", "transformer")
    assert made.second.options.layers == (0,)
    assert made.second.held_out == made.student.held_out
    clear_work(tmp_path / "work")
    assert not (tmp_path / "work").exists()
    absent = replace(options, second_options={"layers": (9,)})
    with monkeypatch.context() as patched:
        patched.setattr(module, "train_student", lambda *_: pytest.fail("trained before"))
        with pytest.raises(InputError, match="there is no layer 9: the teacher has 2 layers"):
            distil(data, absent, tmp_path / "work")
    first = distil(data, DistilOptions(student="bag", **small), tmp_path / "work")
    assert _same(made.student, first.student)
    assert _same(made.baseline, first.baseline)
    assert first.second is None
    assert made.second.provenance["variants"] == len(VARIANTS.texts)
    again = distil_second(soft_labels(data, made), options, tmp_path / "work")
    assert _same(made.second, again)


def test_one_student_by_itself(tmp_path):
    made = _distil(tmp_path, variants=VARIANTS)
    text = made.student.text
    examples = module.with_soft_labels(ROWS, LABELS, VARIANTS)
    alone = train_student(ITEM, examples, HELD_OUT, text, OPTIONS, tmp_path / "one", "one")
    assert _same(alone, made.student)
    choice = {"choice": made.student.provenance["choice"]}
    assert {**alone.provenance, **choice} == made.student.provenance


def test_it_is_calibrated_and_knows_what_to_flag(tmp_path):
    made = _distil(tmp_path, LABELS, VARIANTS, replace(OPTIONS, review_accuracy=0.7))
    texts, scores = [row.text for row in HELD_OUT], human_scores(HELD_OUT)
    for student in (made.student, made.baseline):
        calibration = student.provenance["calibration"]
        found = student.probabilities(texts)
        assert negative_log_likelihood(found, scores) == pytest.approx(
            calibration["loss"], abs=1e-4
        )
        temperature = calibration["temperature"]
        assert fit_temperature(at_temperature(found, 1 / temperature), scores) == pytest.approx(
            temperature, rel=0.006
        )
        review = review_of(student.provenance)
        assert (review.wanted, review.responses) == (0.7, len(HELD_OUT))
        assert student.flags.review == review.below
        assert student.flags.longest == outlier_limits([row.text for row in ROWS], student).longest


def test_vectors_come_near_to_the_teachers(tiny_model, tmp_path):
    teacher = untrained_teacher(tmp_path / "teacher", tiny_model, ITEM.scale.classes)
    data = LearningData(ITEM, ROWS, HELD_OUT, LABELS, VARIANTS, teacher)
    distances = []
    for weight in (0.0, 5.0):
        cut = {**SMALL["transformer"], "vector_weight": weight}
        options = DistilOptions(student="both", second_options=cut, teacher_share=1.0)
        made = distil_second(data, options, tmp_path / "work")
        text = data.learn_text(options.second)
        wanted = torch.from_numpy(KIND.teacher_vectors(text, data.texts, tmp_path / "kept"))
        index = np.arange(len(data.texts))
        with torch.no_grad():
            own = made.network.with_vectors(*made.text.encode(data.texts).batch(index))[1]
        distances.append(float((own - wanted).square().mean()))
    assert distances[1] < 0.5 * distances[0]
    clear_work(tmp_path / "work")
    assert not (tmp_path / "work").exists(), "nothing is left of responses"
