"""The scale of each item from the scores that are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kd_edge.data.readers.lists import listed, listed_rows
from kd_edge.data.readers.scales.dates import is_date
from kd_edge.data.readers.scales.number_scales import NumberScores, doubts, scale_of
from kd_edge.data.readers.scales.score_reader import ScoreReader, quoted
from kd_edge.data.readers.scales.word_scales import families, of_words
from kd_edge.data.scale import Scale, plain_number
from kd_edge_runtime.tables.score_cells import ScoreCell, read_score

_THOUSAND = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_HUNDRED = 100  # points: beside such scores, three digits behind a point are seldom decimals
_ENOUGH_TO_DOUBT = 10  # responses; of fewer, most classes are there once

Cell = tuple[int, str]
"""The row that a score is in, and the score as the file has it."""


def scales_of(
    cells: Mapping[str, Sequence[Cell]], lower_is_better: bool = False
) -> dict[str, ScoreReader | str]:
    """Take each item's scale from its scores.

    Numbers make a scale as `number_scales.scale_of` says. Where most are words, the few that come
    again and again are its classes, if their order is known; items that share words share a scale.

    Args:
        cells: item → its score cells, without the blank ones.
        lower_is_better: whether the least is the best.

    Returns:
        Item → its reader, or what is wrong with its scores as a whole.
    """
    found: dict[str, ScoreReader | str] = {}
    words: dict[str, list[str]] = {}
    for item, scores in cells.items():
        counts = Counter(cell for _, cell in scores)
        read = {cell: read_score(cell) for cell in counts}
        other = {cell for cell, score in read.items() if score is None}
        own = [one for one in scores if one[1] in other] if other else []
        if 2 * len(own) < len(scores) or not scores:
            numbers = {cell: score for cell, score in read.items() if score is not None}
            found[item] = _of_numbers(scores, numbers, counts)
        elif dates := [one for one in own if is_date(one[1])]:
            found[item] = _all_dates(dates, len(scores))
        else:
            words[item] = [cell for _, cell in own]
    for family in families(words):
        pooled = [cell for item in family for cell in words[item]]
        others = {item: {*words[item]} for item in family}
        beside = [cell for item in family for _, cell in cells[item] if cell not in others[item]]
        scale = of_words(pooled, beside)
        for item in family:
            if isinstance(scale, Scale):
                found[item] = ScoreReader(scale, guessed=True)
            else:
                found[item] = scale or (
                    f"{len(words[item])} of {len(cells[item])} scores are neither numbers nor "
                    "a few recurring words (--classes names the words, lowest first)"
                )
    if lower_is_better:
        found = {
            item: one if isinstance(one, str) else replace(one, scale=one.scale.turned())
            for item, one in found.items()
        }
    return {item: found[item] for item in cells}


def _of_numbers(
    scores: Sequence[Cell], read: Mapping[str, ScoreCell], counts: Mapping[str, int]
) -> ScoreReader | str:
    """A reader of numbers; `read` and `counts` say of each different cell what and how often."""
    if not read:
        return ScoreReader(Scale((), numeric=True), guessed=True)
    maxima: Counter[float | None] = Counter()
    for cell, score in read.items():
        maxima[score.out_of] += counts[cell]
    usual = maxima.most_common(1)[0][0]
    if len([maximum for maximum in maxima if maximum is not None]) > 1:
        parts = ", ".join(f"out of {plain_number(one)}" for one in maxima if one is not None)
        other = [row for row, cell in scores if cell in read and read[cell].out_of != usual]
        return (
            f"the scores are out of different maxima ({parts}; {listed_rows(other)} are not as "
            "most): give all out of the same one, or points alone"
        )
    if slip := _points_of_thousands(scores, read):
        return slip
    # The few that are written otherwise are problems of their own rows.
    same = {cell: score.points for cell, score in read.items() if score.out_of == usual}
    scale = scale_of(NumberScores(scores, same, usual))
    return scale if isinstance(scale, str) else ScoreReader(scale, guessed=True, out_of=usual)


def _points_of_thousands(scores: Sequence[Cell], read: Mapping[str, ScoreCell]) -> str:
    """What to say where "1.000" stands beside "500": a thousand, as Germans write it, or one."""
    marked = {cell for cell in read if _THOUSAND.fullmatch(cell)}
    large = any(cell.isdigit() and score.points >= _HUNDRED for cell, score in read.items())
    if not marked or not large:
        return ""
    rows = [row for row, cell in scores if cell in marked]
    return (
        f"{quoted(min(marked))} ({listed_rows(rows)}) is one to some and a thousand to others, and "
        "the other scores do not tell which: write thousands without the point"
    )


def _all_dates(dates: Sequence[Cell], scores: int) -> str:
    rows = [row for row, _ in dates]
    return (
        f"{len(dates)} of {scores} scores are dates ({listed_rows(rows)}: {quoted(dates[0][1])}), "
        "which a spreadsheet makes of scores like 1-2 and 1/2: write them again, in a column "
        "formatted as text"
    )


def scale_notes(readers: Mapping[str, ScoreReader]) -> tuple[str, ...]:
    """Tell the user which scales were taken from the data, and for which items."""
    by_scale: dict[Scale, list[str]] = {}
    for item, reader in readers.items():
        if reader.guessed and reader.scale.classes:
            by_scale.setdefault(reader.scale, []).append(item)
    notes = []
    for scale, items in by_scale.items():
        note = (
            f"score range {scale} taken from the data"
            if scale.numeric
            else f"classes in the order {scale} (--classes sets another)"
        )
        if len(by_scale) > 1:
            note += f": item{'s' if len(items) > 1 else ''} {listed(items, 6)}"
        notes.append(note)
    return tuple(notes)


def doubt_notes(
    scales: Mapping[str, Scale], scores: Mapping[str, Iterable[tuple[int | None, int]]]
) -> tuple[str, ...]:
    """Tell the user which classes have no example or one, of which little can be learned.

    Args:
        scales: item → its scale.
        scores: item → each response's class, None without one, and its row.
    """
    notes = []
    for item, scale in scales.items():
        own = [(at, row) for at, row in scores[item] if at is not None]
        if len(own) >= _ENOUGH_TO_DOUBT:
            about = f"item '{item}': " if len(scales) > 1 else ""
            notes += [about + doubt for doubt in doubts(scale, own)]
    return tuple(notes)
