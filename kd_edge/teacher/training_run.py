"""One run of fine-tuning: the epochs of a teacher, whose state is saved after each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from kd_edge.console.progress import Tracker, track
from kd_edge.data.responses import Item, Row
from kd_edge.stages.record import hash_json, hash_rows, plain_options
from kd_edge.teacher import batches
from kd_edge.teacher.averaging import add_to_mean, averaged, put_mean
from kd_edge.teacher.building import adapter_base, build_model
from kd_edge.teacher.card import TeacherCard
from kd_edge.teacher.compute import choose_compute, random_devices
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict_ids
from kd_edge.teacher.source import Source
from kd_edge.training.checkpoint import Checkpoint
from kd_edge.training.epoch import EpochFigures, epoch_figures
from kd_edge.training.optimizer import fused
from kd_edge.training.run_state import RunState
from kd_edge.training.schedule import set_step

_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 1.0


class TrainingRun:
    """A teacher's model, the responses as it reads them, and its optimizer.

    Args:
        item: the item; its scale gives the classes.
        training: the scored rows to learn from, at least one.
        held_out: those by which an epoch is measured, at least one.
        options: how.
        source: the language model.

    Attributes:
        model: the network, on the device that computes.
        optimizer: of its parameters.
        epochs: how many are run at most.
        key: hash of all that decides the outcome.

    Raises:
        InputError: the model cannot be loaded, or this machine cannot compute as the options say.
    """

    def __init__(
        self,
        item: Item,
        training: Sequence[Row],
        held_out: Sequence[Row],
        options: TeacherOptions,
        source: Source,
    ) -> None:
        self.options = options
        self.scale = scale = item.scale
        self.source = source
        self.held_out = held_out
        self.epochs = options.epochs_for(len(training))
        self.compute = choose_compute(options.device, options.precision)
        self.device = self.compute.device
        model = build_model(item, options, source, self.compute)
        prompt = {} if model.prompt is None else {"prompt": asdict(model.prompt)}
        self.key = hash_json(
            {
                "options": replace(options, model=source.sha256).as_input(),
                "rows": hash_rows([*training, *held_out]),
                "held out": len(held_out),
                "classes": scale.classes,
                **prompt,
            }
        )
        self.model = model.to(self.device)
        self.optimizer = self._new_optimizer()
        self.ids = self._encode(training)
        self.held_out_ids = self._encode(held_out)
        self.held_out_scores = np.array([row.score for row in held_out])
        scores = torch.tensor([row.score for row in training])
        self.scores = scores.to(self.device)
        # In steps of the scale, so that 0-100 weighs no more than 0-3 against the classes.
        steps = [value / scale.step for value in scale.values]
        self.values = torch.tensor(steps, dtype=torch.float32, device=self.device)
        counts = torch.bincount(scores, minlength=len(scale.classes)).float()
        weights = len(training) / (len(scale.classes) * counts.clamp(min=1.0))
        if options.pairs and not options.class_weights:
            weights = weights.sqrt()
        weighted = options.class_weights or options.pairs
        self.class_weights = weights.to(self.device) if weighted else None
        self.batches = -(-len(training) // options.batch_size)

    def _new_optimizer(self) -> torch.optim.Optimizer:
        return fused(torch.optim.AdamW, self._groups(), weight_decay=_WEIGHT_DECAY)

    def _groups(self) -> list[dict[str, Any]]:
        """The parameters with the highest rate of each."""
        body, head = self.model.parameter_groups()
        return [
            {"params": body, "peak": self.options.learning_rate},
            {"params": head, "peak": self.options.head_learning_rate},
        ]

    def train(self, checkpoint: Checkpoint, description: str) -> RunState:
        """Run the epochs that are left, saving after each; the description labels the progress."""
        # The caller's random state is left as it was.
        with torch.random.fork_rng(devices=random_devices(self.device)):
            # The scale of an fp16 loss is not in a checkpoint: a fresh one is too large at worst,
            # and falls within a few steps, which are skipped.
            state = checkpoint.resume(self.key)
            total, done = self.epochs * self.batches, state.epochs * self.batches
            with track(description, total, done) as tracker:
                return checkpoint.run_epochs(
                    state,
                    lambda epoch: self._validate(epoch + 1, self._train_epoch(epoch, tracker)),
                    self.epochs,
                    self.options.patience or self.epochs,
                    tracker,
                )

    def keep(self, checkpoint: Checkpoint) -> None:
        """Give the model the weights that are kept, after `train`."""
        if self._averages:
            put_mean(self.optimizer)
        else:
            checkpoint.restore_best()

    @property
    def _averages(self) -> bool:
        """Whether the average of the second half of the steps is kept, and not the best epoch."""
        return self.options.patience is None

    def _kept(self, state: RunState) -> int:
        """The epoch whose weights are kept, from 1."""
        return state.epochs if self._averages else state.best_epoch

    def card(self, state: RunState, folder: Path) -> TeacherCard:
        """What teacher.json says of the run."""
        return TeacherCard(
            classes=self.scale.classes,
            numeric=self.scale.numeric,
            max_length=self.options.max_length,
            base=self.source.name,
            base_revision=self.source.revision,
            base_sha256=self.source.sha256,
            options=plain_options(self.options),
            validation_ids=tuple(row.response_id for row in self.held_out),
            best_epoch=self._kept(state),
            history=state.history,
            prompt=self.model.prompt,
            adapter=adapter_base(self.model, self.options, self.source, folder),
            key=self.key,
        )

    def _train_epoch(self, epoch: int, tracker: Tracker) -> float:
        options = self.options
        seeds = np.random.SeedSequence([options.seed, epoch]).generate_state(1)
        torch.manual_seed(int(seeds[0]))
        self.model.train()
        lengths = [len(ids) for ids in self.ids]
        order = batches.shuffled(lengths, options.batch_size, options.seed, epoch)
        losses = []
        total = self.epochs * self.batches
        for step, batch in enumerate(order, epoch * self.batches):
            set_step(self.optimizer, step, total)
            losses.append(self._step(batch))
            if self._averages and step >= total // 2:
                add_to_mean(self.optimizer)
            tracker.advance()
        return float(np.mean(losses))

    def _step(self, batch: Sequence[int]) -> float:
        """Take an optimizer step, with the gradients of some responses at a time."""
        size = self.options.micro_batch or len(batch)
        weight = self._weight(batch)
        loss = 0.0
        self.optimizer.zero_grad()
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            share = self._weight(part) / weight, len(part) / len(batch)
            of_part = self._loss(part, *share)
            self.compute.backward(of_part)
            loss += of_part.item()
        self.compute.update(self.model, self.optimizer, _LARGEST_GRADIENT)
        return loss

    def _weight(self, batch: Sequence[int]) -> float:
        """The sum of the class weights of some responses."""
        if self.class_weights is None:
            return float(len(batch))
        return float(self.class_weights[self.scores[batch]].sum())

    def _loss(self, batch: Sequence[int], of_weight: float, of_rows: float) -> torch.Tensor:
        """The part that some responses have in a step's loss.

        Args:
            batch: their indices.
            of_weight: their part of the step's class weights, > 0 and <= 1.
            of_rows: their part of its responses, > 0 and <= 1.
        """
        fill = batches.pad_id(self.model.tokenizer)
        with self.compute.autocast():
            logits = self.model(*batches.pad(self.ids, batch, fill, self.device))
        scores = self.scores[batch]
        smoothing = self.options.label_smoothing
        loss = of_weight * functional.cross_entropy(
            logits, scores, weight=self.class_weights, label_smoothing=smoothing
        )
        if not self.scale.numeric:
            return loss
        expected: torch.Tensor = logits.softmax(-1) @ self.values
        error = ((expected - self.values[scores]) ** 2).mean() * of_rows
        return loss + self.options.ordinal_weight * error

    def _validate(self, epoch: int, train_loss: float) -> EpochFigures:
        self.model.eval()
        with averaged(self.optimizer) if self._averages else nullcontext():
            found = predict_ids(self.model, self.held_out_ids, self.compute)
        return epoch_figures(epoch, train_loss, found, self.held_out_scores, self.scale)

    def _encode(self, rows: Sequence[Row]) -> list[list[int]]:
        return self.model.encode([row.text for row in rows])
