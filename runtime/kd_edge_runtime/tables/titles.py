"""Columns whose names are titles: the question itself, 'Grade/3.00', 'Response 1', 'Why? [Score]'.

Online forms and quizzes write such tables. Imported only where no usual name was found.
"""

from __future__ import annotations

import re

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.tables.roles import ROLES, SCORE, TEXT, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kd_edge_runtime.tables.roles import Role

POINTS = r"[0-9]+(?:[.,][0-9]+)?"
# What may follow a name: "/3.00", "(0-3)", "[out of 3]", ": " and the like.
_AFTER = re.compile(rf"\s*(?:/\s*{POINTS}|\([^()]*\)|\[[^\[\]]*\]|[:*])\s*$")
# Moodle's grade of one question: "Q. 1 /3.00" (in German "F. 1 /3,00", in Spanish "P. 1 /3,00").
MOODLE_GRADE = re.compile(rf"[A-Z]\.\s*([0-9]+)\s*/\s*{POINTS}")
# Canvas: "102: Why does the ice melt?", and beside it the points of that question.
CANVAS_QUESTION = re.compile(r"([0-9]+): ?(?=\S)")
_LONG, _WORDS, _ASKING = 30, 4, 3

# Columns that online forms and quizzes add, which a table with a header has and no response is.
_FORMS = (
    "emailadresse timestamp zeitstempel horodateur marcatemporal zamandamgasi "
    "email emailaddress username "
    "nutzername nomdutilisateur adresseemail name nom nombre ad adi surname nachname apellido "
    "apellidos firstname lastname vorname prenom prenoms soyad soyadi student schuler eleve "
    "alumno estudiante ogrenci class klasse classe clase sinif date datum fecha tarih "
    "starttime completiontime startzeit fertigstellungszeit startedon completed begonnenam "
    "beendet state status timetaken sisid section sectionid attempt submitted institution "
    "department startdate enddate recordeddate progress finished comments kommentar"
)
FORM_NAMES = frozenset(_FORMS.split())


def form_names(header: Sequence[str]) -> int:
    """How many names of a header are those of columns that forms and quizzes add."""
    return sum(plain(name) in FORM_NAMES for name in header)


def loosened(name: str, numbered: bool) -> str:
    """A column's name without what people put behind it, as `plain` leaves the rest.

    Args:
        name: as the file writes it.
        numbered: whether a number at its end may be left out too: "Response 1".
    """
    shorter = _AFTER.sub("", name)
    while shorter != name:
        name, shorter = shorter, _AFTER.sub("", shorter)
    bare = plain(name)
    return bare.rstrip("0123456789") if numbered else bare


def loose_candidates(header: Sequence[str], role: Role, taken: Collection[int]) -> list[int]:
    """The columns whose names are a role's usual ones with something behind them.

    Args:
        header: the columns' names.
        role: the role.
        taken: columns that are out of the question.
    """
    free = [at for at in range(len(header)) if at not in taken]
    if role is SCORE:
        found = [at for at in free if MOODLE_GRADE.fullmatch(header[at].strip())]
        if found:
            return found
    numbered = role in (TEXT, SCORE)
    usual = [name for tier in role.tiers for name in tier.split()]
    return [at for at in free if loosened(header[at], numbered) in usual]


def question(header: Sequence[str], taken: Collection[int]) -> list[int]:
    """The columns whose title can be a question, so that its responses stand below.

    None where no other column has a name of the usual kind: then row 1 may be a response.

    Args:
        header: the columns' names.
        taken: columns that are out of the question.
    """
    usual = {name for role in ROLES for tier in role.tiers for name in tier.split()}
    names = [loosened(name, numbered=True) for name in header]
    if not any(name in usual or name in FORM_NAMES for name in names):
        return []
    # "Mark (out of 2)" is long enough for a title, but it says what it is.
    free = [at for at in range(len(header)) if at not in taken and names[at] not in usual]
    titles = [at for at in free if _is_title(header[at])]
    # "Why? [Score]" and "Feedback - Why?" are about the column "Why?".
    return [at for at in titles if not any(_about(header[at], header[one]) for one in titles)]


def _about(name: str, title: str) -> bool:
    """Whether a column is called by another's title and something more."""
    name, title = name.strip(), title.strip()
    return len(title) < len(name) and title in name


def _is_title(name: str) -> bool:
    words = name.split()
    if plain(name) in FORM_NAMES or not any(map(str.isalpha, name)):
        return False
    asks = name.rstrip().endswith(("?", "\uff1f", "\u061f"))
    if len(words) == 1:  # a script without spaces
        return asks and len(name) > _WORDS and not name.isascii()
    return len(words) >= (_ASKING if asks or len(name) > _LONG else _WORDS)


def score_of(header: Sequence[str], at: int) -> int | None:
    """The column with the scores of a question that is a column's title.

    Args:
        header: the columns' names.
        at: the question's column.

    Returns:
        The one called "Why? [Score]" or "Points - Why?", or with Canvas's "102: Why?" the points
        beside it; None where there is no such column.
    """
    title = header[at].strip()
    usual = [name for tier in SCORE.tiers for name in tier.split()]
    for other, name in enumerate(header):
        if _about(name, title) and plain(name.replace(title, "", 1)) in usual:
            return other
    if CANVAS_QUESTION.match(title) and at + 1 < len(header):
        beside = header[at + 1].strip()
        if re.fullmatch(POINTS, beside):
            return at + 1
    return None
