"""Plots as SVG: axes, bars, lines and marks in the units of the axes.

A plot has a title and a description for those who do not see it. Colours are classes: in a
report those of its `style.css` ("human", "teacher", "student"), so that a plot follows the page
into dark mode and onto paper; in a picture of its own those of `picture`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

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

    def note(self, at: Point, text: str) -> None:
        """A text beside a mark: to its left where there is more room."""
        x, room = self.across(at[0]), self.width / 2
        self._text(
            *(
                (x + 7, self.down(at[1]) - 5, text, "start")
                if x < room
                else (x - 7, self.down(at[1]) - 5, text, "end")
            )
        )

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


_STYLE = (
    ":root{--paper:#fff;--ink:#1d2430;--soft:#586274;--rule:#d9dee6}"
    "@media (prefers-color-scheme:dark){"
    ":root{--paper:#14181f;--ink:#e6e9ef;--soft:#a3adbc;--rule:#343c48}}"
    "text{font:12px system-ui,sans-serif;fill:var(--soft)}.label{font-weight:600}"
    ".paper{fill:var(--paper)}.grid{stroke:var(--rule)}"
    ".line{fill:none;stroke:var(--soft);stroke-width:1.5}.limit{stroke-dasharray:2 4}"
    ".first{fill:#cf5f0a}.second{fill:#2f6fb3}.third{fill:#2e7d4f}"
    ".ring{fill:none;stroke:var(--ink);stroke-width:1.5}"
)


def picture(plots: Sequence[Plot]) -> str:
    """An SVG file of plots beside one another, which needs no other file.

    Kinds have colours: "first", "second" and "third"; "ring" is a dot without content, "front"
    and "limit" are lines.
    """
    width = sum(plot.width for plot in plots)
    height = max((plot.height for plot in plots), default=0)
    parts, left = [], 0
    for plot in plots:
        about = f"<title>{escape(plot.title)}</title><desc>{escape(plot.description)}</desc>"
        inner = "".join(map(_element, plot.elements))
        parts.append(f'<g role="img" transform="translate({left} 0)">{about}{inner}</g>')
        left += plot.width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
        f'<style>{_STYLE}</style><rect class="paper" width="{width}" height="{height}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _element(element: SvgElement) -> str:
    attributes = "".join(
        f" {name}={quoteattr(value)}" for name, value in element.attributes.items()
    )
    start = f"<{element.tag}{attributes}"
    if element.text is None:
        return f"{start}/>"
    return f"{start}>{escape(element.text)}</{element.tag}>"
