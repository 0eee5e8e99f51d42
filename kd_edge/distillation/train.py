"""Trains a student's network and saves a checkpoint after each epoch."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.console.progress import Tracker, track
from kd_edge.data.responses import Scale
from kd_edge.distillation.examples import Examples
from kd_edge.distillation.loss import distillation_loss, soften
from kd_edge.distillation.options import DistilOptions
from kd_edge.stages.record import StoppedError, hash_json
from kd_edge.students.student import Encoded, Network, TextStage, probabilities
from kd_edge.training.checkpoint import Checkpoint, RunState
from kd_edge.training.epoch import EpochFigures, epoch_figures
from kd_edge.training.optimizer import fused
from kd_edge.training.schedule import set_step

# Below this, batches of the recipe's size would make too few steps of an epoch.
_FEW = 4096
_SMALL_BATCH = 32


class Training:
    """One run of training a student's network, in place, from fresh weights.

    The best epoch is chosen by the held-out responses.
    """

    def __init__(
        self,
        network: Network,
        text: TextStage,
        examples: Examples,
        held_out: Examples,
        scale: Scale,
        options: DistilOptions,
    ) -> None:
        recipe = options.recipe
        self._network = network
        self._text = text
        self._scale = scale
        self._options = options
        self._held_out = held_out
        self._size = recipe.batch_size
        if len(examples) < _FEW:
            self._size = min(self._size, _SMALL_BATCH)
        self._batches = -(-len(examples) // self._size)
        self._epochs = options.epochs or max(
            recipe.epochs, min(-(-recipe.least_steps // self._batches), 60)
        )
        self._scores = torch.from_numpy(examples.scores)
        self._soft = soften(torch.from_numpy(examples.soft), options.temperature)
        self._soft[torch.from_numpy(examples.soft.sum(1) == 0)] = 0.0
        self._examples = examples
        groups = [{"params": list(network.parameters()), "peak": recipe.learning_rate}]
        self._optimizer = fused(torch.optim.Adam, groups)

    def run(self, folder: Path, description: str) -> RunState:
        """Trains, or resumes a stopped run, and leaves the best epoch's weights.

        The checkpoint in `folder` stays: a finished run is read from it at once.

        Raises:
            StoppedError: the user stopped it; the same call resumes.
        """
        checkpoint = Checkpoint(folder, self._network, self._optimizer)
        state = checkpoint.resume(self._key())
        try:
            state = self._train(state, checkpoint, description)
        except KeyboardInterrupt:
            raise StoppedError(
                f"{description}: stopped. Start the same command again to resume after the "
                "last finished epoch."
            ) from None
        checkpoint.restore_best()
        self._network.eval()
        return state

    def _train(self, state: RunState, checkpoint: Checkpoint, description: str) -> RunState:
        total, done = self._epochs * self._batches, state.epochs * self._batches
        encoded = self._text.encode(self._examples.texts, self._examples.questions)
        with torch.random.fork_rng(), track(description, total, done) as tracker:
            return checkpoint.run_epochs(
                state,
                lambda epoch: self._validate(epoch + 1, self._epoch(epoch, encoded, tracker)),
                self._epochs,
                self._epochs,  # all of them, however long there is nothing better
                tracker,
            )

    def _key(self) -> str:
        """A hash of everything that determines the result."""
        weights = [float(part.double().sum()) for part in self._network.state_dict().values()]
        return hash_json(
            {
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
        )

    def _epoch(self, epoch: int, encoded: Encoded, tracker: Tracker) -> float:
        seed = np.random.SeedSequence([self._options.seed, epoch])
        torch.manual_seed(int(seed.generate_state(1)[0]))
        self._network.train()
        losses = []
        for place, index in enumerate(self._order(np.random.default_rng(seed), encoded)):
            step = epoch * self._batches + place
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
        options = self._options
        at = torch.from_numpy(index)
        logits = self._network(*encoded.batch(index))
        loss = distillation_loss(
            logits, self._scores[at], self._soft[at], options.weight, options.temperature
        )
        self._optimizer.zero_grad()
        (loss + self._network.penalty()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), options.recipe.clip)
        self._optimizer.step()
        return loss.item()

    def _validate(self, epoch: int, train_loss: float) -> EpochFigures:
        held_out = self._held_out
        rows = probabilities(self._network, self._text, held_out.texts, held_out.questions)
        return epoch_figures(epoch, train_loss, rows, held_out.scores, self._scale)
