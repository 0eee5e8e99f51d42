"""Groups of students: whether a machine favours some, compared with people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.evaluation.rsmtool import NO_SPREAD, Values, quadratic_kappa_of_numbers


@dataclass(frozen=True)
class Group:
    """A machine compared with people over the responses of one group of students.

    Attributes:
        name: the group.
        responses: number of responses.
        human_mean: mean of people's scores, in points; None over words.
        machine_mean: mean of the machine's scores, in points; None over words.
        dsm: difference of standardized means by kind of score; None where undefined; empty
            over words.
        exact: exact agreement, 0 to 1.
        qwk: quadratic weighted kappa, -1 to 1; None where undefined.
    """

    name: str
    responses: int
    human_mean: float | None
    machine_mean: float | None
    dsm: Mapping[str, float | None]
    exact: float
    qwk: float | None


def difference_of_standardized_means(
    human: Values, machine: Values, inside: npt.NDArray[np.bool_]
) -> float | None:
    """How much higher a group's mean is among the machine's scores than among people's.

    Both are standardized with the mean and standard deviation (denominator N - 1) over all
    responses, then averaged over the group: mean(z(M)) - mean(z(H)) (Loukina, Madnani and
    Zechner 2019, "The many dimensions of algorithmic fairness in educational applications"; as
    rsmtool's `difference_of_standardized_means`).

    Args:
        human: people's scores of all responses; [N].
        machine: the machine's scores; [N].
        inside: whether a response is of the group; [N].

    Returns:
        In standard deviations; None where all scores of either are equal.
    """
    if len(human) < 2:
        return None
    standard = []
    for scores in (machine, human):
        sd = np.std(scores, ddof=1)
        if sd < NO_SPREAD:
            return None
        standard.append((np.mean(scores[inside]) - np.mean(scores)) / sd)
    return float(standard[0] - standard[1])


def by_group(
    human: Values, given: Values, groups: Sequence[str], points: Mapping[str, Values]
) -> tuple[Group, ...]:
    """The figures of every group, sorted by name; empty where rows name no group.

    Args:
        human: people's scores, or class numbers of words; [N].
        given: the scores that the machine gives, likewise; [N].
        groups: each response's group, "" for none; N.
        points: the machine's scores by kind, [N] each; empty over words.
    """
    by_name = []
    for name in sorted(set(groups) - {""}):
        inside = np.array(groups) == name
        people, machine = human[inside], given[inside]
        group = Group(
            name=name,
            responses=len(people),
            human_mean=float(people.mean()) if points else None,
            machine_mean=float(machine.mean()) if points else None,
            dsm={
                kind: difference_of_standardized_means(human, scores, inside)
                for kind, scores in points.items()
            },
            exact=float(np.mean(people == machine)),
            qwk=quadratic_kappa_of_numbers(people, machine) if points else None,
        )
        by_name.append(group)
    return tuple(by_name)
