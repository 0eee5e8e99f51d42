"""What messages show of a table's header, whose cells may be a student's words."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.tables.roles import TEXT, known_names, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge_runtime.tables.roles import Role

# The most columns that a message lists, and the most characters of a name that it shows.
_SHOWN, _LONGEST = 40, 30


def similar(names: Sequence[str], role: Role) -> str:
    """The end of a message: a column whose name is similar to a usual one, or ""."""
    import difflib  # only needed for messages

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
    """Whether a column's name is unusually long, and perhaps the question itself."""
    return len(name) > _LONGEST or len(name.split()) > 2


def hint(header: Sequence[str]) -> str:
    """A hint that lists the columns, without cells that may be a student's words."""
    names = [one_line(name) for name in header]
    from kd_edge_runtime.tables.argument_names import is_in_python
    from kd_edge_runtime.tables.titles import form_names

    known = known_names(names) + form_names(names)
    a_file = not is_in_python()
    if not all(map(looks_like_name, filter(None, names))) and not known and a_file:
        return (
            "Row 1 looks like a response: put a row of column names above it, or add --no-header."
        )
    if not any(names):
        return "No column has a name."
    if not known and not any(map(_only_a_name, names)):
        # The row may be a student's short answer as well as a header in another language.
        return (
            f"None of the {len(names)} columns has a name that kd-edge knows: give their numbers, "
            f"like {TEXT.asked('2')}"
            + ("; if row 1 is a response already, add --no-header." if a_file else ".")
        )
    listed = [
        f"{at} '{shown(name)}'"
        for at, name in enumerate(names, 1)
        if (
            looks_like_name(name) or (name and looks_like_title(name))
            if known
            else _only_a_name(name)
        )
    ]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"The columns are {', '.join(listed[:_SHOWN])}{more}."


def _only_a_name(name: str) -> bool:
    """Whether a cell is hardly a response: one word with a number or a line in it, like Q3_text."""
    return looks_like_name(name) and " " not in name and not name.isalpha()


def looks_like_name(name: str) -> bool:
    """Whether a cell of the header may be shown: without a header, it may be a response."""
    import re  # only needed for messages: every start must stay cheap

    if len(name) > _LONGEST or len(name.split()) > 4:
        return False
    # No quotation marks, braces or commas, as in a sentence, or in JSON named .csv.
    number, allowed = r"\s*[+-]?[0-9]*[.,]?[0-9]+\s*", r"[\w \-./()#%&№º°]+"
    return not re.fullmatch(number, name) and re.fullmatch(allowed, name) is not None
