"""Scores a single response that is given on the command line itself."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from kd_edge_runtime import flags
from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.tables.score_rows import Columns, Scored
from kd_edge_runtime.tables.writing.explanations import lines
from kd_edge_runtime.tables.writing.output import destination, writer, written_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.score import Request

_WIDTH = 80

# What each flag means, as shown to people.
_REASONS = {
    flags.EMPTY: "no words",
    flags.LONG: "longer than the responses it was trained on",
    flags.PROMPT: "copied from the question",
    flags.REPEATS: "the same words over and over",
    flags.UNLIKE: "unlike the responses it was trained on",
    flags.LIST: "a list of keywords",
    flags.REVIEW: "the small model is unsure",
}


def score_sentence(request: Request, scorer: Scorer) -> None:
    """Scores a response and prints its score; with a file or `as_json`, writes a table of one row.

    Args:
        request: what to score, and how.
        scorer: an open bundle.

    Raises:
        InputError: the bundle has several items and none was named, or a column was named.
    """
    text, manifest = str(request.responses), scorer.bundle.manifest
    if request.text_column or request.item_column:
        raise InputError(
            "--text-column and --item-column are for tables: there is no file of that name, and a "
            "sentence has no columns"
        )
    if request.item_id is None and len(manifest.items) > 1:
        raise InputError(
            f"the bundle has {manifest.names()}: say with --item which one the response answers"
        )
    entry = manifest.item(request.item_id)
    score = scorer.score(text, entry.item_id)
    if not request.quiet and not text.strip().count(" "):
        note("There is no file of that name, so the word itself was scored.")
    if request.as_json or str(request.output) != "-":
        columns = Columns(("item_id", "text"), 1, None, entry.item_id)
        with writer(request, scorer, columns, "the response") as write:
            write([Scored([entry.item_id, text], entry.item_id, score)])
        if not request.quiet and str(request.output) != "-":
            note(f"The small model scored the sentence. {written_to(request.output)}".rstrip())
        return
    with destination(request.output) as file:
        file.writelines(line + "\n" for line in _score_lines(entry, score))
        if request.explain:
            explained = lines(scorer.explain(text, entry.item_id), entry, score)
            file.writelines(f"{line}\n" for line in ("", *explained))


def _score_lines(entry: ItemEntry, score: Score) -> Iterator[str]:
    """The score for people to read, in lines of at most `_WIDTH` characters."""
    shares = zip(entry.classes, score.probabilities)
    probabilities = "   ".join(f"{name}:\N{NO-BREAK SPACE}{share:.2f}" for name, share in shares)
    facts = {
        "item": entry.item_id,
        "score": f"{score.predicted}  (by the small model)",
        "expected": f"{score.expected:.2f}  (the mean under the probabilities)",
        "confidence": f"{score.confidence:.2f}  (the probability of the score)",
        "flag": f"{score.flag}: {_REASONS[score.flag]}; a person should look"
        if score.flag
        else "-",
        "probabilities": probabilities,
    }
    indent = " " * (max(map(len, facts)) + 2)
    for name, fact in facts.items():
        yield textwrap.fill(
            fact,
            _WIDTH,
            initial_indent=f"{name:<{len(indent)}}",
            subsequent_indent=indent,
            drop_whitespace=True,
            break_on_hyphens=False,
        ).replace("\N{NO-BREAK SPACE}", " ")
