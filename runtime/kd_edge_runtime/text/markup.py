"""From the HTML, entities and LaTeX of rich-text answers to plain text: the markup rules, number 1.

Like the text rules these may never change. FORMAT.md states them in full; they use no parser of
Python's, which changes with its version. What they make of a text they leave as it is, and they
look at each character a few times at most, however long a text is and whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import name2codepoint  # the 252 of HTML 4, which never change
from typing import ClassVar

_SPECIAL = re.compile(r"[<&$\\{}]")
_MARKS = re.compile(r"[<&$\\]")

_WHITE = " \t\n\r\f"
_RUN = re.compile(r"[ \t\n\r\f]+")

_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]*(?::[A-Za-z0-9]+)?)")
_ATTRIBUTE = re.compile(
    r"""[ \t\n\r\f]+[^ \t\n\r\f"'<>/=]+"""
    r"""([ \t\n\r\f]*=[ \t\n\r\f]*(?:"[^"]*"|'[^']*'|[^ \t\n\r\f"'<>=`]+))?"""
)
_END = re.compile(r"[ \t\n\r\f]*/?>")

_ENTITY = re.compile(r"&(?:amp;)*(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]*));")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
# Degrees are not a power.
_DEGREES = re.compile(r"\^(?:\\(?:circ|degree)(?![A-Za-z])|\{\\(?:circ|degree)\})")
_ENVIRONMENT = re.compile(r"\{[A-Za-z]*\*?\}")


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Tags that stand between lines, between words, and within a word.
LINES = _words(
    "address article aside blockquote body br caption center dd details div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main nav "
    "ol p pre section summary table tbody tfoot thead title tr ul"
)
SPACES = _words(
    "audio button canvas col colgroup embed iframe img input label link math meta mfrac mi "
    "mn mo mover mrow mspace msqrt mroot mstyle mtable mtd mtext mtr munder object option "
    "picture script select semantics annotation source style svg td textarea th video"
)
WITHIN = _words(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark msub msubsup msup nobr q "
    "s samp small span strike strong sub sup tt u var wbr"
)
# What is between these and their ends is for no reader.
HIDDEN = _words("script style annotation title")

# Commands of LaTeX that stand for a sign; of the others, but for those below, the name is read.
SIGNS = {
    "times": "×",  # noqa: RUF001
    **dict.fromkeys(("cdot", "cdotp"), "·"),
    "div": "÷",
    "pm": "±",
    **dict.fromkeys(("le", "leq", "leqslant"), "≤"),
    **dict.fromkeys(("ge", "geq", "geqslant"), "≥"),
    **dict.fromkeys(("ne", "neq"), "≠"),
    **dict.fromkeys(("approx", "sim"), "≈"),
    **dict.fromkeys(("to", "rightarrow", "longrightarrow", "Rightarrow"), "→"),
    **dict.fromkeys(("leftarrow", "Leftarrow"), "←"),
    "lt": "<",
    "gt": ">",
    **dict.fromkeys(("circ", "degree"), "°"),
    "infty": "∞",
    "mu": "μ",
    "Omega": "Ω",
    "Delta": "Δ",
}
# Commands that say how something looks, and are read as nothing.
LOOKS = _words(
    "left right big Big bigg Bigg displaystyle textstyle limits nolimits text textrm textbf "
    "textit mathrm mathbf mathit mathsf mathcal operatorname mbox hbox ce quad qquad space"
)
FRACTIONS = _words("frac dfrac tfrac cfrac")


def plain_text(text: str) -> str:
    """A rich-text answer as plain text, by markup rules 1.

    Args:
        text: any string.

    Returns:
        The text without tags, with the characters that entities and LaTeX stand for. A text
        without any of ``< & $ \\`` is returned as it is.

    >>> plain_text("<p>H<sub>2</sub>O &amp; ice</p>")
    'H2O & ice'
    """
    if not _MARKS.search(text):
        return text
    lines = _RUN.sub(_white, "".join(_Reader(_DEGREES.sub(r" \\circ ", text)).read()))
    return lines.strip(_WHITE)


def _white(run: re.Match[str]) -> str:
    return "\n" if "\n" in run[0] or "\r" in run[0] else " "


