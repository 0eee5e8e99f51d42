"""The options of `kd-edge label --llm`, and labelling with them."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import OptionGroup, options
from kd_edge.cli.options import COUNT, FILE, refuse_missing, refuse_overwriting
from kd_edge.cli.prompts import read_prompts
from kd_edge.cli.reading import read, read_unlabelled
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.llm.cost import Estimate, Price
    from kd_edge.llm.options import LlmOptions

_PRICE = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)/(\d{1,7}(?:\.\d{1,6})?)")
_option = OptionGroup.LLM.option


def _price(text: str) -> tuple[float, float]:
    match = _PRICE.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(
            f"'{text}' is no price: write those of a million tokens each, like 0.15/0.60"
        )
    return float(match[1]), float(match[2])


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
        json.dumps(fields, allow_nan=False)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise click.BadParameter(
            """these are no JSON fields: write them like '{"reasoning_effort": "none"}'"""
        )
    own = {"model", "messages", "prompt", "stream", "n", "logprobs", "top_logprobs"}
    if taken := sorted(own & fields.keys()):
        raise click.BadParameter(f"'{taken[0]}' is set by kd-edge itself")
    return fields


llm_options = options(
    _option(
        "--llm",
        metavar="URL",
        help="Ask a language model that was never fine-tuned, behind an API that speaks OpenAI's "
        "protocol (Ollama, vLLM, llama.cpp, 'transformers serve' …), in place of a TEACHER.",
    ),
    _option(
        "--model",
        metavar="NAME",
        help="The model's name there. Without --llm: the teacher's language model, if it moved: "
        "to start from with --folds, or which a TEACHER that is an adapter (LoRA) needs.",
    ),
    _option("--prompt", type=FILE, help="Text file with the item's question."),
    _option("--rubric", type=FILE, help="Text file that says how it is scored."),
    _option(
        "--template",
        type=FILE,
        help="Text file with what is said before the responses, with the places {question}, "
        "{rubric}, {scores} and {symbols} (what the model is to answer).  [default: our own]",
    ),
    _option(
        "--examples",
        type=click.IntRange(0, 20),
        metavar="N",
        help="Scored responses of each score to show the model, never held-out or test ones.  "
        "[default: 2]",
    ),
    _option(
        "--answers",
        type=click.IntRange(1, 100),
        help="Ask about each response so many times, and count the scores.  [default: once, and "
        "its log-probabilities, where the server gives them; else 5]",
    ),
    _option(
        "--send-responses-to",
        metavar="HOST",
        help="Allow a server that is not this machine: the host of --llm, and no other. All "
        "responses are sent there.",
    ),
    _option(
        "--api-key-file",
        type=FILE,
        help="File with the API key.  [default: $KD_EDGE_API_KEY; for api.openai.com "
        "$OPENAI_API_KEY]",
    ),
    _option("--yes", is_flag=True, default=None, help="Do not ask after saying what it will cost."),
    _option(
        "--price",
        type=_price,
        metavar="IN/OUT",
        help="What a million tokens read and written cost, like 0.15/0.60, to say what it costs.",
    ),
    _option("--parallel", type=click.IntRange(1, 256), help="Requests at a time.  [default: 4]"),
    _option(
        "--requests-per-minute",
        type=click.FloatRange(min=0, min_open=True),
        help="The most requests a minute.  [default: no limit but the server's own]",
    ),
    _option("--max-tokens", type=COUNT, help="The most tokens of an answer.  [default: 16]"),
    _option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True, max=86400),
        help="Seconds to wait for an answer before it is asked for again.  [default: 120]",
    ),
    _option(
        "--request",
        type=_fields,
        metavar="JSON",
        help="""More fields of each request, like '{"reasoning_effort": "none"}'.""",
    ),
)
"""Adds the options of a language model behind an API; all are None where they are not given."""

_NAMES = {
    "llm": "--llm",
    "prompt": "--prompt",
    "rubric": "--rubric",
    "template": "--template",
    "examples": "--examples",
    "answers": "--answers",
    "send_responses_to": "--send-responses-to",
    "api_key_file": "--api-key-file",
    "yes": "--yes",
    "price": "--price",
    "parallel": "--parallel",
    "requests_per_minute": "--requests-per-minute",
    "max_tokens": "--max-tokens",
    "timeout": "--timeout",
    "request": "--request",
}


def refuse_without_llm(values: dict[str, Any]) -> None:
    """Refuse options of `llm_options` where there is no --llm.

    Raises:
        UsageError: one was given.
    """
    for name, option in _NAMES.items():
        if values[name] is not None:
            raise click.UsageError(f"{option} needs --llm URL, a language model behind an API")


def label_by_llm(
    responses: Path,
    output: Path,
    variants_output: Path | None,
    count: int | None,
    unlabelled: Path | None,
    seed: int,
    values: dict[str, Any],
) -> None:
    """Label responses as `kd-edge label --llm` does; the values are those of its other options.

    Raises:
        InputError: an option or the table is wrong, or the server refuses.
        KdEdgeError: it does not answer, or the user does not want to pay for it.
    """
    if not (values["model"] or "").strip():
        raise click.UsageError("--llm needs --model NAME, the model's name on that server")
    if variants_output is not None and count is None:
        raise click.UsageError(
            "with --llm, --variants needs --count N: each variant is asked about"
        )
    sources = tuple(values[name] for name in ("prompt", "rubric", "template", "api_key_file"))
    refuse_missing(*sources)
    for file in filter(None, (output, variants_output)):
        for source in (*sources, unlabelled):
            refuse_overwriting(file, source)
    from kd_edge.llm.label import label_with_llm
    from kd_edge.soft_labels.augmentation import texts_to_label, unlabelled_texts
    from kd_edge.soft_labels.origin import origin_path
    from kd_edge.soft_labels.unscored import variant_rows

    # Before the table is read: a host that was not allowed is the first thing to say.
    chosen = _to_options(values, seed)
    item = read(responses, values, scored=False, folder=output.parent).item()
    name = item.part_of or item.item_id
    unscored = read_unlabelled(unlabelled, values, name, output.parent)
    variants: list[str] = []
    if variants_output is not None:
        more = unlabelled_texts(unscored, name, item.rows)
        variants = texts_to_label(list(variant_rows(item, seed)), more, count, seed)
    labelled = label_with_llm(
        item,
        chosen,
        output,
        lambda cost: _agree(cost, chosen, bool(values["yes"])),
        variants,
        variants_output,
    )
    click.echo(f"{output}: {len(labelled.labels.ids):,} soft labels")
    if variants_output is not None:
        click.echo(f"{variants_output}: {labelled.variants:,} labelled variants")
    click.echo(f"{origin_path(output)}: who made them")


def _to_options(values: dict[str, Any], seed: int) -> LlmOptions:
    from kd_edge.llm.cost import Price
    from kd_edge.llm.endpoint import api_key, parse_endpoint, refuse_unnamed
    from kd_edge.llm.options import LlmOptions

    endpoint = parse_endpoint(values["llm"])
    refuse_unnamed(endpoint, values["send_responses_to"])
    given = {
        "template": _text(values["template"]) if values["template"] is not None else None,
        "answers": values["answers"],
        "per_score": values["examples"],
        "max_tokens": values["max_tokens"],
        "more": values["request"],
        "parallel": values["parallel"],
        "per_minute": values["requests_per_minute"],
        "timeout_s": values["timeout"],
    }
    price: Price | None = None if values["price"] is None else Price(*values["price"])
    return LlmOptions(
        endpoint=endpoint,
        model=values["model"],
        question=_text(values["prompt"]),
        rubric=_text(values["rubric"]),
        price=price,
        seed=seed,
        key=api_key(values["api_key_file"], endpoint, os.environ),
        **{name: value for name, value in given.items() if value is not None},
    )


def _text(path: Path | None) -> str:
    return "" if path is None else read_prompts([path])[0]


def _agree(cost: Estimate, chosen: LlmOptions, yes: bool) -> bool:
    from kd_edge.console.progress import say

    say(str(cost))
    if not chosen.endpoint.loopback:
        clear = "" if chosen.endpoint.scheme == "https" else ", without encryption"
        say(f"The responses are sent to {chosen.endpoint.host}{clear}.")
    if yes:
        return True
    if not (sys.stdin and sys.stdin.isatty()):
        raise InputError("nobody can be asked whether to go on: add --yes")
    return click.confirm("Go on?", err=True)
