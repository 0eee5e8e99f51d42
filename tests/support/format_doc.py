"""FORMAT.md, cut into its sections, tables and rules."""

from __future__ import annotations

import re
from pathlib import Path

DOC = (Path(__file__).resolve().parents[2] / "runtime" / "FORMAT.md").read_text(encoding="utf-8")


def section(number):
    return re.split(r"^## \d+\. ", DOC, flags=re.MULTILINE)[number]


def tables(part):
    """The tables of a part, each as the cells of its rows, without the heads."""
    found = [[]]
    for line in part.splitlines():
        if line.strip().startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [table[2:] for table in found if table]


def code_points(part):
    """Every U+XXXX of a part, the ends of ranges with all between them."""
    found = []
    for first, last in re.findall(r"U\+([0-9A-F]+)(?:–U\+([0-9A-F]+))?", part):
        found += range(int(first, 16), int(last or first, 16) + 1)
    return found


def rule(number):
    part = re.split(r"^ ?\d+\. \*\*", section(3), flags=re.MULTILINE)
    return part[number]


def numbers(cell):
    return [float(number) for number in cell.replace("−", "-").replace(",", " ").split()]


# The tables of the text rules
