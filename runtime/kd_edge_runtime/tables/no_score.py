"""Cells in a column of scores that say that there is no score: blank, 'N/A', 'absent', '-'."""

from __future__ import annotations

import re

from kd_edge_runtime.tables.roles import plain

# As `plain` leaves them, in English, German, French, Spanish and Turkish. What may be a class of
# some scale ("nil", "incomplete", "x", "u") is not among them.
_SPELLINGS = (
    "na nan null none absent absentee abs missing pending ungraded unmarked unscored unrated "
    "excused exempt ex tbd tba notapplicable notavailable notyetmarked notmarked notyetgraded "
    "notgraded notyetscored notscored notyetrated notrated needsgrading needsmarking "
    "requiresgrading requiresmanualgrading tobemarked tobegraded tobescored waitingforgrading "
    "waitingformarking notsubmitted nosubmission notattempted notanswered notyetanswered "
    "noscore nograde nomark withdrawn ill sick void "
    "nichtbewertet nochnichtbewertet unbewertet nichtbenotet nochnichtbenotet abwesend fehlt "
    "fehlend krank entschuldigt unentschuldigt ka keineangabe keinepunkte nichtabgegeben "
    "entfallt ausstehend nichtgewertet nichtkorrigiert nochnichtkorrigiert keinewertung "
    "nonnote nonnotee nonevalue nonevaluee pasencorenote pasencorenotee pasnote absente "
    "nonrendu dispense dispensee enattente sansobjet manquant manquante acorriger noncorrige "
    "pascorrige pasencorecorrige nd so "
    "nocalificado nocalificada sincalificar sinnota sinpuntuar ausente pendiente nopresentado "
    "nopresentada np noaplica noevaluado noevaluada sinevaluar nocorregido sincorregir "
    "faltante "
    "notlandirilmadi notverilmedi puanlanmadi degerlendirilmedi henuzdegerlendirilmedi "
    "gelmedi girmedi devamsiz muaf yok raporlu teslimedilmedi beklemede"
)
_WORDS = frozenset(_SPELLINGS.split())
# Nothing but dashes, question marks and the like, perhaps "of 3" as quizzes write it.
_MARKS = re.compile(r"[-\u2010-\u2015\u2212_?.…\s]*(?:/\s*[0-9]+(?:[.,][0-9]+)?)?")
# A spreadsheet's error: "#N/A", "#DIV/0!", "#NAME?", "#NV", "#WERT!".
_ERROR = re.compile(r"#[^\W\d_][^\W\d_/0]*(?:/[A0])?[!?]?", re.IGNORECASE)


def means_no_score(cell: str) -> bool:
    """Whether a cell of a column of scores says that the response has none.

    A class that somebody named so ("absent" of "present" and "absent") beats this: whoever knows
    the classes asks for them first.

    Args:
        cell: as the table writes it; a blank one has no score either.
    """
    cell = cell.strip()
    if cell.isdigit():  # nearly all of them
        return False
    if _MARKS.fullmatch(cell) or _ERROR.fullmatch(cell):
        return True
    return plain(cell) in _WORDS
