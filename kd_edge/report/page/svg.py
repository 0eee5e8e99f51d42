"""Plots as SVG: axes, bars, lines and marks in the units of the axes.

A plot has a title and a description for those who do not see it. Colours are classes
("human", "teacher", "student") of `style.css`, so that a plot follows the page into dark mode
and onto paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 22, 30, 46

Point = tuple[float, float]


@dataclass(frozen=True)
class SvgElement:
    """An element of a plot; its text is None where it has no content."""

    tag: str
    attributes: dict[str, str]
    text: str | None = None


class Plot:
    """A plot, drawn by its methods.

    Args:
        name: unique in the page, for the ids of title and description.
        title: what it shows.
        description: what can be seen, in a sentence or two.
        x: the lowest and highest value of the horizontal axis.
        y: the lowest and highest value of the vertical axis.
    """

    width, height = 360, 270

    def __init__(self, name: str, title: str, description: str, x: Point, y: Point) -> None:
        self.name, self.title, self.description = name, title, description
        self.elements: list[SvgElement] = []
        self._x, self._y = x, y

    def across(self, value: float) -> float:
        """Where a value of the horizontal axis is, in pixels from the left."""
        low, high = self._x
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def down(self, value: float) -> float:
        """Where a value of the vertical axis is, in pixels from the top."""
        low, high = self._y
        return self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _TOP - _BOTTOM)

    def axes(
        self,
        x_label: str,
        y_label: str,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]],
        *,
        grid: bool = True,
    ) -> None:
        """Both axes: their names, and their ticks as pairs of value and label."""
        left, right = _LEFT, self.width - _RIGHT
        for value, label in y_ticks:
            at = self.down(value)
            if grid:
                self._add("line", "grid", x1=left, y1=at, x2=right, y2=at)
            self._text(left - 7, at + 4, label, "end")
        for value, label in x_ticks:
            self._text(self.across(value), self.height - _BOTTOM + 17, label, "middle")
        self._text((left + right) / 2, self.height - 8, x_label, "middle", "label")
        self._text(2, 14, y_label, "start", "label")

    def bar(self, kind: str, left: float, right: float, top: float) -> None:
        """A bar from 0 up to `top`."""
        x, y = self.across(left), self.down(top)
        self._add("rect", kind, x=x, y=y, width=self.across(right) - x, height=self.down(0) - y)

    def cell(self, left: float, bottom: float, shade: float, text: str) -> None:
        """A cell of one unit by one, shaded 0 to 1 in five steps, with its text.

        The style sheet's colours of all steps leave a contrast of 4.5 to 1 with the text.
        """
        x, y = self.across(left), self.down(bottom + 1)
        width, height = self.across(left + 1) - x, self.down(bottom) - y
        box = {"x": x + 1, "y": y + 1, "width": width - 2, "height": height - 2}
        self._add("rect", f"cell shade-{min(4, int(5 * shade))}", None, **box)
        self._text(x + width / 2, y + height / 2 + 4, text, "middle", "count")

    def line(self, kind: str, points: Sequence[Point]) -> None:
        """A line through points."""
        path = " ".join(f"{self.across(x):.1f},{self.down(y):.1f}" for x, y in points)
        self._add("polyline", f"line {kind}", points=path)

    def interval(self, kind: str, at: float, low: float, high: float) -> None:
        """A vertical line from low to high, with ends."""
        x, ends = self.across(at), (self.down(low), self.down(high))
        self._add("line", f"interval {kind}", x1=x, y1=ends[0], x2=x, y2=ends[1])
        for y in ends:
            self._add("line", f"interval {kind}", x1=x - 4, y1=y, x2=x + 4, y2=y)

    def dot(self, kind: str, at: Point, radius: float) -> None:
        """A round mark."""
        self._add("circle", f"dot {kind}", cx=self.across(at[0]), cy=self.down(at[1]), r=radius)

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """The name of each kind, at the top right: pairs of kind and name."""
        x: float = self.width - _RIGHT
        for kind, name in reversed(entries):
            x -= 6.4 * len(name)
            self._text(x, 14, name, "start")
            self._add("rect", kind, x=x - 14, y=5, width=10, height=10)
            x -= 24

    def _text(self, x: float, y: float, text: str, anchor: str, kind: str = "tick") -> None:
        self._add("text", kind, text, x=x, y=y, text_anchor=anchor)

    def _add(self, tag: str, kind: str, text: str | None = None, **attributes: float | str) -> None:
        shown = {
            name.replace("_", "-"): value if isinstance(value, str) else f"{value:.1f}"
            for name, value in attributes.items()
        }
        self.elements.append(SvgElement(tag, {"class": kind, **shown}, text))
