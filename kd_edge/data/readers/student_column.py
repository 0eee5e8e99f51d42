"""Which column says who wrote a response: a bundle keeps what several students share.

Devices never ask, so it is none of the runtime's roles.
"""

from __future__ import annotations

from collections.abc import Mapping

from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables import columns as tables
from kd_edge_runtime.tables.column_names import one_line, shown
from kd_edge_runtime.tables.roles import ITEM, RESPONSE_ID, ROLES, Role, plain

STUDENT = Role(
    "student",
    "--student-column",
    "the students",
    (
        "student studentid studentnumber studentno studentcode pupil pupilid pupilnumber pupilno "
        "pupilcode learner learnerid candidate candidateid candidatenumber examinee examineeid "
        "participant participantid testtaker testtakerid anonid "
        "schuler schuelerin schuelerinnen schueler schulerid schuelerid schulerin schulernummer "
        "kandidat lernende lernender matrikelnummer "
        "eleve ideleve identifianteleve numeroeleve etudiant etudiante idetudiant apprenant "
        "estudiante idestudiante alumno alumna idalumno alumnoid "
        "ogrenci ogrencino ogrenciid ogrencinumarasi "
        "studente alunno aluno leerling leerlingnummer elev matricola 学号 学籍番号 学生",
        "studentname pupilname learnername candidatename nameofstudent fullname user username "
        "userid login author authorid writer writerid email emailaddress mail mailadresse "
        "emailadresse schulername schuelername nameschuler nameschueler benutzer benutzername "
        "nomeleve nomdeleleve nometprenom adresseemail courriel nombreestudiante nombrealumno "
        "nombreyapellidos correo correoelectronico ogrenciadi adsoyad eposta",
        "name nom nombre ad vollername",
    ),
)
"""The first tier is of names that mean nobody else; those of the others may."""


def is_surely(role: Role, name: str) -> bool:
    """Whether a column's name means this role and no other."""
    return plain(name) in " ".join(role.tiers[: 2 if role is ITEM else 1]).split()


def has_another(name: str, other: Role, role: Role) -> Problem:
    """The problem of a column that was named for a role and has another."""
    return Problem(
        f"'{shown(name)}' holds {other.meaning}: {role.option} needs another column, or name that "
        f"of {other.meaning} with {other.option}"
    )


def find_student(
    header: tuple[str, ...],
    named: str | None,
    positions: Mapping[str, int],
    plausible: tables.Plausible | None,
    id_is_named: bool = False,
) -> tuple[int | None, list[Problem]]:
    """Finds the column that says who wrote a response.

    It may also be that of the responses' ids, where each student wrote one.

    Args:
        header: the columns' names as the file writes them.
        named: what the user named, or its number; None for a guess.
        positions: the other roles' columns.
        plausible: judges a guess by what is in the column.
        id_is_named: whether the user named the column of the responses' ids.

    Returns:
        The index into the header, None where there is none; and what is wrong with what the user
        named. A guess is never wrong: of several columns the first is taken.
    """
    if named is not None:
        found, problems = tables.find_columns(header, {STUDENT.name: named}, [STUDENT])
        at = found.get(STUDENT.name)
        if at is None:
            return None, problems
        for role in (role for role in ROLES if positions.get(role.name) == at):
            # An id by another name may be the student's, who wrote one response.
            if role is not RESPONSE_ID or id_is_named or is_surely(role, header[at]):
                return None, [*problems, has_another(header[at], role, STUDENT)]
        return at, problems
    taken = {at for role, at in positions.items() if role != "response_id"}
    names = [one_line(name) for name in header]
    guesses = tables.candidates(
        names,
        STUDENT.tiers,
        taken,
        lambda at: plausible is None or plausible(STUDENT.name, at, positions),
    )
    return (guesses[0] if guesses else None), []
