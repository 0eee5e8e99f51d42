"""The loss of distillation.

Latif, Fang, Ma and Zhai (2024), "Knowledge Distillation of LLMs for Automatic Scoring of
Science Assessments":

    L = L(y, f(x)) + lambda * (1/N) * sum_i CE(p_i, f(x_i))

with y the human scores, f the student and p_i the teacher's probabilities. A temperature T
softens both sides of the second term, which is then multiplied by T squared, so that its
gradients keep their size (Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a
Neural Network"). Variants have no human score: for them there is only the second term.
"""

from __future__ import annotations

import torch


def vector_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Half the squared distance of a student's vectors from the teacher's, a mean; a scalar.

    After the hints of FitNets (Romero et al. 2015), without a map between the two: a student that
    is cut out of its teacher has vectors of the same meaning.

    Args:
        student: [B, D].
        teacher: those of the same responses, in units of `spread`; [B, D].
    """
    return (student - teacher).square().sum(-1).mean() / 2


def spread(vectors: torch.Tensor) -> float:
    """How far vectors lie apart: the root of their mean squared distance from their mean.

    In this unit a student that gives all responses the mean vector has a loss of a half,
    however wide vectors are.

    Args:
        vectors: [N, D].
    """
    return float((vectors - vectors.mean(0)).square().sum(-1).mean().sqrt().clamp(min=1e-6))


def soften(probabilities: torch.Tensor, temperature: float) -> torch.Tensor:
    """Probabilities at a temperature: p^(1/T), normalised, as if the logits were divided by T.

    Args:
        probabilities: rows that add up to 1; [N, K].
        temperature: T >= 1.
    """
    powers = probabilities.clamp(min=1e-12) ** (1 / temperature)
    return powers / powers.sum(-1, keepdim=True)


def distillation_loss(
    logits: torch.Tensor,
    scores: torch.Tensor,
    soft: torch.Tensor,
    weight: float,
    temperature: float,
) -> torch.Tensor:
    """The paper's loss over a batch.

    Args:
        logits: the student's; [B, K].
        scores: the human scores as classes, -1 where there is none; [B].
        soft: the teacher's probabilities at `temperature`, rows of zeros where there are none;
            [B, K].
        weight: lambda.
        temperature: T.

    Returns:
        The loss per example; a scalar.
    """
    logs = logits.log_softmax(-1)
    scored = scores >= 0
    hard = -(logs.gather(1, scores.clamp(min=0)[:, None])[:, 0] * scored).sum()
    if not weight:
        return hard / len(logits)
    if temperature != 1:
        logs = (logits / temperature).log_softmax(-1)
    soft_loss = -(soft * logs).sum()
    return (hard + weight * temperature**2 * soft_loss) / len(logits)
