"""Which responses to score next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kd_edge.api.arguments import check, to_item, to_teacher_folder
from kd_edge.data.responses import Responses
from kd_edge.suggest.suggest import ItemSuggestions, SuggestOptions
from kd_edge.suggest.suggest import suggest as suggest_responses
from kd_edge.teacher.finetune import Teacher
from kd_edge.teacher.source import PACKAGED


def suggest(
    responses: Responses,
    *,
    item: str | None = None,
    count: int = 50,
    model: str = PACKAGED,
    teacher: Teacher | str | Path | None = None,
    seed: int = 0,
) -> ItemSuggestions:
    """Choose which responses people should score next: those that say most about all others.

    Args:
        responses: read with `scored=False`; those that have a score count as scored. Rows marked
            "test", blank ones and repetitions are not chosen.
        item: the item, where there are several.
        count: how many to choose at most, >= 1.
        model: the language model by whose vectors they are compared, as for `finetune`; an encoder.
        teacher: from `finetune`, or its folder: the less sure it is of a response's score, the
            more that response counts.
        seed: of all that is random, >= 0.

    Returns:
        The `response_ids`, the most useful first, at most `count`, none where nothing is left to
        score; and how many responses are `scored`, `unscored` and `repeated`.

    Raises:
        InputError: a number is too small, a model is not there or cannot be used so, or the
            teacher has other classes.

    Example:
        >>> responses = read_responses("unscored.csv", scored=False)
        >>> suggest(responses, count=3).response_ids
        ('r17', 'r4', 'r29')
    """
    question = to_item(responses, item)
    check("count", count, int)
    check("model", model, str)
    check("seed", seed, int)
    folder = None if teacher is None else to_teacher_folder(teacher)
    chosen = SuggestOptions(count, model, folder, seed)
    (found,) = suggest_responses(replace(responses, items=(question,)), chosen)
    return found
