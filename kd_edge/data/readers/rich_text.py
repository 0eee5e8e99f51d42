"""Responses written in an editor for rich text: as plain text, or with advice."""

from __future__ import annotations

import re
from dataclasses import replace

from kd_edge.data.responses import Responses
from kd_edge_runtime.text.markup import plain_text

_TAGGED = re.compile(r"</(?:p|div|span|b|i|em|strong|li|td|sub|sup)>|<br\s*/?>", re.IGNORECASE)


def as_plain_text(responses: Responses) -> Responses:
    """Responses whose HTML, entities and LaTeX are plain text, as devices make it."""
    items = tuple(
        replace(
            item,
            rows=tuple(replace(row, text=plain_text(row.text)) for row in item.rows),
            markup=True,
        )
        for item in responses.items
    )
    return replace(responses, items=items)


def with_advice(responses: Responses) -> Responses:
    """Responses with a note where most of them hold tags of HTML."""
    texts = [row.text for item in responses.items for row in item.rows]
    tagged = sum("<" in text and _TAGGED.search(text) is not None for text in texts)
    if 2 * tagged <= len(texts):
        return responses
    note = (
        f"{tagged:,} of {len(texts):,} responses hold HTML, which is read as words: --markup html "
        "turns it to plain text, here and on devices"
    )
    return replace(responses, notes=(*responses.notes, note))
