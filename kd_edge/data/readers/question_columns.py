"""Which columns hold the questions' texts and their reference answers.

Devices never ask, so these are none of the runtime's roles.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables import columns as tables
from kd_edge_runtime.tables.column_names import one_line
from kd_edge_runtime.tables.roles import Role, plain

QUESTION = Role(
    "question",
    "--question-column",
    "the questions' texts",
    (
        "questiontext textofquestion textofthequestion questionwording fragetext fragestellung "
        "textedelaquestion enonce textodelapregunta enunciado sorumetni",
        "question questions prompt prompttext stem task tasktext aufgabe aufgabentext "
        "aufgabenstellung frage consigne pregunta preguntas soru domanda pergunta vraag pytanie "
        "вопрос fraga 問題 题目",
    ),
)
REFERENCE = Role(
    "reference",
    "--reference-column",
    "reference answers",
    (
        "referenceanswer referenceanswers referenceresponse goldanswer goldenanswer modelanswer "
        "modelanswers sampleanswer samplesolution idealanswer expectedanswer correctanswer "
        "correctresponse exemplaranswer answerkey desiredanswer teacheranswer instructoranswer "
        "musterlosung musterloesung musterantwort referenzantwort losung loesung "
        "reponsedereference reponseattendue reponsetype reponsemodele corrige "
        "respuestadereferencia respuestamodelo respuestaesperada respuestacorrecta "
        "referansyanit referanscevap ornekcevap dogrucevap modelantwoord rispostamodello "
        "模範解答 参考答案",
        "reference references solution exemplar referenz referans",
    ),
)
"""A name may have a number behind it: "reference2" holds another one."""


@dataclass(frozen=True)
class QuestionColumns:
    """Where a table says what its items ask, and what would answer them.

    Attributes:
        question: the column of the questions' texts; None where there is none.
        references: the columns of reference answers, in the order of the table.
        question_named: whether the user named it; else it is a guess.
        references_named: whether the user named them.
        problems: what is wrong with what the user named.
    """

    question: int | None = None
    references: tuple[int, ...] = ()
    question_named: bool = False
    references_named: bool = False
    problems: tuple[Problem, ...] = ()


def find_question_columns(
    header: Sequence[str],
    question: str | None,
    references: Sequence[str],
    item: int | None,
    taken: Collection[int] = (),
) -> QuestionColumns:
    """The columns of questions and of reference answers.

    A column that names the items may hold the questions themselves: it is taken where it is called
    so, and no other is.

    Args:
        header: the columns' names as the file writes them.
        question: what the user named; None for a guess: of several columns none is taken.
        references: what the user named; nothing for a guess.
        item: the column that names the items.
        taken: columns that hold something else.
    """
    names = [one_line(name) for name in header]
    found: dict[str, list[int]] = {REFERENCE.name: [], QUESTION.name: []}
    problems: list[Problem] = []
    named = [*((REFERENCE, name) for name in references)]
    if question is not None:
        named.append((QUESTION, question))
    for role, name in named:
        places, wrong = tables.find_columns(header, {role.name: name}, [role])
        found[role.name] += [at for at in places.values() if at not in found[role.name]]
        problems += wrong
    used = {*taken, *found[REFERENCE.name], *found[QUESTION.name]}
    if not references:
        found[REFERENCE.name] = _references(names, used)
    if question is None:
        used |= {*found[REFERENCE.name]}
        guesses = tables.candidates(names, QUESTION.tiers, used - {item})
        if len(guesses) > 1 and item in guesses:
            guesses.remove(item)
        found[QUESTION.name] = guesses if len(guesses) == 1 else []
    return QuestionColumns(
        next(iter(found[QUESTION.name]), None),
        tuple(found[REFERENCE.name]),
        question is not None,
        bool(references),
        tuple(problems),
    )


def _references(names: Sequence[str], taken: Collection[int]) -> list[int]:
    usual = [plain(name).rstrip("0123456789") for name in names]
    for tier in REFERENCE.tiers:
        known = tier.split()
        found = [at for at, name in enumerate(usual) if name in known and at not in taken]
        if found:
            return found
    return []
