"""The average of weights in an optimizer's state."""

from __future__ import annotations

import pytest
import torch

from kd_edge.teacher.averaging import add_to_mean, averaged, put_mean


@pytest.fixture
def trained():
    """A weight and its optimizer, and one that is never trained."""
    weights = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW(weights, lr=0.1)
    step(weights[0], optimizer)
    return weights[0], weights[1], optimizer


def step(weight, optimizer):
    weight.grad = torch.ones(2)
    optimizer.step()


def test_the_average_goes_in_and_out_again(trained):
    weight, still, optimizer = trained
    with averaged(optimizer):
        pass  # there is none yet
    first = weight.detach().clone()
    add_to_mean(optimizer)
    step(weight, optimizer)
    add_to_mean(optimizer)
    last = weight.detach().clone()
    with averaged(optimizer):
        assert torch.allclose(weight, 0.98 * first + 0.02 * last)
    assert torch.equal(weight, last)
    put_mean(optimizer)
    assert torch.allclose(weight, 0.98 * first + 0.02 * last)
    assert torch.equal(still, torch.ones(2))


def test_it_is_saved_with_the_optimizer(trained):
    weight, _, optimizer = trained
    add_to_mean(optimizer)
    kept = weight.detach().clone()
    other = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2)) for _ in range(2)])
    other.load_state_dict(optimizer.state_dict())
    put_mean(other)
    assert torch.equal(other.param_groups[0]["params"][0], kept)
