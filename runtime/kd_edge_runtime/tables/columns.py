"""Which column of a table holds what: as the user says, or by its usual name.

The same for devices and for the workshop (`kd_edge.data.readers`); the names are in `roles`.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables.plain import plain
from kd_edge_runtime.tables.roles import ITEM, ROLES, SCORE, TEXT, known_names, usual_places

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Callable

    from kd_edge_runtime.tables.roles import Role

    # Whether what a column holds can be what a role's name promises; asked for guesses alone, with
    # the columns that were found before.
    Plausible = Callable[[str, int, Mapping[str, int]], bool]

# Columns that a message lists, and characters of a name that it shows.
_SHOWN, _LONGEST = 40, 30


def candidates(
    header: Sequence[str],
    tiers: Sequence[str],
    taken: Collection[int] = (),
    plausible: Callable[[int], bool] = lambda _: True,
) -> list[int]:
    """The columns of the best tier that has any.

    Args:
        header: the columns' names.
        tiers: usual names, as a `Role` has them.
        taken: columns that are out of the question.
        plausible: whether a column of a usual name can be meant.

    Returns:
        Indices into the header; none if no name is usual.
    """
    names = [plain(name) for name in header]
    for tier in tiers:
        usual = tier.split()
        found = [at for at, name in enumerate(names) if name in usual and at not in taken]
        found = [at for at in found if plausible(at)]
        if found:
            return found
    return []


def find_columns(
    header: Sequence[str],
    named: Mapping[str, str | None],
    roles: Sequence[Role] = ROLES,
    needed: Collection[str] = (),
    plausible: Plausible | None = None,
) -> tuple[dict[str, int], list[Problem]]:
    """Finds the columns of a table.

    Only columns that are used have to have a name, and one of their own.

    Args:
        header: the columns' names as the file writes them.
        named: role → the column that the user named, which beats every guess, or its number where
            no column is called so (the first is 1); None for a guess.
        roles: the roles to look for.
        needed: the names of the roles that have to be there.
        plausible: what knows the columns' contents; None for guesses by name alone.

    Returns:
        Role → index into the header, without roles that were not found; and a problem for each
        named column that is not there or is named twice, each guess between equals, and each
        needed role that is missing. Whoever shows the problems adds `hint`.
    """
    names = [one_line(name) for name in header]
    positions, problems = _chosen(header, names, named, roles)
    chosen = frozenset(positions.values())
    for role in _in_order(roles):
        if named.get(role.name) is not None:
            continue
        found = _guesses(names, role, positions, chosen, role.name in needed, plausible)
        if len(found) == 1:
            positions[role.name] = found[0]
        elif found:
            problems.append(Problem(_either(found, names, role)))
        elif role.name in needed:
            none = f"no column holds {role.meaning}: name it with {role.option} NAME"
            problems.append(Problem(none + _near(names, role)))
    return {role.name: positions[role.name] for role in roles if role.name in positions}, problems


def _chosen(
    header: Sequence[str],
    names: Sequence[str],
    named: Mapping[str, str | None],
    roles: Sequence[Role],
) -> tuple[dict[str, int], list[Problem]]:
    """The columns that the user named."""
    problems: list[Problem] = []
    positions: dict[str, int] = {}
    for role in roles:
        name = named.get(role.name)
        if name is None:
            continue
        found = named_columns(name, header)
        if not found:
            from kd_edge_runtime.near import did_you_mean

            meant = did_you_mean(name, filter(looks_like_name, names))
            problems.append(Problem(f"there is no column '{name}' ({role.option}){meant}"))
        elif len(found) > 1:
            problems.append(Problem(_either(found, names, role)))
        elif found[0] in positions.values():
            other = f"'{name}' is named twice: {role.option} needs another column"
            problems.append(Problem(other))
        else:
            positions[role.name] = found[0]
    return positions, problems


def named_columns(name: str, header: Sequence[str]) -> list[int]:
    """The columns that a user can mean, as the file writes them or without white space; by number.

    Args:
        name: what the user typed.
        header: the columns' names as the file writes them.

    Returns:
        Indices into the header; several only for columns of the same name.
    """
    for spelling, wanted in (
        (header, name),
        ([one_line(one) for one in header], one_line(name)),
    ):
        found = [at for at, one in enumerate(spelling) if one == wanted and one]
        if found:
            return found
    number = name.strip()
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(header):
        return [int(number) - 1]
    return []


def _in_order(roles: Sequence[Role]) -> list[Role]:
    """Roles in the order of guessing: what a column holds is judged by the item of its row."""
    return sorted(roles, key=lambda role: role is not ITEM)


def _guesses(
    names: Sequence[str],
    role: Role,
    positions: Mapping[str, int],
    chosen: Collection[int],
    needed: bool,
    plausible: Plausible | None,
) -> list[int]:
    """The columns that a role's name and contents speak for; the equally good ones."""

    def holds(at: int) -> bool:
        return plausible is None or plausible(role.name, at, positions)

    if role is SCORE and TEXT.name in positions:
        text = positions[TEXT.name]
        if looks_like_title(names[text]):
            from kd_edge_runtime.tables.titles import score_of

            own = score_of(names, text)
            if own is not None and own not in chosen:
                return [own]
    found = candidates(names, role.tiers, chosen, holds)
    if found or role not in (TEXT, SCORE):
        return found
    # What is needed is taken by its name rather than not at all: what is wrong in it is told then.
    found = candidates(names, role.tiers, chosen) if needed else []
    if found:
        return found
    from kd_edge_runtime.tables import titles  # rarely needed: a start must stay cheap

    taken = {*chosen, *positions.values(), *usual_places(names)}
    found = titles.loose_candidates(names, role, taken)
    if not found and role is TEXT:
        found = titles.question(names, taken)
    return found


