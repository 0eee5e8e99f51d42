"""What a column of a table can hold, how people call such columns, and which names are the same.

The one list of usual names, for devices and for the workshop (`kd_edge.data.readers`): English
first, then German, French, Spanish and Turkish; of other languages the commonest.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

# Letters that are not a letter and a mark; the rest is Unicode's to take apart.
_LETTERS = {"\u0131": "i", "ł": "l", "ø": "o", "œ": "oe", "æ": "ae"}


def plain(words: str) -> str:
    """Words for comparison: "Réponse (texte)" is "reponsetexte".

    Only letters and digits are left, without case and accents; a Turkish dotless i is an i. What
    has neither letters nor digits is left as it is.
    """
    if not words.isascii():
        from unicodedata import normalize  # rarely needed: a start must stay cheap

        words = normalize("NFKD", words.casefold())
        for letter, usual in _LETTERS.items():
            words = words.replace(letter, usual)
    return "".join(filter(str.isalnum, words.casefold())) or words


@dataclass(frozen=True)
class Role:
    """What a column can hold.

    Attributes:
        name: as the project's own tables call the column.
        option: the option that names the column.
        meaning: what the column holds, for messages.
        tiers: its usual names as `plain` leaves them, with spaces between; each tier beats the
            next.
    """

    name: str
    option: str
    meaning: str
    tiers: tuple[str, ...]

    def asked(self, value: str = "") -> str:
        """The option, with a value if there is one, as the caller of a function writes it."""
        from kd_edge_runtime.tables.argument_names import argument

        return argument(self.option, value)


_RATER = (
    "score# rater# grade# label# mark# points# human# humanscore# scorer# annotator# coder# "
    "judge# rater#score scorerater# human#score "
    "bewerter# bewertung# korrektor# punkte# correcteur# correctrice# corrector# corrector#nota "
    "puntuacion# calificacion# nota# puan# puanlayici#"
)
_FIRST = _RATER.replace("#", "1") + " firstscore firstrater firstgrade erstbewertung"
_SECOND = _RATER.replace("#", "2") + " secondscore secondrater secondgrade zweitbewertung"

RESPONSE_ID = Role(
    "response_id",
    "--id-column",
    "the responses' ids",
    (
        "responseid answerid essayid submissionid textid antwortid idreponse reponseid "
        "idrespuesta respuestaid yanitid yanitno",
        "id uid rowid recordid responsenumber nr lfdnr identifiant identificador kimlik",
        "studentid schulerid schuelerid ideleve identifianteleve idestudiante idalumno "
        "ogrencino ogrenciid matricola leerlingnummer 学号 学籍番号",
    ),
)
ITEM = Role(
    "item_id",
    "--item-column",
    "the item of each response",
    (
        "itemid questionid promptid taskid problemid essayset essaysetid aufgabenid aufgabeid "
        "fragenid frageid idquestion idpregunta idtarea soruid",
        "item question prompt task problem questionnumber promptnumber itemnumber aufgabe frage "
        "aufgabennummer exercice consigne pregunta ejercicio tarea soru soruno sorunumarasi madde",
    ),
)
TEXT = Role(
    "text",
    "--text-column",
    "the responses",
    (
        "text response answer responsetext answertext essaytext essay studentanswer "
        "studentresponse studenttext studentessay "
        "antwort antworttext schulerantwort antwortderschuler freitext "
        "reponse textedelareponse reponsedeleleve texte "
        "respuesta textodelarespuesta respuestadelestudiante respuestadelalumno texto "
        "yanit yanitmetni cevap cevapmetni ogrenciyaniti ogrencicevabi metin "
        "studentsanswer studentsresponse risposta resposta antwoord odpowiedz ответ svar 回答 解答 "
        "学生答案",
        "content body writing constructedresponse transcript sentence aufsatz redaction "
        "redaccion kompozisyon",
        "answers responses texts essays writtenresponse writtenanswer openresponse shortanswer "
        "freetext studentwriting explanation antworten schuelerantwort reponses reponseetudiant "
        "reponsedeletudiant respuestas respuestaalumno yanitlar cevaplar",
    ),
)
SCORE = Role(
    "score",
    "--score-column",
    "the scores",
    (
        "score label grade points mark humanscore finalscore resolvedscore goldscore "
        "punkte punktzahl bewertung "
        "notation puntuacion puntaje calificacion puntos puan "
        "punteggio pontuacao punten punkty балл баллы poang 分数 得分 得点 点数",
        _FIRST + " accuracy gold target rating",
        # "note" is French, and in an English table most likely no score; "not" is Turkish.
        "note nota not scores grades marks pointsearned pointsawarded markawarded marksawarded "
        "teacherscore humanrating humangrade finalgrade finalmark punktestand total result "
        "ergebnis resultat resultado sonuc totalpoints totalscore gesamtpunktzahl "
        "gesamtpunkte notetotale "
        "pointstotal puntostotales toplampuan "
        "erreichtepunkte erreichtepunktzahl noteobtenue pointsobtenus puntosobtenidos "
        "puntuacionobtenida calificacionfinal notafinal alinanpuan voto cijfer ocena оценка 成绩",
    ),
)
SCORE2 = Role("score2", "--score2-column", "the second scores", (_SECOND,))
GROUP = Role(
    "group",
    "--group-column",
    "the student groups",
    (
        "group subgroup studentgroup groupid gruppe groupe grupo grup",
        "demographic demographics cohort",
    ),
)
SPLIT = Role(
    "split",
    "--split-column",
    "the split into train and test",
    ("split traintest datasplit partition", "subset"),
)
# No name may be in two roles (a test sees to it).
ROLES = (RESPONSE_ID, ITEM, TEXT, SCORE, SCORE2, GROUP, SPLIT)


def usual_places(header: Sequence[str]) -> list[int]:
    """The columns whose names are usual ones, for any role: indices into the header."""
    # A search in the names is quicker than a set of them, for the few columns of a table.
    known = f" {' '.join(tier for role in ROLES for tier in role.tiers)} "
    return [at for at, name in enumerate(header) if f" {plain(name)} " in known]


def known_names(header: Sequence[str]) -> int:
    """How many names of a header are usual ones, for any role."""
    return len(usual_places(header))
