"""Responses that nobody scored: a class hands in more than anyone can read.

The teacher says what each is worth, as it does of variants, and variants are made of them too.
"""

from __future__ import annotations

from collections.abc import Iterable

from kd_edge.data.responses import Responses, Row
from kd_edge.soft_labels.augmentation import make_variants, variant_sources, variants_for


def unlabelled_texts(
    responses: Responses | None, item_id: str, apart: Iterable[Row]
) -> tuple[str, ...]:
    """An item's responses without a score.

    Args:
        responses: what was read of them, scores in it not looked at; None where there are none.
        item_id: the item.
        apart: the item's own rows. A response that one of them gives word for word is left out:
            those that are scored are learnt from anyway, and a student must not have met what
            it is measured on.

    Returns:
        The texts in the order of the file, each once, blank ones left out.
    """
    if responses is None:
        return ()
    there = {_clean(row.text) for row in apart}
    found = dict.fromkeys(
        _clean(row.text) for item in responses.items if item.item_id == item_id for row in item.rows
    )
    return tuple(text for text in found if text and text not in there)


def texts_to_label(
    rows: list[Row], unlabelled: tuple[str, ...], wanted: int | None, seed: int
) -> list[str]:
    """What the teacher is to score beside the rows: the unlabelled, then variants of both.

    Args:
        rows: the scored rows to learn from.
        unlabelled: responses without a score.
        wanted: how many variants, or None for what suits so many responses.
        seed: of the choice of variants.

    Raises:
        InputError: `wanted` is negative, or every text is blank.
    """
    count = variants_for(len(rows) + len(unlabelled), wanted)
    if not count:
        return [*unlabelled]
    sources = [*variant_sources(rows), *unlabelled]
    return [*unlabelled, *make_variants(sources, count, seed)]


def _clean(text: str) -> str:
    return " ".join(text.split())
