"""Trains a student's network and saves a checkpoint after each epoch, or each part of one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.console.progress import Tracker, track
from kd_edge.data.responses import Scale
from kd_edge.distillation.examples import Examples
from kd_edge.distillation.loss import distillation_loss, soften, spread, vector_loss
from kd_edge.distillation.options import DistilOptions
from kd_edge.stages.record import StoppedError, hash_json
from kd_edge.students.base import Recipe
from kd_edge.students.student import Encoded, Network, TextStage, probabilities
from kd_edge.teacher.compute import Compute, choose_compute
from kd_edge.training.checkpoint import Checkpoint
from kd_edge.training.epoch import EpochFigures, epoch_figures
from kd_edge.training.optimizer import fused
from kd_edge.training.run_state import RunState
from kd_edge.training.schedule import set_step

# Below this, batches of the recipe's size would make too few steps of an epoch.
_FEW = 4096
_SMALL_BATCH = 32


class Training:
    """One run of training a student's network, in place.

    The best epoch is chosen by the held-out responses.

    Args:
        learnt: a hash of how the text stage was learnt, where its texts and options do not say.
    """

    def __init__(
        self,
        network: Network,
        text: TextStage,
        examples: Examples,
        held_out: Examples,
        scale: Scale,
        options: DistilOptions,
        learnt: str = "",
    ) -> None:
        self._recipe = recipe = options.recipe
        self._network = network
        self._text = text
        self._scale = scale
        self._options = options
        self._learnt = learnt
        self._held_out = held_out
        self._size = recipe.batch_size
        if len(examples) < _FEW:
            self._size = min(self._size, _SMALL_BATCH)
        self._batches = -(-len(examples) // self._size)
        # What is measured and saved at a time: an epoch, or a part of one.
        self._part = max(1, recipe.part // self._size) if recipe.part else self._batches
        self._parts = -(-self._batches // self._part)
        self._epochs = options.epochs or max(
            recipe.epochs, min(-(-recipe.least_steps // self._batches), 60)
        )
        self._scores = torch.from_numpy(examples.scores)
        self._soft = soften(torch.from_numpy(examples.soft), options.temperature)
        self._soft[torch.from_numpy(examples.soft.sum(1) == 0)] = 0.0
        self._examples = examples
        self._vectors, self._spread = None, 1.0
        if examples.vectors is not None:
            self._spread = spread(torch.from_numpy(examples.vectors))
            self._vectors = torch.from_numpy(examples.vectors) / self._spread
        self._compute = (
            choose_compute("auto", "auto")
            if recipe.low_precision
            else Compute(torch.device("cpu"), "fp32")
        )
        network.to(self._compute.device)
        groups = _groups(network, recipe)
        self._optimizer = (
            fused(torch.optim.Adam, groups)
            if recipe.decay is None
            else fused(torch.optim.AdamW, groups, weight_decay=recipe.decay)
        )

    def run(self, folder: Path, description: str) -> RunState:
        """Trains, or resumes a stopped run, and leaves the weights that are kept.

        These are the best epoch's; where an epoch has parts, the last part's: its learning rate
        has come down to nothing, so that it is the best but for chance.

        The checkpoint in `folder` stays: a finished run is read from it at once.

        Raises:
            StoppedError: the user stopped it; the same call resumes.
        """
        unit = "part" if self._parts > 1 else "epoch"
        checkpoint = Checkpoint(folder, self._network, self._optimizer, unit)
        state = checkpoint.resume(self._key())
        try:
            state = self._train(state, checkpoint, description)
        except KeyboardInterrupt:
            raise StoppedError(
                f"{description}: stopped. Start the same command again to resume after the "
                f"last finished {unit}."
            ) from None
        if self._parts == 1:
            checkpoint.restore_best()
        self._network.to("cpu").eval()
        return state

    def kept(self, state: RunState) -> EpochFigures:
        """The figures of the weights that `run` left."""
        return state.best if self._parts == 1 else state.history[-1]

    def _train(self, state: RunState, checkpoint: Checkpoint, description: str) -> RunState:
        legs = self._epochs * self._parts
        total, done = self._epochs * self._batches, self._first(state.epochs)
        encoded = self._text.encode(self._examples.texts, self._examples.questions)
        with torch.random.fork_rng(), track(description, total, done) as tracker:
            return checkpoint.run_epochs(
                state,
                lambda leg: self._validate(leg + 1, self._leg(leg, encoded, tracker)),
                legs,
                legs,  # all of them, however long there is nothing better
                tracker,
            )

    def _first(self, leg: int) -> int:
        """The first step of a leg, which is an epoch or a part of one, from 0."""
        epoch, part = divmod(leg, self._parts)
        return epoch * self._batches + part * self._part

    def _key(self) -> str:
        """A hash of everything that determines the result."""
        weights = [float(part.double().sum()) for part in self._network.state_dict().values()]
        key = {
            "options": {
                **asdict(self._options),
                "student_options": dict(self._options.student_options),
            },
            "texts": self._examples.texts,
            "scores": self._examples.scores.tolist(),
            "soft": self._examples.soft.round(6).tolist(),
            "held out": [self._held_out.texts, self._held_out.scores.tolist()],
            "start": weights,
        }
        if self._learnt:
            key["learnt"] = self._learnt
        if self._vectors is not None:
            key["vectors"] = self._vectors.double().sum(0).tolist()
        return hash_json(key)

    def _leg(self, leg: int, encoded: Encoded, tracker: Tracker) -> float:
        epoch, part = divmod(leg, self._parts)
        seed = self._options.seed
        order = self._order(np.random.default_rng(np.random.SeedSequence([seed, epoch])), encoded)
        # Of the leg alone, so that a resumed run draws the dropout of an uninterrupted one.
        torch.manual_seed(int(np.random.SeedSequence([seed, leg]).generate_state(1)[0]))
        self._network.train()
        losses = []
        chosen = order[part * self._part : (part + 1) * self._part]
        for step, index in enumerate(chosen, self._first(leg)):
            set_step(self._optimizer, step, self._epochs * self._batches)
            losses.append(self._step(index, encoded))
            tracker.advance()
        return float(np.mean(losses))

    def _order(self, rng: np.random.Generator, encoded: Encoded) -> list[npt.NDArray[np.int64]]:
        """The examples in batches, in random order, similar lengths together if padded."""
        if encoded.padded:
            noisy = encoded.lengths + rng.uniform(0, 12, len(encoded))
            order = np.argsort(noisy, kind="stable")
        else:
            order = rng.permutation(len(encoded))
        batches = [order[start : start + self._size] for start in range(0, len(order), self._size)]
        return [batches[place] for place in rng.permutation(len(batches))]

    def _step(self, index: npt.NDArray[np.int64], encoded: Encoded) -> float:
        options, at = self._options, torch.from_numpy(index)
        batch = [part.to(self._compute.device) for part in encoded.batch(index)]
        near: torch.Tensor | float = 0.0
        with self._compute.autocast():
            if self._vectors is None:
                logits = self._network(*batch)
            else:
                logits, vectors = self._network.with_vectors(*batch)
                near = vector_loss(vectors.cpu() / self._spread, self._vectors[at])
        loss = distillation_loss(
            logits.cpu(), self._scores[at], self._soft[at], options.weight, options.temperature
        )
        loss = loss + self._recipe.vector_weight * near
        self._compute.step(
            loss + self._network.penalty(), self._network, self._optimizer, self._recipe.clip
        )
        return loss.item()

    def _validate(self, epoch: int, train_loss: float) -> EpochFigures:
        held_out = self._held_out
        with self._compute.autocast():
            rows = probabilities(self._network, self._text, held_out.texts, held_out.questions)
        return epoch_figures(epoch, train_loss, rows, held_out.scores, self._scale)


def _groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters and their highest learning rates, as an optimizer takes them."""
    new = {id(part) for part in network.new_parameters}
    groups: list[dict[str, Any]] = [
        {
            "params": [part for part in network.parameters() if id(part) not in new],
            "peak": recipe.learning_rate,
        }
    ]
    if new:
        rate = recipe.learning_rate * recipe.head_rate
        groups.append({"params": network.new_parameters, "peak": rate})
    return groups