def _either(found: Sequence[int], names: Sequence[str], role: Role) -> str:
    """What a message says where several columns can be meant."""
    called = {names[at] for at in found}
    if len(called) == 1:
        places = " and ".join(str(at + 1) for at in found)
        return (
            f"columns {places} are all called '{shown(names[found[0]])}': say which holds "
            f"{role.meaning} by its number, e.g. {role.option} {found[0] + 1}"
        )
    several = " and ".join(f"'{shown(names[at])}'" for at in found)
    return f"{several} could both hold {role.meaning}: say which with {role.option} NAME"


def _near(names: Sequence[str], role: Role) -> str:
    """A column that is nearly called as this role's are, as an end of a message."""
    import difflib  # only where something went wrong

    usual = [name for tier in role.tiers for name in tier.split()]
    for name in filter(looks_like_name, names):
        if difflib.get_close_matches(plain(name), usual, n=1, cutoff=0.8):
            return f" (is it '{name}'?)"
    return ""


def one_line(name: str) -> str:
    """A column's name with single spaces and no line ends, which spreadsheets allow in a cell."""
    return " ".join(name.split())


def shown(name: str) -> str:
    """A column's name for a message: a title may be a whole question."""
    name = one_line(name)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def looks_like_title(name: str) -> bool:
    """Whether a column's name is longer than names are: perhaps the question itself."""
    return len(name) > _LONGEST or len(name.split()) > 2


def hint(header: Sequence[str]) -> str:
    """Which columns there are, without what may be a student's words."""
    names = [one_line(name) for name in header]
    known = known_names(names)
    if not all(map(looks_like_name, filter(None, names))) and not known:
        return (
            "Row 1 looks like a response: put a row of column names above it, or say --no-header."
        )
    listed = [
        f"{at} '{shown(name)}'"
        for at, name in enumerate(names, 1)
        if looks_like_name(name) or (known and name and looks_like_title(name))
    ]
    if not listed:
        return "No column has a name."
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"The columns are {', '.join(listed[:_SHOWN])}{more}."


def looks_like_name(name: str) -> bool:
    """Whether a header's cell can be shown: a table without a header has a response there."""
    import re  # only where something went wrong: a start must stay cheap

    if len(name) > _LONGEST or len(name.split()) > 4:
        return False
    # No quotation marks, braces, commas: what is left of a sentence, or of JSON called .csv.
    number, allowed = r"\s*[+-]?[0-9]*[.,]?[0-9]+\s*", r"[\w \-./()#%&]+"
    return not re.fullmatch(number, name) and re.fullmatch(allowed, name) is not None
