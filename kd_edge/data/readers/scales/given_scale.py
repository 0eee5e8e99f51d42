"""The scale that the user gives, for all items."""

from __future__ import annotations

from kd_edge.data.names import why_no_name
from kd_edge.data.readers.scales.number_scales import MOST_CLASSES
from kd_edge.data.readers.scales.score_reader import same_class
from kd_edge.data.scale import Scale, plain_number
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.score_cells import read_score


def given_scale(
    score_range: tuple[float, ...] | None,
    classes: tuple[str, ...] | None,
    lower_is_better: bool = False,
) -> Scale | None:
    """Check the scale that the user gave, if any.

    Args:
        score_range: the lowest and the highest score, and the step from one to the next, which
            is 1 if it is left out.
        classes: the classes, lowest first.
        lower_is_better: whether the least number is the best.

    Raises:
        InputError: both were given, or a scale that cannot be.
    """
    if score_range is not None and classes is not None:
        raise InputError("give either a score range (--score-range) or classes (--classes)")
    if score_range is not None:
        scale = _of_range(*score_range)
        return scale.turned() if lower_is_better else scale
    if classes is None:
        return None
    if lower_is_better:
        raise InputError("--classes says which is the lowest: leave out --lower-is-better")
    names = tuple(name.strip() for name in classes)
    if len(names) < 2 or not all(names) or len({same_class(name) for name in names}) != len(names):
        raise InputError("--classes needs two or more different names, the lowest first")
    if why := next(filter(None, map(why_no_name, names)), ""):
        raise InputError(f"--classes: one of them {why}")
    scores = [score for score in map(read_score, names) if score is not None]
    if len(scores) == len(names) and len({score.out_of for score in scores}) == 1:
        values = [score.points for score in scores]
        if values in (sorted(values), sorted(values, reverse=True)):
            return Scale.from_values(values)
    return Scale(names, numeric=False)


def _of_range(low: float, high: float, step: float = 1) -> Scale:
    count = round((high - low) / step) if step > 0 else 0
    if not 1 <= count < MOST_CLASSES or abs(low + count * step - high) > 1e-9:
        by = "" if step == 1 else f" in steps of {plain_number(step)}"
        raise InputError(
            f"a score range of {plain_number(low)}-{plain_number(high)}{by} is not possible: it "
            f"needs 2 to {MOST_CLASSES} scores from the lowest to the highest, whole numbers "
            "unless a step is given (0-3/0.5)"
        )
    return Scale.from_values([round(low + at * step, 6) for at in range(count + 1)])
