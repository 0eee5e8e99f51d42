"""Which column of a table holds the responses: as the user says, or by its usual name.

The workshop's reader (`kd_edge.data.readers`) knows more roles and shares these names.
"""

from __future__ import annotations

from collections.abc import Sequence

Tiers = tuple[frozenset[str], ...]


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Usual names as `plain_name` leaves them; each tier beats the next.
TEXT_NAMES: Tiers = (
    _names(
        "text response answer responsetext answertext essaytext essay studentanswer "
        "studentresponse studenttext studentessay"
    ),
    _names("content body writing constructedresponse transcript sentence"),
)
ITEM_NAMES: Tiers = (
    _names("itemid questionid promptid taskid problemid essayset essaysetid"),
    _names("item question prompt task problem questionnumber promptnumber itemnumber"),
)
SCORE_NAMES: Tiers = (
    _names("score label grade points mark humanscore finalscore resolvedscore goldscore"),
    _names(
        "score1 rater1 grade1 label1 mark1 points1 human1 humanscore1 scorer1 annotator1 coder1 "
        "judge1 rater1score scorerater1 human1score firstscore firstrater firstgrade accuracy "
        "gold target rating"
    ),
)


def plain_name(name: str) -> str:
    """A column's name without case and without what people put between words."""
    for mark in " _.-\t\r\n":
        name = name.replace(mark, "")
    return name.casefold()


def candidates(header: Sequence[str], tiers: Tiers) -> list[int]:
    """The columns of the best tier that has any; none if no name is usual."""
    plain = [plain_name(name) for name in header]
    for tier in tiers:
        found = [index for index, name in enumerate(plain) if name in tier]
        if found:
            return found
    return []


def closest(wanted: str, header: Sequence[str]) -> str | None:
    """The column whose name is most like the one asked for, if any is like it at all."""
    import difflib  # only where something went wrong: a start must stay cheap

    by_plain = {plain_name(name): name for name in header}
    close = difflib.get_close_matches(plain_name(wanted), list(by_plain), n=1)
    return by_plain[close[0]] if close else None
