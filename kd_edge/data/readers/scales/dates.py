"""Dates that a spreadsheet made of scores such as 1-2, 1/2 and 1.2."""

from __future__ import annotations

import re

# English, German, French, Spanish, Italian, Turkish: short, or whole.
_MONTHS = """
jan uary uar vier v|jän ner|feb ruary ruar rero braio|fév r rier|mar ch s zo t|mär z|mrz|apr il ile
|avr il|abr il|may o ıs|mai|jun e i io|juin|jul y i io|juil let|aug ust|août|ago sto|sep t tember
tembre tiembre|set tembre|oct ober obre ubre|okt ober|nov ember embre iembre|dec ember|dez ember
|déc embre|dic iembre embre|ene ro|gen naio|mag gio|giu gno|lug lio|ott obre|oca k|şub at|nis an
|haz iran|tem muz|ağu stos|eyl ül|eki m|kas ım|ara lık
"""  # noqa: RUF001
_MONTH = "(?:{})\\.?".format(
    "|".join(
        "{}(?:{})?".format(start, "|".join(ends)) if ends else start
        for start, *ends in (month.split() for month in _MONTHS.split("|"))
    )
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
