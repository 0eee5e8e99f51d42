"""How far a form may differ from PyTorch, and the refusal of one that differs more."""

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

# Rows that a message names.
_NAMED = 5


@dataclass(frozen=True)
class Limits:
    """How far a form may differ from PyTorch.

    Attributes:
        greatest: greatest difference of a probability, for a form with PyTorch's own numbers;
            all its classes must be equal, too.
        equal: least share of responses with the same class, 0 to 1, for a form with rounded
            numbers.
        qwk_loss: greatest loss of QWK against PyTorch on held-out responses, for a form with
            rounded numbers.

    Raises:
        InputError: a limit is out of its range.
    """

    greatest: float = 1e-4
    equal: float = 0.99
    qwk_loss: float = 0.005

    def __post_init__(self) -> None:
        if not 0 <= self.greatest <= 1:
            raise InputError(f"the greatest difference is {self.greatest}, it must be 0 to 1")
        if not 0 <= self.equal <= 1:
            raise InputError(f"the least share of equal classes is {self.equal}, it must be 0 to 1")
        if not 0 <= self.qwk_loss <= 2:
            raise InputError(f"the QWK that may be lost is {self.qwk_loss}, it must be 0 to 2")


@dataclass(frozen=True, eq=False)
class Sample:
    """Responses on which forms are compared with PyTorch: golden rows, then held-out ones.

    The latter have ids and human scores as classes; [N].
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
        held_out: the difference on held-out responses, where there are any.
        qwk: the form's QWK with the human scores of these.
        qwk_change: its QWK minus that of PyTorch.
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
        sample: what the forms are run on.
        expected: PyTorch's probabilities of `sample.all`; [N, K].
    """

    item_id: str
    scale: Scale
    decision: str
    sample: Sample
    expected: Probabilities
    limits: Limits

    def exact(self, form: str, found: Probabilities, expected: Probabilities) -> None:
        """Refuses a form that does not compute what PyTorch computes from the same numbers.

        Args:
            form: the form.
            found: its probabilities of the sample; [N, K].
            expected: PyTorch's with the numbers that the form holds; [N, K].

        Raises:
            ParityError: a probability differs by more than the limit, or a class differs.
        """
        all_ = self._difference(found, expected)
        if not all_.greatest <= self.limits.greatest:
            raise self._refusal(
                form,
                f"a probability differs by {all_.greatest:.2g}, at most "
                f"{self.limits.greatest:.0e} is allowed",
                (all_.worst,),
            )
        if all_.unequal:
            raise self._refusal(form, f"{len(all_.unequal)} classes differ", all_.unequal)

    def near(self, form: str, found: Probabilities) -> None:
        """Refuses a form with rounded numbers whose scores differ too often.

        Golden rows are few and odd on purpose: they count only where there are no responses.

        Raises:
            ParityError: too few classes are equal, or too much QWK is lost.
        """
        start = len(self.sample.golden) if self.sample.texts else 0
        all_ = self._difference(found, self.expected, slice(start, None))
        unequal = [start + at for at in all_.unequal]
        if not all_.equal >= self.limits.equal:
            raise self._refusal(
                form,
                f"{all_.equal:.1%} of {all_.responses} classes are equal, at least "
                f"{self.limits.equal:.1%} are asked for",
                unequal,
            )
        kappa, change = self._kappa(found)
        if change is not None and not -change <= self.limits.qwk_loss:
            raise self._refusal(
                form,
                f"its QWK on held-out responses is {kappa:.4f}, {-change:.4f} lower (at most "
                f"{self.limits.qwk_loss} may be lost)",
                unequal,
            )

    def figures(self, form: str, size: int, found: Probabilities) -> FormParity:
        """The comparison that is reported of a form and its bytes; see `exact`."""
        golden = len(self.sample.golden)
        held_out = None
        if self.sample.texts:
            held_out = self._difference(found, self.expected, slice(golden, None))
        first = self._difference(found, self.expected, slice(golden))
        return FormParity(form, size, first, held_out, *self._kappa(found))

    def _classes(self, probabilities: Probabilities) -> Scores:
        return decided(np.nan_to_num(probabilities), self.scale, self.decision)

    def _difference(
        self, found: Probabilities, expected: Probabilities, part: slice = slice(None)
    ) -> Difference:
        found, expected = found[part], expected[part]
        return difference(found, expected, self._classes(found), self._classes(expected))

    def _kappa(self, found: Probabilities) -> tuple[float | None, float | None]:
        scores = self.sample.scores
        if scores is None:
            return None, None
        golden = len(self.sample.golden)
        kappa, of_pytorch = (
            quadratic_kappa(scores, self._classes(probabilities[golden:]), self.scale.values)
            for probabilities in (found, self.expected)
        )
        return kappa, kappa - of_pytorch

    def _refusal(self, form: str, why: str, rows: Sequence[int]) -> ParityError:
        named = ", ".join(self.sample.name(at) for at in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        return ParityError(
            f"item '{self.item_id}': the form {form} does not score as PyTorch does: {why}. "
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
