"""Compares forms with PyTorch, and refuses those that differ by more than the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kd_edge.console.tables import TerminalTable
from kd_edge.data.responses import Scale
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores, quadratic_kappa
from kd_edge_export.parity import Difference, Probabilities, difference
from kd_edge_runtime.errors import InputError, ParityError

_PARITY = (
    *("form", "bytes", "on", "responses", "greatest difference", "mean difference"),
    *("equal classes", "QWK", "against PyTorch"),
)

_NAMED = 5  # responses in a message


@dataclass(frozen=True)
class Limits:
    """How much a form may differ from PyTorch.

    Attributes:
        greatest: largest difference in a probability, for a form with the same numbers as
            PyTorch; its classes must all be equal, too.
        equal: smallest share of responses with the same class, 0 to 1, for a form with
            rounded numbers.
        qwk_loss: largest loss of QWK on held-out responses, for a form with rounded numbers.

    Raises:
        InputError: a limit is out of its range.
    """

    greatest: float = 1e-4
    equal: float = 0.99
    qwk_loss: float = 0.005

    def __post_init__(self) -> None:
        if not 0 <= self.greatest <= 1:
            raise InputError(f"the greatest difference is {self.greatest}; it must be 0 to 1")
        if not 0 <= self.equal <= 1:
            raise InputError(f"the least share of equal classes is {self.equal}; it must be 0 to 1")
        if not 0 <= self.qwk_loss <= 2:
            raise InputError(f"the accepted loss of QWK is {self.qwk_loss}; it must be 0 to 2")


@dataclass(frozen=True, eq=False)
class Sample:
    """Responses on which forms are compared with PyTorch: golden rows, then held-out ones.

    The held-out responses have ids, and people's scores as classes; [N].
    """

    golden: tuple[str, ...]
    texts: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    scores: Scores | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Golden inputs and held-out responses."""
        return (*self.golden, *self.texts)

    def name(self, at: int) -> str:
        """The name of a response in messages."""
        if at < len(self.golden):
            return f"golden row {at + 1}"
        return f"response '{self.ids[at - len(self.golden)]}'"


@dataclass(frozen=True)
class FormParity:
    """One form compared with PyTorch.

    Attributes:
        golden: the difference on the golden rows.
        held_out: the difference on held-out responses; None without any.
        qwk: the form's QWK with people's scores of the held-out responses.
        qwk_change: this QWK minus that of PyTorch.
    """

    form: str
    bytes: int
    golden: Difference
    held_out: Difference | None = None
    qwk: float | None = None
    qwk_change: float | None = None


@dataclass(frozen=True, eq=False)
class Gate:
    """Compares the forms of one student with PyTorch.

    Attributes:
        decision: how probabilities become a class.
        sample: the responses that the forms are run on.
        expected: PyTorch's probabilities of `sample.all`; [N, K].
    """

    item_id: str
    scale: Scale
    decision: str
    sample: Sample
    expected: Probabilities
    limits: Limits

    def exact(self, form: str, actual: Probabilities, expected: Probabilities) -> None:
        """Refuses a form that computes other results than PyTorch from the same numbers.

        Args:
            form: the form.
            actual: its probabilities of the sample; [N, K].
            expected: those of PyTorch with the numbers that the form holds; [N, K].

        Raises:
            ParityError: a probability differs by more than the limit, or a class differs.
        """
        compared = self._difference(actual, expected)
        if not compared.greatest <= self.limits.greatest:
            raise self._refusal(
                form,
                f"a probability differs by {compared.greatest:.2g}, at most "
                f"{self.limits.greatest:.0e} is allowed",
                (compared.worst,),
            )
        if compared.unequal:
            raise self._refusal(form, f"{len(compared.unequal)} classes differ", compared.unequal)

    def near(self, form: str, actual: Probabilities) -> None:
        """Refuses a form with rounded numbers whose scores differ too often.

        Golden rows are few and deliberately unusual: they count only if there are no responses.

        Raises:
            ParityError: too few classes are equal, or too much QWK is lost.
        """
        start = len(self.sample.golden) if self.sample.texts else 0
        compared = self._difference(actual, self.expected, slice(start, None))
        unequal = [start + at for at in compared.unequal]
        if not compared.equal >= self.limits.equal:
            raise self._refusal(
                form,
                f"{compared.equal:.1%} of {compared.responses} classes are equal, at least "
                f"{self.limits.equal:.1%} are required",
                unequal,
            )
        kappa, change = self._kappa(actual)
        if change is not None and not -change <= self.limits.qwk_loss:
            raise self._refusal(
                form,
                f"its QWK on held-out responses is {kappa:.4f}, {-change:.4f} lower (at most "
                f"{self.limits.qwk_loss} is accepted)",
                unequal,
            )

    def figures(self, form: str, size: int, actual: Probabilities) -> FormParity:
        """The comparison of a form for reports, with its size in bytes; see `exact`."""
        golden = len(self.sample.golden)
        held_out = None
        if self.sample.texts:
            held_out = self._difference(actual, self.expected, slice(golden, None))
        first = self._difference(actual, self.expected, slice(golden))
        return FormParity(form, size, first, held_out, *self._kappa(actual))

    def _classes(self, probabilities: Probabilities) -> Scores:
        return decided(np.nan_to_num(probabilities), self.scale, self.decision)

    def _difference(
        self, actual: Probabilities, expected: Probabilities, part: slice = slice(None)
    ) -> Difference:
        actual, expected = actual[part], expected[part]
        return difference(actual, expected, self._classes(actual), self._classes(expected))

    def _kappa(self, actual: Probabilities) -> tuple[float | None, float | None]:
        scores = self.sample.scores
        if scores is None:
            return None, None
        golden = len(self.sample.golden)
        kappa, of_pytorch = (
            quadratic_kappa(scores, self._classes(probabilities[golden:]), self.scale.values)
            for probabilities in (actual, self.expected)
        )
        return kappa, kappa - of_pytorch

    def _refusal(self, form: str, reason: str, rows: Sequence[int]) -> ParityError:
        named = ", ".join(self.sample.name(at) for at in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        return ParityError(
            f"item '{self.item_id}': the form {form} does not score as PyTorch does: {reason}. "
            f"See {named}{more}. No bundle was written; the options of 'kd-edge export' set the "
            "limits."
        )


def parity_table(title: str, forms: Sequence[FormParity]) -> TerminalTable:
    """Each form of a student compared with PyTorch, as a table for the terminal."""
    return TerminalTable(title, _PARITY, [_parity_cells(parity) for parity in forms])


def _parity_cells(parity: FormParity) -> list[str]:
    compared = parity.held_out or parity.golden
    return [
        parity.form,
        f"{parity.bytes:,}",
        "held-out" if parity.held_out else "golden",
        f"{compared.responses:,}",
        f"{compared.greatest:.1e}",
        f"{compared.mean:.1e}",
        f"{compared.equal:.1%}",
        "" if parity.qwk is None else f"{parity.qwk:.3f}",
        "" if parity.qwk_change is None else f"{parity.qwk_change:+.4f}",
    ]
