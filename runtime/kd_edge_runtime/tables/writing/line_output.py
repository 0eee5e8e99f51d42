"""Writes scores as lines of JSON, or as explanations for people."""

from __future__ import annotations

import json

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns, Scored
    from kd_edge_runtime.tables.writing.lines import Lines


def json_lines(request: Request, scorer: Scorer, columns: Columns, added: Sequence[str]) -> Lines:
    """A function that makes an object of each row of a batch, on a line of its own.

    Args:
        request: what to write.
        scorer: the scorer.
        columns: the table's columns.
        added: the names of the fields that scoring adds.
    """
    names, prefix = json_names(columns.header), request.prefix
    manifest = scorer.bundle.manifest
    entries: dict[str, ItemEntry] = {}
    if request.explain:
        from kd_edge_runtime.tables.writing.explanations import why

    def lines(batch: list[Scored], _: int) -> str:
        rows = []
        for fields, item_id, score in batch:
            row: dict[str, object] = dict(zip(names, fields))
            entry = entries.get(item_id) or entries.setdefault(item_id, manifest.item(item_id))
            row.update(_json_fields(score, added, entry.classes, prefix))
            if request.explain:
                explanation = scorer.explain(fields[columns.text], item_id)
                row[f"{prefix}why"] = why(explanation, entry, score)
            rows.append(json.dumps(row, ensure_ascii=False) + "\n")
        return "".join(rows)

    return lines


def explanation_lines(scorer: Scorer, columns: Columns) -> Lines:
    """A function that makes an explanation of each score of a batch.

    Args:
        scorer: the scorer.
        columns: the table's columns.
    """
    from kd_edge_runtime.tables.writing.explanations import blocks

    return lambda batch, before: "".join(blocks(scorer, columns, batch, before))


def json_names(header: Sequence[str]) -> list[str]:
    """The columns' names; where several have the same, those after the first are numbered.

    All columns without a name are, if there are several: an object has room for each name once.
    """
    several_blank = [name.strip() for name in header].count("") > 1
    names: list[str] = []
    for number, name in enumerate(header, 1):
        own = f"column {number}" if several_blank and not name.strip() else name
        names.append(f"{own} (column {number})" if own in names else own)
    return names


def _json_fields(
    score: Score, added: Sequence[str], classes: Sequence[str], prefix: str
) -> dict[str, object]:
    values = [score.predicted, round(score.expected, 4), round(score.confidence, 4), score.flag]
    fields: dict[str, object] = dict(zip(added, values))
    for name, probability in zip(classes, score.probabilities):
        fields[f"{prefix}p_{name}"] = round(probability, 6)
    return fields
