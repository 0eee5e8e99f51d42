"""One training of a teacher for `benchmarks.teacher_choices`, and what it says by which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from kd_edge.data.responses import Row
from kd_edge.teacher import batches
from kd_edge.teacher.predict import predict_ids
from kd_edge.teacher.training_run import TrainingRun
from kd_edge.training.epoch import EpochFigures
from kd_edge.training.schedule import set_step

KEPT = ("best", "least-loss", "last", "average", "moving")
"""The ways to choose the weights that are kept."""

_PATIENCE = 3
_LAST_EPOCHS = 0.3  # share of the epochs that "average" takes the mean of
_DECAY = 0.98  # of the moving average, a step


@dataclass(frozen=True)
class Extras:
    """What `TeacherOptions` has no option for.

    Attributes:
        layer_decay: each layer's rate as a share of that of the layer above, > 0 and <= 1.
        probe: begin with the head of a logistic regression over the vectors as they are.
        all_layers: the head reads the mean of each layer's vectors, not of the last one's alone.
        r_drop: weight of the divergence of two passes with their own dropout (Wu et al. 2021).
    """

    layer_decay: float = 1.0
    probe: bool = False
    all_layers: bool = False
    r_drop: float = 0.0


class Trial(TrainingRun):
    """A training that runs to the end of its schedule, and keeps weights in each way.

    Attributes:
        extras: what is done besides, see `with_extras`.
        history: the figures of the epochs that `measured` ran.
        stopped: the epoch, from 1, whose weights "best" has.
    """

    extras = Extras()
    history: tuple[EpochFigures, ...] = ()
    stopped = 0

    def with_extras(self, extras: Extras) -> Trial:
        """The same training, before it begins, with what `TeacherOptions` has no option for."""
        self.extras = extras
        if extras.all_layers:
            _read_all_layers(self.model, self.options.seed)
        self.optimizer = self._new_optimizer()
        if extras.probe:
            self._begin_with_probe()
        return self

    def measured(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Train; the class probabilities of some rows, float32 [N, K], by each way of `KEPT`."""
        ids = self._encode(rows)
        history: list[EpochFigures] = []
        said: list[np.ndarray] = []
        average, moving = _Mean(self.model), _Mean(self.model)
        for epoch in range(self.epochs):
            loss = self._epoch(epoch, moving)
            history.append(self._validate(epoch + 1, loss))
            said.append(predict_ids(self.model.eval(), ids, self.compute))
            if epoch + 1 > self.epochs * (1 - _LAST_EPOCHS):
                average.add(1 / (average.number + 1))
        self.history = tuple(history)
        best = _stopped(history, _PATIENCE)
        self.stopped = best + 1
        least = min(range(self.epochs), key=lambda epoch: history[epoch].loss)
        found = {"best": said[best], "least-loss": said[least], "last": said[-1]}
        for name, mean in (("average", average), ("moving", moving)):
            mean.put()
            found[name] = predict_ids(self.model.eval(), ids, self.compute)
        return found

    def _epoch(self, epoch: int, moving: _Mean) -> float:
        options = self.options
        seeds = np.random.SeedSequence([options.seed, epoch]).generate_state(1)
        torch.manual_seed(int(seeds[0]))
        self.model.train()
        lengths = [len(one) for one in self.ids]
        total = self.epochs * self.batches
        order = batches.shuffled(lengths, options.batch_size, options.seed, epoch)
        losses = []
        for step, batch in enumerate(order, epoch * self.batches):
            set_step(self.optimizer, step, total)
            losses.append(self._step(batch))
            if step >= total // 2:
                moving.add(1 - _DECAY if moving.number else 1.0)
        return float(np.mean(losses))

    def _loss(self, batch: Sequence[int], of_weight: float, of_rows: float) -> torch.Tensor:
        if not self.extras.r_drop:
            return super()._loss(batch, of_weight, of_rows)
        padded = batches.pad(self.ids, batch, batches.pad_id(self.model.tokenizer), self.device)
        logits = self.model(*padded)
        again = self.model(*padded)
        one, two = logits.log_softmax(-1), again.log_softmax(-1)
        apart = sum(
            functional.kl_div(a, b, log_target=True, reduction="batchmean")
            for a, b in ((one, two), (two, one))
        )
        loss = self._of(logits, batch) + self._of(again, batch)
        return (loss + self.extras.r_drop * apart) / 2

    def _of(self, logits: torch.Tensor, batch: Sequence[int]) -> torch.Tensor:
        scores = self.scores[batch]
        loss = functional.cross_entropy(
            logits, scores, label_smoothing=self.options.label_smoothing
        )
        if self.scale.numeric:
            error = (logits.softmax(-1) @ self.values - self.values[scores]) ** 2
            loss = loss + self.options.ordinal_weight * error.mean()
        return loss

    def _groups(self) -> list[dict[str, Any]]:
        """The parameters with their highest rates; those of lower layers have less."""
        decay, layers = self.extras.layer_decay, self.model.backbone.config.num_hidden_layers
        body, head = self.model.parameter_groups()
        own = {id(parameter) for parameter in body}
        groups: dict[int, list[nn.Parameter]] = {}
        for name, parameter in self.model.named_parameters():
            if id(parameter) in own:
                _, found, rest = name.partition(".layer.")
                above = layers - 1 - int(rest.split(".")[0]) if found else layers
                groups.setdefault(above, []).append(parameter)
        rate = self.options.learning_rate
        return [
            *({"params": some, "peak": rate * decay**above} for above, some in groups.items()),
            {"params": head, "peak": self.options.head_learning_rate},
        ]

    def _begin_with_probe(self) -> None:
        from sklearn.linear_model import LogisticRegression

        head = self.model.head
        assert isinstance(head, nn.Linear)
        vectors = np.zeros((len(self.ids), head.in_features), np.float32)
        fill = batches.pad_id(self.model.tokenizer)
        with torch.no_grad():
            for batch in batches.by_length(self.ids, 64):
                padded = batches.pad(self.ids, batch, fill, self.device)
                vectors[batch] = self.model.eval().with_vectors(*padded)[1].numpy()
        spread = float(vectors.std(0).mean())
        probe = LogisticRegression(C=0.01, max_iter=300).fit(vectors / spread, self.scores.numpy())
        weights, bias = probe.coef_ / spread, probe.intercept_
        if len(probe.classes_) == 2:  # it has the second class's alone
            weights, bias = np.vstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
        with torch.no_grad():
            head.weight[probe.classes_] = torch.tensor(weights, dtype=torch.float32)
            head.bias[probe.classes_] = torch.tensor(bias, dtype=torch.float32)


