"""Labels from a language model that was never fine-tuned, behind an API."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kd_edge.api.arguments import Workplace, check, to_item
from kd_edge.api.steps import Labels
from kd_edge.console.progress import say
from kd_edge.data.responses import Responses
from kd_edge.llm.cost import Estimate, Price
from kd_edge.llm.endpoint import api_key, parse_endpoint, refuse_unnamed
from kd_edge.llm.label import label_with_llm
from kd_edge.llm.options import LlmOptions
from kd_edge.soft_labels.augmentation import texts_to_label, unlabelled_texts
from kd_edge.soft_labels.label_variants import read_variants
from kd_edge.soft_labels.labels import read_labels
from kd_edge.soft_labels.unscored import variant_rows


def ask_llm(
    responses: Responses,
    url: str,
    model: str,
    *,
    item: str | None = None,
    prompt: str = "",
    rubric: str = "",
    template: str | None = None,
    examples: int | None = None,
    answers: int | None = None,
    variants: int = 0,
    unlabelled: Responses | None = None,
    send_responses_to: str | None = None,
    agree: Callable[[Estimate], bool] | None = None,
    price: tuple[float, float] | None = None,
    parallel: int | None = None,
    max_tokens: int | None = None,
    request: Mapping[str, Any] | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
) -> Labels:
    """Label responses by a language model behind an API that speaks OpenAI's protocol.

    Every answer is kept in `folder` as it comes: the same call goes on after an interruption. The
    key is read from the environment, as `kd-edge label --llm` does.

    Args:
        responses: scored or not; rows marked "test" are left out. Without scores, `read_responses`
            is to be told the scale (`score_range` or `classes`).
        url: the API's address, like "http://localhost:11434/v1".
        model: the model's name there.
        item: the item, where there are several.
        prompt: the item's question; by default that of the responses, where they have one.
        rubric: how it is scored.
        template: what is said before the responses, with the places {question}, {rubric}, {scores}
            and {symbols}; by default our own.
        examples: scored responses of each score to show the model, >= 0; 2 by default.
        answers: how often each response is asked about, >= 1; by default once, by its
            log-probabilities, where the server gives them.
        variants: how many variants to ask about too, >= 0.
        unlabelled: more responses without scores, to make variants of.
        send_responses_to: the host of `url`, if it is not this machine: all responses go there.
        agree: told what it will cost before the first response is sent; False stops. By default
            what it costs is said, and nobody is asked.
        price: money for a million tokens read, and for a million written.
        parallel: requests at a time, >= 1; 4 by default.
        max_tokens: the most tokens of an answer, >= 1; 16 by default.
        request: more fields of each request, JSON types.
        seed: of all that is random, >= 0.
        folder: where to save labels.csv, variants.csv, and who made them.

    Raises:
        InputError: an argument is wrong, the host was not named, or the server refuses.
        KdEdgeError: it does not answer, or `agree` did not.

    Example:
        >>> labels = ask_llm(responses, "http://localhost:11434/v1", "qwen3", rubric=rubric)
    """
    question = to_item(responses, item)
    for name, value in (("url", url), ("model", model), ("prompt", prompt), ("rubric", rubric)):
        check(name, value, str)
    check("variants", variants, int)
    check("seed", seed, int)
    endpoint = parse_endpoint(url)
    refuse_unnamed(endpoint, send_responses_to)
    given = {
        "template": template,
        "per_score": examples,
        "answers": answers,
        "parallel": parallel,
        "max_tokens": max_tokens,
        "more": request,
        "price": None if price is None else Price(*price),
    }
    options = LlmOptions(
        endpoint,
        model,
        prompt,
        rubric,
        seed=seed,
        key=api_key(None, endpoint, os.environ),
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    place = Workplace(folder)
    output, variants_output = place.path / "labels.csv", place.path / "variants.csv"
    texts: list[str] = []
    if variants:
        more = unlabelled_texts(unlabelled, question.part_of or question.item_id, question.rows)
        texts = texts_to_label(list(variant_rows(question, seed)), more, variants, seed)
    label_with_llm(
        question, options, output, agree or _said, texts, variants_output if variants else None
    )
    classes = question.scale.classes
    labelled = read_variants(variants_output, classes) if variants else None
    return place.keep_for(Labels(read_labels(output, classes), labelled))


def _said(cost: Estimate) -> bool:
    say(str(cost))
    return True