class _Reader:
    """Reads a text from its start to its end, and never looks far ahead in vain twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._read: list[str] = []
        # Braces of LaTeX that are open: True where a fraction's second part may follow.
        self._braces: list[bool] = []
        self._never: set[str] = set()  # what does not come any more

    def read(self) -> list[str]:
        """The parts of the plain text."""
        text = self._text
        while True:
            mark = _SPECIAL.search(text, self._at)
            if mark is None:
                self._read.append(text[self._at :])
                return self._read
            self._read.append(text[self._at : mark.start()])
            self._at = mark.start()
            self._handlers[mark[0]](self)

    def _put(self, sign: str) -> None:
        """Adds a sign of the text, never so that it begins markup with what follows."""
        following = self._text[self._at : self._at + 1]
        apart = sign in ("<", "&") and following and following not in _WHITE
        self._read.append(f"{sign} " if apart else sign)

    def _angle(self) -> None:
        text, at = self._text, self._at
        if text.startswith("<!--", at) and self._skip_past("-->", at + 4):
            return
        if text.startswith(("<!", "<?"), at) and self._skip_past(">", at + 2):
            self._read.append(" ")
            return
        name, end = self._tag()
        if not name:
            self._at += 1
            self._put("<")
            return
        self._at = end
        if name in LINES:
            self._read.append("\n")
        elif name not in WITHIN:
            self._read.append(" ")
        if name in HIDDEN and text[at + 1] != "/":
            self._skip_past(f"</{name}", end)

    def _tag(self) -> tuple[str, int]:
        """The name of the tag here, in small letters, and where it ends; "" where there is none."""
        text = self._text
        start = _NAME.match(text, self._at)
        if start is None:
            return "", 0
        name = start[1].lower()
        if ":" not in name and name not in LINES | SPACES | WITHIN:
            return "", 0
        at, bare, valued = start.end(), False, False
        while True:
            attribute = _ATTRIBUTE.match(text, at)
            if attribute is None:
                break
            at = attribute.end()
            bare, valued = bare or attribute[1] is None, valued or attribute[1] is not None
        end = _END.match(text, at)
        # "a<b and c>d" is no tag.
        if end is None or (bare and not valued and len(name) == 1):
            return "", 0
        return name, end.end()

    def _skip_past(self, wanted: str, start: int) -> bool:
        """Goes on after what is wanted; whether it comes at all."""
        found = -1 if wanted in self._never else self._find(wanted, start)
        if found < 0:
            self._never.add(wanted)
            return False
        self._at = found + len(wanted) if wanted[0] != "<" else found
        return True

    def _find(self, wanted: str, start: int) -> int:
        if wanted[0] != "<":
            return self._text.find(wanted, start)
        found = re.compile(re.escape(wanted), re.IGNORECASE | re.ASCII).search(self._text, start)
        return found.start() if found else -1

    def _ampersand(self) -> None:
        entity = _ENTITY.match(self._text, self._at)
        sign = _sign_of(entity) if entity else None
        if entity is None or sign is None:
            self._at += 1
            self._put("&")
            return
        self._at = entity.end()
        self._put(sign)

    def _dollar(self) -> None:
        self._at += 1
        self._read.append(" ")

    def _backslash(self) -> None:
        text = self._text
        command = _COMMAND.match(text, self._at)
        if command is None:
            sign = text[self._at + 1 : self._at + 2]
            self._at += 1 + len(sign)
            if sign == "\\":
                self._read.append("\n")
            elif sign in ("%", "#", "_", "{", "}", "&"):
                self._put(sign)
            else:  # a delimiter such as \( or \[, a space such as \, or no LaTeX at all
                self._read.append(" ")
                self._at -= bool(sign) and sign not in "()[],;:! $"
            return
        name, self._at = command[1], command.end()
        if name in ("begin", "end"):
            environment = _ENVIRONMENT.match(text, self._at)
            self._at = environment.end() if environment else self._at
            self._read.append(" ")
            return
        if name in SIGNS:
            self._read.append(" ")
            self._put(SIGNS[name])
            self._read.append(" ")
        elif name not in LOOKS and name not in FRACTIONS:
            self._read.append(f" {name} ")
        else:
            self._read.append(" ")
        if text.startswith("{", self._at):
            self._braces.append(name in FRACTIONS)
            self._at += 1

    def _open(self) -> None:
        self._at += 1
        if self._braces:
            self._braces.append(False)
        else:
            self._read.append("{")

    def _close(self) -> None:
        self._at += 1
        if not self._braces:
            self._read.append("}")
        elif self._braces.pop() and self._text.startswith("{", self._at):
            self._braces.append(False)
            self._at += 1
            self._read.append(" / ")
        else:
            self._read.append(" ")

    _handlers: ClassVar[dict[str, Callable[[_Reader], None]]] = {
        "<": _angle,
        "&": _ampersand,
        "$": _dollar,
        "\\": _backslash,
        "{": _open,
        "}": _close,
    }


def _sign_of(entity: re.Match[str]) -> str | None:
    """The character that an entity stands for; None if there is no such name."""
    decimal, hexadecimal, name = entity.groups()
    if name:
        code = 0x27 if name == "apos" else name2codepoint.get(name)
        if code is None:
            return None
    else:
        code = int(decimal) if decimal else int(hexadecimal, 16)
    if 0x80 <= code <= 0x9F:  # what word processors mean by them
        return bytes([code]).decode("cp1252", "replace")
    if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return "\ufffd"
    if code == 0xAD:
        return ""
    return " " if code in (0xA0, 0x24, 0x5C) else chr(code)