class _Mean:
    """A mean of a model's weights over several steps."""

    def __init__(self, model: nn.Module) -> None:
        self._weights: list[torch.Tensor] = list(model.parameters())
        self._mean: list[torch.Tensor] = []
        self.number = 0

    def add(self, share: float) -> None:
        """Take the weights as they are in, with a share > 0 and <= 1 of the mean."""
        with torch.no_grad():
            if not self._mean:
                self._mean = [weight.detach().clone() for weight in self._weights]
            torch._foreach_lerp_(self._mean, self._weights, share)
        self.number += 1

    def put(self) -> None:
        """Give the model the mean."""
        with torch.no_grad():
            for weight, mean in zip(self._weights, self._mean, strict=True):
                weight.copy_(mean)


def _stopped(history: Sequence[EpochFigures], patience: int) -> int:
    """The best epoch, from 0, where training stops after some that are no better."""
    best = 0
    for epoch, figures in enumerate(history):
        if figures.rank > history[best].rank:
            best = epoch
        if epoch - best >= patience:
            break
    return best


def _read_all_layers(model: Any, seed: int) -> None:
    """Let a model's head read the mean of each layer's vectors, beside each other."""
    size, layers = model.backbone.config.hidden_size, model.backbone.config.num_hidden_layers
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.head = nn.Linear(size * (layers + 1), model.classes)

    def with_vectors(tokens: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        output = model.backbone(input_ids=tokens, attention_mask=mask, output_hidden_states=True)
        weights = mask.unsqueeze(-1).float()
        means = [(state * weights).sum(1) / weights.sum(1) for state in output.hidden_states]
        pooled = torch.cat(means, dim=1)
        return model.head(model.dropout(pooled)), pooled

    model.with_vectors = with_vectors
