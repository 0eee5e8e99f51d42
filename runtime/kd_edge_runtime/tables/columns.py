"""Which column of a table holds what: as the user says, or by its usual name.

The one list of usual names, for devices and for the workshop (`kd_edge.data.readers`).
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# Columns that a message lists.
_SHOWN = 20


@dataclass(frozen=True)
class Role:
    """What a column can hold.

    Attributes:
        name: as the project's own tables call the column.
        option: the option that names the column.
        meaning: what the column holds, for messages.
        tiers: its usual names as `plain_name` leaves them, with spaces between; each tier beats
            the next.
    """

    name: str
    option: str
    meaning: str
    tiers: tuple[str, ...]


_RATER = (
    "score# rater# grade# label# mark# points# human# humanscore# scorer# annotator# coder# "
    "judge# rater#score scorerater# human#score"
)
_FIRST = _RATER.replace("#", "1") + " firstscore firstrater firstgrade"
_SECOND = _RATER.replace("#", "2") + " secondscore secondrater secondgrade"

RESPONSE_ID = Role(
    "response_id",
    "--id-column",
    "the responses' ids",
    (
        "responseid answerid essayid submissionid textid",
        "id uid rowid recordid responsenumber",
        "studentid",
    ),
)
ITEM = Role(
    "item_id",
    "--item-column",
    "the item of each response",
    (
        "itemid questionid promptid taskid problemid essayset essaysetid",
        "item question prompt task problem questionnumber promptnumber itemnumber",
    ),
)
TEXT = Role(
    "text",
    "--text-column",
    "the responses",
    (
        "text response answer responsetext answertext essaytext essay studentanswer "
        "studentresponse studenttext studentessay",
        "content body writing constructedresponse transcript sentence",
    ),
)
SCORE = Role(
    "score",
    "--score-column",
    "the scores",
    (
        "score label grade points mark humanscore finalscore resolvedscore goldscore",
        _FIRST + " accuracy gold target rating",
    ),
)
SCORE2 = Role("score2", "--score2-column", "the second scores", (_SECOND,))
GROUP = Role(
    "group",
    "--group-column",
    "the student groups",
    ("group subgroup studentgroup groupid", "demographic demographics cohort"),
)
SPLIT = Role(
    "split",
    "--split-column",
    "the split into train and test",
    ("split traintest datasplit partition", "subset"),
)
# No name may be in two roles (a test sees to it).
ROLES = (RESPONSE_ID, ITEM, TEXT, SCORE, SCORE2, GROUP, SPLIT)


def plain_name(name: str) -> str:
    """A column's name without case and without what people put between words."""
    for mark in " _.-\t\r\n":
        name = name.replace(mark, "")
    return name.casefold()


def known_names(header: Sequence[str]) -> int:
    """How many names of a header are usual ones, for any role."""
    known = {name for role in ROLES for tier in role.tiers for name in tier.split()}
    return sum(plain_name(name) in known for name in header)


def candidates(
    header: Sequence[str],
    tiers: Sequence[str],
    taken: Collection[int] = (),
) -> list[int]:
    """The columns of the best tier that has any; of equal names the first.

    Args:
        header: the columns' names.
        tiers: usual names, as a `Role` has them.
        taken: columns that are out of the question.

    Returns:
        Indices into the header; none if no name is usual.
    """
    plain = [plain_name(name) for name in header]
    for tier in tiers:
        names = tier.split()
        found: dict[str, int] = {}
        for index, name in enumerate(plain):
            if name in names and index not in taken:
                found.setdefault(header[index], index)
        if found:
            return list(found.values())
    return []


def find_columns(
    header: Sequence[str],
    named: Mapping[str, str | None],
    roles: Sequence[Role] = ROLES,
    needed: Collection[str] = (),
) -> tuple[dict[str, int], list[Problem]]:
    """Finds the columns of a table.

    Args:
        header: the columns' names as the file writes them.
        named: role → the column that the user named, which beats every guess; None for a guess.
        roles: the roles to look for.
        needed: the names of the roles that have to be there.

    Returns:
        Role → index into the header, without roles that were not found; and a problem for each
        named column that is not there or is named twice, each guess between equals, each needed
        role that is missing, and each name that two columns have. Whoever shows the problems
        adds `hint`.
    """
    names = [name.strip() for name in header]
    problems = _repeated(names)
    positions: dict[str, int] = {}
    for role in roles:
        name = named.get(role.name)
        if name is None:
            continue
        at = _index(name, header, names)
        if at is None:
            from kd_edge_runtime.near import did_you_mean

            meant = did_you_mean(name, filter(looks_like_name, names))
            problems.append(Problem(f"there is no column '{name}' ({role.option}){meant}"))
        elif at in positions.values():
            other = f"'{name}' is named twice: {role.option} needs another column"
            problems.append(Problem(other))
        else:
            positions[role.name] = at
    taken = frozenset(positions.values())
    for role in roles:
        if named.get(role.name) is not None:
            continue
        found = candidates(names, role.tiers, taken)
        if len(found) == 1:
            positions[role.name] = found[0]
        elif found:
            either = " and ".join(f"'{names[index]}'" for index in found)
            both = f"{either} could both hold {role.meaning}: say which with {role.option} NAME"
            problems.append(Problem(both))
        elif role.name in needed:
            none = f"no column holds {role.meaning}: name it with {role.option} NAME"
            problems.append(Problem(none))
    return positions, problems


def _index(name: str, header: Sequence[str], names: Sequence[str]) -> int | None:
    """Where a column is, called as the file writes it or without the white space around it."""
    for spelling in (header, names):
        if name in spelling:
            return list(spelling).index(name)
    return None


def _repeated(names: Sequence[str]) -> list[Problem]:
    if len({*names}) == len(names):
        return []
    problems = []
    for name in dict.fromkeys(names):
        places = [str(at) for at, other in enumerate(names, 1) if other == name]
        if name and len(places) > 1:
            called = f"called '{name}'" if looks_like_name(name) else "called by the same name"
            problems.append(Problem(f"columns {' and '.join(places)} are all {called}", row=1))
    return problems


def hint(header: Sequence[str]) -> str:
    """Which columns there are, without what may be a student's words."""
    names = [name.strip() for name in header if name.strip()]
    if not all(map(looks_like_name, names)) and not known_names(names):
        return "Row 1 looks like a response: put a row of column names above it."
    shown = [name for name in names if looks_like_name(name)]
    if not shown:
        return "No column has a name."
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    listed = ", ".join(f"'{name}'" for name in shown[:_SHOWN])
    return f"The columns are {listed}{more}."


def looks_like_name(name: str) -> bool:
    """Whether a header's cell can be shown: a table without a header has a response there."""
    import re  # only where something went wrong: a start must stay cheap

    if len(name) > 30 or len(name.split()) > 4:
        return False
    # No quotation marks, braces, commas: what is left of a sentence, or of JSON called .csv.
    number, allowed = r"\s*[+-]?[0-9]*[.,]?[0-9]+\s*", r"[\w \-./()#%&]+"
    return not re.fullmatch(number, name) and re.fullmatch(allowed, name) is not None
