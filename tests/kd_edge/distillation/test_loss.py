"""The loss: against the paper's formula, computed number by number."""

from __future__ import annotations

from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.distillation.loss import distillation_loss, soften, spread, vector_loss

LOGITS = [[2.0, -1.0, 0.5], [0.0, 0.3, -0.2], [-1.0, 1.0, 4.0], [0.1, 0.0, 0.2]]
SCORES = [0, 2, 2, 1]
SOFT = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.05, 0.15, 0.8], [0.3, 0.4, 0.3]]


def _softmax(row, temperature=1.0):
    powers = [exp(value / temperature) for value in row]
    return [power / sum(powers) for power in powers]


def _naive(logits, scores, soft, weight, temperature=1.0):
    """L = L(y, f(x)) + lambda * (1/N) * sum CE(p_i, f(x_i)), the second part times T squared."""
    total = 0.0
    for row, score, shares in zip(logits, scores, soft, strict=True):
        if score >= 0:
            total -= log(_softmax(row)[score])
        cooled = _softmax(row, temperature)
        cross = -sum(p * log(q) for p, q in zip(shares, cooled, strict=True))
        total += weight * temperature**2 * cross
    return total / len(logits)


def _loss(logits=LOGITS, scores=SCORES, soft=SOFT, weight=1.0, temperature=1.0):
    return distillation_loss(
        torch.tensor(logits), torch.tensor(scores), torch.tensor(soft), weight, temperature
    )


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_it_is_the_papers_formula(weight, temperature):
    found = _loss(weight=weight, temperature=temperature).item()
    assert found == pytest.approx(_naive(LOGITS, SCORES, SOFT, weight, temperature), rel=1e-5)


def test_lambda_0_is_cross_entropy_with_the_people():
    expected = torch.nn.functional.cross_entropy(torch.tensor(LOGITS), torch.tensor(SCORES))
    for temperature in (1.0, 3.0):
        assert _loss(weight=0.0, temperature=temperature).item() == pytest.approx(expected.item())
    assert _loss(weight=0.0, soft=[[float("nan")] * 3] * 4).item() == pytest.approx(expected.item())


def test_variants_have_the_teachers_opinion_alone():
    scores = [0, -1, -1, 1]
    found = _loss(scores=scores, weight=2.0).item()
    assert found == pytest.approx(_naive(LOGITS, scores, SOFT, 2.0), rel=1e-5)
    alone = _loss(scores=[-1] * 4).item()
    assert alone == pytest.approx(_naive(LOGITS, [-1] * 4, SOFT, 1.0), rel=1e-5)


def test_rows_without_a_teacher_have_their_score_alone():
    soft = [SOFT[0], [0.0] * 3, SOFT[2], [0.0] * 3]
    found = _loss(soft=soft).item()
    assert found == pytest.approx(_naive(LOGITS, SCORES, soft, 1.0), rel=1e-5)


def _gradient(logits, scores, soft, weight, temperature):
    given_logits = torch.tensor(logits, requires_grad=True)
    softened = soften(torch.tensor(soft), temperature)
    loss = distillation_loss(given_logits, torch.tensor(scores), softened, weight, temperature)
    loss.backward()
    return given_logits.grad


def test_gradients_are_those_of_small_steps():
    weight, temperature, step = 2.0, 3.0, 1e-3
    found = _gradient(LOGITS, SCORES, SOFT, weight, temperature)
    soft = soften(torch.tensor(SOFT), temperature).tolist()
    for at in range(4):
        for k in range(3):
            moved = [[list(row) for row in LOGITS] for _ in range(2)]
            moved[0][at][k] += step
            moved[1][at][k] -= step
            up, down = (_naive(one, SCORES, soft, weight, temperature) for one in moved)
            assert found[at][k].item() == pytest.approx((up - down) / (2 * step), abs=1e-4)


def test_t_squared_keeps_the_size_of_the_gradient():
    # Hinton, Vinyals and Dean 2015: for a high temperature the gradient of a row tends to
    # (z - v) / K with logits z and v that add up to zero, whatever the temperature.
    student = torch.tensor([1.0, -2.0, 1.0])
    teacher = torch.tensor([3.0, -1.0, -2.0])
    soft = [torch.softmax(teacher, -1).tolist()]
    for temperature in (100.0, 300.0):
        found = _gradient([student.tolist()], [-1], soft, 1.0, temperature)[0]
        assert torch.allclose(found, (student - teacher) / 3, rtol=0.05)


@given(
    st.lists(st.floats(-6, 6), min_size=2, max_size=5),
    st.floats(1, 20),
)
def test_softening_is_dividing_logits(logits, temperature):
    probabilities = torch.tensor([_softmax(logits)])
    expected = torch.tensor([_softmax(logits, temperature)])
    assert torch.allclose(soften(probabilities, temperature), expected, atol=1e-5)


def test_softening_is_sound_at_the_edges():
    sure = torch.tensor([[1.0, 0.0, 0.0]])
    assert torch.allclose(soften(sure, 1.0), sure, atol=1e-6)
    cooled = soften(sure, 10.0)
    assert torch.isfinite(cooled).all()
    assert cooled.sum().item() == pytest.approx(1.0)
    assert cooled[0, 0] > cooled[0, 1] > 0
    shares = torch.tensor(SOFT)
    assert torch.allclose(soften(shares, 1.0), shares, atol=1e-6)


def test_vectors_of_the_mean_are_half_a_unit_off():
    teacher = torch.tensor([[3.0, 0.0], [-1.0, 2.0], [1.0, 7.0]])
    unit = spread(teacher)
    assert unit == pytest.approx((((4 + 9) + (4 + 1) + 16) / 3) ** 0.5)
    assert float(vector_loss(teacher / unit, teacher / unit)) == 0
    mean = teacher.mean(0).expand(3, 2)
    assert float(vector_loss(mean / unit, teacher / unit)) == pytest.approx(0.5)
    assert spread(teacher[:1]) > 0, "to be divided by"
