"""The columns of a table, as the user names them or by their usual names; those that scoring adds.

Used on devices and in the workshop (`kd_edge.data.readers`); the names are in `roles`.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.column_names import (
    looks_like_name,
    looks_like_title,
    one_line,
    shown,
    similar,
)
from kd_edge_runtime.tables.roles import ITEM, ROLES, SCORE, TEXT, plain, usual_places

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Callable

    from kd_edge_runtime.tables.roles import Role

    # Whether a column's content fits a role, given the columns found so far; used for guesses only.
    Plausible = Callable[[str, int, Mapping[str, int]], bool]

MACHINE_COLUMNS = ("predicted", "expected", "confidence", "flag")


def candidates(
    header: Sequence[str],
    tiers: Sequence[str],
    taken: Collection[int] = (),
    plausible: Callable[[int], bool] = lambda _: True,
) -> list[int]:
    """The columns that match the best matching tier.

    Args:
        header: the column names.
        tiers: usual names, as in a `Role`.
        taken: indices of columns that are already used.
        plausible: whether the content of a matching column is plausible.

    Returns:
        Indices into the header; empty if no name matches.
    """
    names = [plain(name) for name in header]
    for tier in tiers:
        usual = tier.split()
        matches = [at for at, name in enumerate(names) if name in usual and at not in taken]
        matches = [at for at in matches if plausible(at)]
        if matches:
            return matches
    return []


def find_columns(
    header: Sequence[str],
    named: Mapping[str, str | None],
    roles: Sequence[Role] = ROLES,
    needed: Collection[str] = (),
    plausible: Plausible | None = None,
) -> tuple[dict[str, int], list[Problem]]:
    """Finds the columns of a table.

    Only the columns that are used need a name, which must be unique.

    Args:
        header: the column names as written in the file.
        named: role → the column that the user named, or its number if no column has that name
            (the first is 1); None to find it by its usual names.
        roles: the roles to look for.
        needed: the names of the roles that are required.
        plausible: checks the content of a column; None to go by the names alone.

    Returns:
        Role → index into the header, without roles that were not found; and a problem for each
        named column that does not exist or is named twice, each ambiguous role, and each required
        role that is missing. Callers that show the problems should add `hint`.
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
            message = f"no column holds {role.meaning}: name it with {role.asked('NAME')}"
            problems.append(Problem(message + similar(names, role)))
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
            from kd_edge_runtime.suggestions import did_you_mean

            suggestion = did_you_mean(name, filter(looks_like_name, names))
            problems.append(Problem(f"there is no column '{name}' ({role.asked()}){suggestion}"))
        elif len(found) > 1:
            problems.append(Problem(_either(found, names, role)))
        elif found[0] in positions.values():
            problems.append(Problem(named_twice(name, role)))
        else:
            positions[role.name] = found[0]
    return positions, problems


def named_twice(name: str, role: Role) -> str:
    """The message if the column that the user named for a role has another one."""
    return f"'{name}' is named twice: {role.asked()} needs another column"


def named_columns(name: str, header: Sequence[str]) -> list[int]:
    """The columns that a user may mean: by exact name, by name without white space, or by number.

    Args:
        name: the name or number that the user typed.
        header: the column names as written in the file.

    Returns:
        Indices into the header; several only if columns have the same name.
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
    """Roles in the order of guessing: the item comes first, as it helps to judge other columns."""
    return sorted(roles, key=lambda role: role is not ITEM)


def _guesses(
    names: Sequence[str],
    role: Role,
    positions: Mapping[str, int],
    chosen: Collection[int],
    needed: bool,
    plausible: Plausible | None,
) -> list[int]:
    """The columns that fit a role best by name and content; several if they fit equally well."""

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
    # A required column is accepted by its name alone; problems in its content are reported later.
    found = candidates(names, role.tiers, chosen) if needed else []
    if found:
        return found
    from kd_edge_runtime.tables import titles  # rarely needed: every start must stay cheap

    taken = {*chosen, *positions.values(), *usual_places(names)}
    found = titles.loose_candidates(names, role, taken)
    if not found and role is TEXT:
        found = titles.question(names, taken)
    return found


def _either(found: Sequence[int], names: Sequence[str], role: Role) -> str:
    """The message if several columns may be meant."""
    called = {names[at] for at in found}
    if len(called) == 1:
        places = " and ".join(str(at + 1) for at in found)
        return (
            f"columns {places} are all called '{shown(names[found[0]])}': say which holds "
            f"{role.meaning} by its number, e.g. {role.asked(str(found[0] + 1))}"
        )
    several = " and ".join(f"'{shown(names[at])}'" for at in found)
    return f"{several} could both hold {role.meaning}: say which with {role.asked('NAME')}"


def class_places(own: Sequence[str], classes: Sequence[str]) -> list[int | None]:
    """Where an item's own classes have each of these; None for the classes of other items."""
    return [own.index(name) if name in own else None for name in classes]


def machine_header(
    classes: Sequence[str], header: Sequence[str], prefix: str, source: str
) -> list[str]:
    """The names of the columns that scoring adds.

    Args:
        classes: the classes, each of which gets a column of probabilities.
        header: the table's own columns.
        prefix: prepended to each name.
        source: the table's name in messages.

    Raises:
        TableError: the table already has a column of one of these names.
    """
    names = [prefix + name for name in MACHINE_COLUMNS]
    names += [f"{prefix}p_{name}" for name in classes]
    refuse_taken(names, header, source)
    return names


def refuse_taken(names: Sequence[str], header: Sequence[str], source: str) -> None:
    """Refuses names of columns to add that the table has already.

    Raises:
        TableError: with each of them.
    """
    problems = [
        Problem("the table already has a column of this name", column=name)
        for name in names
        if name in header
    ]
    if problems:
        from kd_edge_runtime.tables.argument_names import argument

        hint = f"Give the added columns a prefix, for example {argument('--prefix', 'm_')}"
        raise TableError(source, problems, hint)
