"""Plots as SVG in a page: axes, bars, lines and marks, styled by the page's style sheet.

A plot has a title and a description for those who do not see it. Colours are classes
("human", "teacher", "student") of `style.css`, so that a plot follows the page into dark mode
and onto paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 360, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 22, 30, 46

Point = tuple[float, float]


class Plot:
    """One plot in the making, in the units of its axes.

    Args:
        name: unique in the page, for the ids of title and description.
        title: what it shows.
        description: what there is to see, in a sentence or two.
        x: the lowest and highest value of the horizontal axis.
        y: and of the vertical one.
    """

    def __init__(self, name: str, title: str, description: str, x: Point, y: Point) -> None:
        self.title, self.description = title, description
        self._name, self._x, self._y = name, x, y
        self._parts: list[str] = []

    def across(self, value: float) -> float:
        """Where a value of the horizontal axis is, in pixels from the left."""
        low, high = self._x
        return _LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    def down(self, value: float) -> float:
        """Where a value of the vertical axis is, in pixels from the top."""
        low, high = self._y
        return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    def axes(
        self,
        x_label: str,
        y_label: str,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]],
        *,
        grid: bool = True,
    ) -> None:
        """Both axes: their names, and their ticks with what stands there."""
        left, right = _LEFT, WIDTH - _RIGHT
        for value, said in y_ticks:
            at = self.down(value)
            if grid:
                self._line("grid", left, at, right, at)
            self._text(left - 7, at + 4, said, "end")
        for value, said in x_ticks:
            self._text(self.across(value), HEIGHT - _BOTTOM + 17, said, "middle")
        self._text((left + right) / 2, HEIGHT - 8, x_label, "middle", "label")
        self._text(2, 14, y_label, "start", "label")

    def bar(self, kind: str, left: float, right: float, top: float, *, base: float = 0.0) -> None:
        """A bar from `base` up to `top`."""
        x, y = self.across(left), self.down(top)
        wide, high = self.across(right) - x, self.down(base) - y
        self._parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
        )

    def cell(self, left: float, bottom: float, shade: float, said: str) -> None:
        """A cell of one unit by one, shaded 0 to 1, with its text."""
        x, y = self.across(left), self.down(bottom + 1)
        wide, high = self.across(left + 1) - x, self.down(bottom) - y
        self._parts.append(
            f'<rect class="cell" style="fill-opacity:{shade:.2f}" x="{x + 1:.1f}" y="{y + 1:.1f}" '
            f'width="{wide - 2:.1f}" height="{high - 2:.1f}"/>'
        )
        kind = "on-dark" if shade > 0.55 else "on-light"
        self._text(x + wide / 2, y + high / 2 + 4, said, "middle", kind)

    def line(self, kind: str, points: Sequence[Point]) -> None:
        """A line through points."""
        path = " ".join(f"{self.across(x):.1f},{self.down(y):.1f}" for x, y in points)
        self._parts.append(f'<polyline class="line {kind}" points="{path}"/>')

    def dot(self, kind: str, at: Point, radius: float) -> None:
        """A round mark."""
        x, y = self.across(at[0]), self.down(at[1])
        self._parts.append(
            f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
        )

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """The name of each kind, at the top right: pairs of kind and name."""
        x = WIDTH - _RIGHT
        for kind, said in reversed(entries):
            x -= 6.4 * len(said)
            self._text(x, 14, said, "start")
            self._parts.append(
                f'<rect class="{kind}" x="{x - 14:.1f}" y="5" width="10" height="10"/>'
            )
            x -= 24

    def markup(self) -> str:
        """The plot as an `svg` element."""
        title, said = f"{self._name}-title", f"{self._name}-said"
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title} {said}">'
            f'<title id="{title}">{escape(self.title)}</title>'
            f'<desc id="{said}">{escape(self.description)}</desc>{"".join(self._parts)}</svg>'
        )

    def _line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        self._parts.append(
            f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def _text(self, x: float, y: float, said: str, anchor: str, kind: str = "tick") -> None:
        self._parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
            f"{escape(said)}</text>"
        )
