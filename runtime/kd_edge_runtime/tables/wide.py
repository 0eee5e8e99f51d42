"""Wide tables: a column of responses for each question, perhaps with a column of scores beside it.

Imported only where no single column holds the responses, or the user says that a table is wide.
"""

from __future__ import annotations

import re

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.tables.column_names import one_line
from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.roles import SCORE, SCORE2, TEXT, plain
from kd_edge_runtime.tables.titles import CANVAS_QUESTION, MOODLE_GRADE, POINTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kd_edge_runtime.tables.roles import Role


def _names(tiers: Sequence[str], more: str = "") -> frozenset[str]:
    return frozenset(f"{' '.join(tiers)} {more}".split())


# What a part of a column's name says of its content. "Q1 content" is no text but a criterion.
_WORDS = {
    "score2": _names(SCORE2.tiers),
    "score": _names(
        SCORE.tiers,
        "scores grades marks pts result ergebnis resultado resultat sonuc "
        "criterion kriterium critere criterio olcut",
    ),
    "text": _names(TEXT.tiers[:1], "answers responses antworten reponses respuestas cevaplar"),
}
_TOKENS = re.compile(r"[^\W\d_]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
# What may stand behind a name and says nothing of what is below: "/3.00", "(0-3)", "[out of 3]".
_BEHIND = re.compile(rf"\s*(?:/\s*{POINTS}|\([^()]*[0-9][^()]*\)|\[[^\[\]]*[0-9][^\[\]]*\])\s*$")
_ASKED = (
    "q question item task problem prompt part aufgabe frage f teil exercice tache pregunta p "
    "ejercicio tarea soru madde s"
)
# "Question 1: Why does the ice melt?", beside "Question 1 score".
_NUMBERED = re.compile(r"([^\W\d_]*\.?\s*[0-9]+[a-z]?)\s*[:.)\u2013-]\s+(?=\S+\s+\S+\s+\S)")
_QUESTION = re.compile(rf"(?:{'|'.join(_ASKED.split())})([0-9]+[a-z]?)")


class Meaning(NamedTuple):
    """What a column's name may say.

    Attributes:
        kind: "text", "score" or "score2"; "" where the name is the question's alone.
        key: the question, so that "Q1", "question 1" and "1" are the same.
        name: the question as the header writes it.
    """

    kind: str
    key: str
    name: str


class Question(NamedTuple):
    """A question of a wide table: indices into the header, None for a column that is not there."""

    name: str
    text: int
    score: int | None = None
    score2: int | None = None


def key_of(name: str) -> str:
    """A question's name for comparison."""
    bare = plain(name)
    numbered = _QUESTION.fullmatch(bare)
    return numbered[1] if numbered else bare


def meanings_of(name: str) -> list[Meaning]:
    """All that a column's name may say, the likeliest first."""
    name = one_line(name)
    if moodle := MOODLE_GRADE.fullmatch(name):
        return [Meaning("score", moodle[1], moodle[1])]
    name = _BEHIND.sub("", name)
    canvas = CANVAS_QUESTION.match(name)
    if canvas:
        return [Meaning("text", canvas[1], canvas[1]), Meaning("", key_of(name), name)]
    tokens = [*_TOKENS.finditer(_CAMEL.sub(" ", name))]
    words = [plain(token[0]) for token in tokens]
    spaced = _CAMEL.sub(" ", name)
    found = []
    for count in (2, 1):
        if len(words) <= count:
            continue
        for part, rest in (
            (words[-count:], tokens[:-count]),
            (words[:count], tokens[count:]),
        ):
            own = spaced[rest[0].start() : rest[-1].end()]
            kinds = [kind for kind, known in _WORDS.items() if "".join(part) in known]
            found += [Meaning(kind, key_of(own), own) for kind in kinds[:1]]
    if name:
        found.append(Meaning("", key_of(name), name))
    if numbered := _NUMBERED.match(name):
        found.append(Meaning("", key_of(numbered[1]), numbered[1]))
    return found


def scores_of(name: str, header: Sequence[str]) -> list[int]:
    """The columns that may hold the scores of a question or a criterion, as places in a header."""
    key = key_of(name)
    return [
        at
        for at, column in enumerate(header)
        if any(one.kind == "score" and one.key == key for one in meanings_of(column))
    ]


def questions(header: Sequence[str], taken: Collection[int] = ()) -> list[Question]:
    """The questions of a wide table: each a column of responses with one of scores.

    Columns that come again and again by the same name are the questions "1", "2" and so on.

    Args:
        header: the columns' names.
        taken: columns that are out of the question.
    """
    alike, marks = _repeated(header, TEXT), _repeated(header, SCORE)
    if len(alike) == len(marks) > 1:
        return [Question(str(n), *pair) for n, pair in enumerate(zip(alike, marks), 1)]
    read = {at: meanings_of(name) for at, name in enumerate(header) if at not in taken}
    found: dict[int, Question] = {}
    for at, key in _scores(header, read):
        texts = _texts(read, key, at)
        if len(texts) != 1:
            continue
        text, name = texts[0]
        known = found.get(text)
        if known is None:
            found[text] = Question(name, text, at, _second(read, key))
        elif known.score != at:  # two columns of scores: no telling which counts
            found[text] = known._replace(score=None)
    for question in _bare_scores(read, found):
        found[question.text] = question
    named: dict[str, int] = {}
    for question in found.values():
        named[question.name] = named.get(question.name, 0) + 1
    ordered = sorted(found.values(), key=lambda question: question.text)
    return [one for one in ordered if one.score is not None and named[one.name] == 1]


def _repeated(header: Sequence[str], role: Role) -> list[int]:
    """The columns that all have the same usual name, of several."""
    found = candidates(header, role.tiers)
    return found if len({plain(header[at]) for at in found}) == 1 else []


def _bare_scores(read: dict[int, list[Meaning]], found: Collection[int]) -> list[Question]:
    """The questions like "Q1 response" whose scores are in a column called "Q1"."""
    bare = []
    for at, meanings in read.items():
        for one in meanings:
            if one.kind == "text" and at not in found:
                scores = [
                    other
                    for other, own in read.items()
                    if other != at and any((it.kind, it.key) == ("", one.key) for it in own)
                ]
                if len(scores) == 1:
                    bare.append(Question(one.name, at, scores[0]))
                break
    return bare


def _scores(header: Sequence[str], read: dict[int, list[Meaning]]) -> Iterator[tuple[int, str]]:
    """The columns that may hold scores, with the question that they may be about."""
    for at, meanings in read.items():
        beside = one_line(header[at - 1]) if at else ""
        canvas = CANVAS_QUESTION.match(beside)
        if canvas and re.fullmatch(POINTS, header[at].strip()):
            yield at, canvas[1]
            continue
        for one in meanings:
            if one.kind == "score":
                yield at, one.key


def _texts(read: dict[int, list[Meaning]], key: str, score: int) -> list[tuple[int, str]]:
    """The columns that may hold a question's responses, with its name; the likelier kind only."""
    for kind in ("text", ""):
        found = [
            (at, one.name)
            for at, meanings in read.items()
            for one in meanings
            if at != score and one.kind == kind and one.key == key
        ]
        if found:
            return found
    return []


def _second(read: dict[int, list[Meaning]], key: str) -> int | None:
    """The column of a question's second scores."""
    found = [
        at for at, every in read.items() for one in every if (one.kind, one.key) == ("score2", key)
    ]
    return found[0] if len(found) == 1 else None


def columns_of(header: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """The columns that hold the responses to questions.

    Args:
        header: the columns' names.
        names: the questions.

    Returns:
        Question → index into the header, for each that exactly one column can hold.
    """
    repeated = _repeated(header, TEXT)
    if len(repeated) > 1:
        numbered = {str(n): at for n, at in enumerate(repeated, 1)}
        return {name: numbered[name] for name in names if name in numbered}
    read = {at: meanings_of(name) for at, name in enumerate(header)}
    places = {}
    for name in names:
        exact = [at for at, one in enumerate(header) if one_line(one) == one_line(name)]
        found = exact or [at for at, _ in _texts(read, key_of(name), -1)]
        if len(found) == 1:
            places[name] = found[0]
    # A column that two questions fit holds neither's responses for certain.
    counts = [*places.values()]
    return {name: at for name, at in places.items() if counts.count(at) == 1}
