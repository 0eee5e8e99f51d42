"""Dates that a spreadsheet made of scores such as 1-2, 1/2 and 1.2."""

from __future__ import annotations

import re

# English, German, French, Spanish, Italian, Turkish: enough of a name to know it by.
_MONTH = (
    r"(?:jan|feb|fév|fev|mar|mär|mae|mrz|apr|avr|abr|may|mai|jun|juin|jul|juil|aug|août|aou|ago|sep"
    r"|oct|okt|nov|dec|dez|déc|dic|ene|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|gen|mag|giu|lug|set"
    r"|ott)[a-zäéûşğ]{0,7}\.?"
)
_DATES = re.compile(
    rf"[0-9]{{1,2}}\.?[-/ ]?{_MONTH}(?:[-/ ]?[0-9]{{2,4}})?"
    rf"|{_MONTH}[-/ ][0-9]{{1,4}}(?:,? [0-9]{{4}})?"
    r"|[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2}|[0-9]{4})?"
    r"|[0-9]{1,2}([-/])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})"
    r"|[0-9]{4}([-/.])[0-9]{1,2}\2[0-9]{1,2}(?:[T ][0-9]{1,2}:[0-9]{2}.*)?"
    r"|(?:[0-9]{2,4}年)?[0-9]{1,2}月[0-9]{1,2}日",
    re.IGNORECASE,
)

# The numbers behind the dates from 2009 to 2064, as spreadsheets count days.
_SERIALS = (40_000, 60_000)


def is_date(cell: str) -> bool:
    """Whether a cell is written as a date: "1-Jan", "01.02.2026", "2026-02-01"."""
    return bool(_DATES.fullmatch(cell.strip()))


def is_serial(points: float) -> bool:
    """Whether a number is the one that a spreadsheet keeps behind a date of these years."""
    return points == int(points) and _SERIALS[0] <= points <= _SERIALS[1]
