"""What a cell with a score says: a number of points, out of a maximum or of a hundred or alone.

People write 2, 2.0, 2,0, 2/4, 75 % and 1½ for scores; all are read by their value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kd_edge_runtime._light_stdlib import NamedTuple

# Signs that mean the same as one of ASCII; digits of any script are taken by their value.
_PLAIN = str.maketrans(
    {
        "\u2212": "-",  # minus sign
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\uff0d": "-",
        "\uff0b": "+",
        "\uff0e": ".",
        "\uff0c": ",",
        "\u066b": ".",  # Arabic decimal separator
        "\uff0f": "/",
        "\u2044": "/",
        "\u2215": "/",
        "\uff05": "%",
        "\u066a": "%",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u00bd": ".5",
        "\u00bc": ".25",
        "\u00be": ".75",
    }
)
_NUMBER = r"[+-]?(?:[0-9]{1,9}(?:[.,][0-9]{0,17})?|[.,][0-9]{1,17})(?:[eE][+-]?[0-9]{1,2})?"
_SCORE = re.compile(
    rf"({_NUMBER})\s*(?:(%)|(?:/|out of|of|von|sur|de)\s*({_NUMBER}))?"
    r"(?:\s*(?:p|pts?|points?|pkt|punkte?|puntos?|puan)\.?)?",
    re.IGNORECASE,
)
_MIXED = re.compile(r"([+-]?[0-9]{1,9}) ([1-3])/([24])")  # 1 1/2, as a spreadsheet shows 1.5
_MOST = 1e9
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


class ScoreCell(NamedTuple):
    """A score as a cell has it.

    Attributes:
        points: the number, with six decimals at most.
        out_of: the maximum that it is written with; 100 for percent; None for neither.
    """

    points: float
    out_of: float | None


def read_score(cell: str) -> ScoreCell | None:
    """Reads a score that is a number.

    Args:
        cell: the cell, not blank.

    Returns:
        None where it is no number, or could be two: "1,000" is a thousand to some and one to
        others.
    """
    plain = _plain(cell)
    if mixed := _MIXED.fullmatch(plain):
        part = int(mixed[2]) / int(mixed[3])
        plain = str(int(mixed[1]) + (-part if mixed[1].startswith("-") else part))
    found = _SCORE.fullmatch(plain)
    if found is None or _THOUSANDS.fullmatch(found[1]):
        return None
    points = _value(found[1])
    if abs(points) > _MOST:
        return None
    if found[2]:
        return ScoreCell(points, 100)
    if not found[3]:
        return ScoreCell(points, None)
    out_of = _value(found[3])
    return ScoreCell(points, out_of) if out_of > 0 else None


def class_of(cell: str, classes: Sequence[str]) -> int | None:
    """The place of a score among an item's classes, however a spreadsheet writes it.

    Args:
        cell: the cell, without white space around it.
        classes: their names as the bundle has them.

    Returns:
        None where it is none of them.
    """
    word = cell.casefold()
    names = [name.casefold() for name in classes]
    if word in names:
        return names.index(word)
    score = read_score(cell)
    if score is None:
        return None
    points = [found and found.points for found in map(read_score, classes)]
    if None in points or score.points not in points:
        return None
    if score.out_of not in (None, 100) and score.out_of != max(filter(None, points), default=0):
        return None
    return points.index(score.points)


def _plain(cell: str) -> str:
    # A spreadsheet's mark of a number kept as text is no part of it.
    cell = cell.strip().lstrip("'").translate(_PLAIN)
    if cell.isascii():
        return cell
    from unicodedata import decimal

    return "".join(one if one.isascii() else str(decimal(one, one)) for one in cell)


def _value(number: str) -> float:
    value = round(float(number.replace(",", ".")), 6)
    return int(value) if value == int(value) else value
