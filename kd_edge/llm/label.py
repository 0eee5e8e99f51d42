"""Soft labels of an item's responses from a language model behind an API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Row
from kd_edge.llm.asking import Questions, ask, unanswered
from kd_edge.llm.client import Client
from kd_edge.llm.cost import Estimate, estimate
from kd_edge.llm.dialect import Settings
from kd_edge.llm.journal import Journal, Reply, journal_path
from kd_edge.llm.options import USUAL_ANSWERS, LlmOptions
from kd_edge.llm.pace import Pace
from kd_edge.llm.probabilities import from_answers
from kd_edge.llm.probe import Probed, probe
from kd_edge.llm.prompt import Prompt, choose_examples
from kd_edge.soft_labels.label_rows import labelled_rows
from kd_edge.soft_labels.labels import (
    Probabilities,
    SoftLabels,
    probability_cells,
    write_labels,
    write_probabilities,
)
from kd_edge.soft_labels.origin import ANSWERS, LOGPROBS, Origin, write_origin
from kd_edge.soft_labels.table import IN_SAMPLE
from kd_edge.stages.record import hash_file
from kd_edge.teacher.held_out import learning_rows
from kd_edge_runtime.errors import InputError, KdEdgeError, printable

_MOST_UNANSWERED = 0.1  # of the responses, before labels are none


class DeclinedError(KdEdgeError):
    """The user does not want to ask for that much."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """What was written.

    Attributes:
        labels: of the responses.
        variants: number of labelled variants.
        origin: the record beside the labels.
    """

    labels: SoftLabels
    variants: int
    origin: Origin


def label_with_llm(
    item: Item,
    options: LlmOptions,
    output: Path,
    agree: Callable[[Estimate], bool],
    variants: Sequence[str] = (),
    variants_output: Path | None = None,
) -> Labelled:
    """Ask a language model for the score of each response, and of variants; write soft labels.

    Every answer is kept in a journal beside `output` at once: the same call after an interruption
    asks for the others only, and so does one for a table with more rows.

    Args:
        item: the item; its test rows are left out, rows without a score are labelled too.
        options: the model, and how it is asked.
        output: the CSV file of labels to write; a record of who made them lies beside it.
        agree: asked once what it will cost, before the first response is sent.
        variants: texts to label as variants.
        variants_output: the CSV file to write them to.

    Raises:
        InputError: the item has no scores to choose from, the server refuses, or the model gives
            too many responses no score.
        ServerError: the server does not answer.
        DeclinedError: `agree` did not.
        StoppedError: the user pressed Ctrl-C; the same call resumes.
    """
    rows, prompt = labelled_rows(item), _prompt(item, options)
    texts = [*(row.text for row in rows), *variants]
    pace = Pace(options.per_minute)
    settings = Settings(options.model, options.max_tokens, options.more)
    with (
        Journal(journal_path(output), len(prompt.classes)) as journal,
        Client(options.endpoint, options.key, pace, options.timeout_s) as client,
    ):
        probed = probe(client, prompt, settings, options.seed)
        questions = _questions(prompt, settings, probed, options)
        requests = unanswered(questions, texts, journal.replies)
        _say_what_is_known(journal, questions, texts, requests)
        if requests:
            if not agree(estimate(requests, probed, options.max_tokens, options.price)):
                raise DeclinedError("Nothing was sent.")
            about = f"asking {printable(options.model)}"
            refused = ask(client, pace, questions, requests, journal, options.parallel, about)
            if refused:
                say(f"The server refused {refused:,} of the requests because of their response.")
        replies = [_replies(questions, text, journal.replies) for text in texts]
    shares = np.stack([_shares(own, len(prompt.classes)) for own in replies])
    without = tuple(
        row.response_id for row, own in zip(rows, replies, strict=False) if not _scored(own)
    )
    _refuse_many(without, rows, journal.path)
    labels = SoftLabels(
        tuple(row.response_id for row in rows),
        (IN_SAMPLE,) * len(rows),
        shares[: len(rows)],
        prompt.classes,
    )
    write_labels(output, labels)
    if variants_output is not None:
        _write_variants(variants_output, variants, shares[len(rows) :], prompt.classes)
    origin = _origin(options, questions, replies, without, output)
    write_origin(output, origin)
    return Labelled(labels, len(variants), origin)


def _prompt(item: Item, options: LlmOptions) -> Prompt:
    classes = item.scale.classes
    if len(classes) < 2:
        raise InputError(
            f"item '{item.item_id}': nothing says which scores there are: name them, like "
            "--score-range 0-3 or --classes wrong,partly,right"
        )
    rows = learning_rows(item, None, options.seed)[0] if item.learning else ()
    examples, spare = choose_examples(rows, len(classes), options.per_score, options.seed)
    question = options.question or item.prompt or ""
    prompt = Prompt(classes, question, options.rubric, examples, spare, options.template)
    assert prompt.symbols  # refuses a scale of too many scores before anything is sent
    return prompt


def _questions(
    prompt: Prompt, settings: Settings, probed: Probed, options: LlmOptions
) -> Questions:
    """Log-probabilities once at temperature 0; or several answers at temperature 1."""
    dialect = probed.dialect
    if dialect.top and options.answers is None:
        return Questions(prompt, settings, dialect, 1, 0.0, options.seed)
    answers = options.answers or USUAL_ANSWERS
    counted = type(dialect)(dialect.call, 0, dialect.limit)
    return Questions(prompt, settings, counted, answers, 1.0, options.seed)


def _say_what_is_known(
    journal: Journal,
    questions: Questions,
    texts: Sequence[str],
    requests: Mapping[str, dict[str, Any]],
) -> None:
    how = (
        "log-probabilities of the scores"
        if questions.dialect.top
        else f"{questions.answers} answers for each response"
    )
    say(f"The server answers; labels are made from {how}.")
    shown = len(questions.prompt.examples)
    say(f"Scored responses shown to the model: {shown}.")
    if journal.wrong:
        say(f"{journal.path}: {journal.wrong} damaged lines are passed over.")
    known = len(unanswered(questions, texts, {})) - len(requests)
    if known:
        say(f"{known:,} answers are known from an earlier start, {len(requests):,} are to come.")


def _replies(questions: Questions, text: str, known: Mapping[str, Reply]) -> list[Reply]:
    return [known[key] for key in questions.requests(text) if key in known]


def _scored(replies: Sequence[Reply]) -> bool:
    return any(reply.score is not None for reply in replies)


def _shares(replies: Sequence[Reply], classes: int) -> Probabilities:
    """A response's probabilities; even where there is no usable answer. [K]."""
    if len(replies) == 1 and replies[0].probabilities is not None:
        return np.array(replies[0].probabilities)
    return from_answers([reply.score for reply in replies], classes)


def _refuse_many(without: Sequence[str], rows: Sequence[Row], journal: Path) -> None:
    if not without:
        return
    listed = ", ".join(map(printable, without[:5])) + (", …" if len(without) > 5 else "")
    if len(without) > _MOST_UNANSWERED * len(rows):
        raise InputError(
            f"the model gave {len(without):,} of {len(rows):,} responses no score ({listed}): too "
            f"many for labels. The other answers are kept in {journal}"
        )
    say(
        f"{len(without):,} responses got no usable answer ({listed}): every score is as likely in "
        "their labels."
    )


def _write_variants(
    path: Path, texts: Sequence[str], shares: Probabilities, classes: Sequence[str]
) -> None:
    keys = ((f"v{at:06d}", text) for at, text in enumerate(texts))
    cells = [probability_cells(row) for row in shares]
    write_probabilities(path, ("variant_id", "text"), keys, classes, cells)


def _origin(
    options: LlmOptions,
    questions: Questions,
    replies: Sequence[Sequence[Reply]],
    without: tuple[str, ...],
    output: Path,
) -> Origin:
    used = [reply for own in replies for reply in own]
    prompt = questions.prompt
    named = next((reply.model for reply in reversed(used) if reply.model), "")
    shown = (*prompt.examples, *(prompt.spare if prompt.examples else ()))
    return Origin(
        model=_last_part(options.model),
        server_model=_last_part(named),
        host=options.endpoint.authority,
        method=LOGPROBS if questions.dialect.top else ANSWERS,
        answers=questions.answers,
        temperature=questions.temperature,
        seed=questions.seed,
        template=prompt.template,
        prompt_sha256=_hash(prompt.question),
        rubric_sha256=_hash(prompt.rubric),
        examples=tuple(row.response_id for row in shown),
        classes=prompt.classes,
        symbols=prompt.symbols,
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        requests=len(used),
        tokens_in=sum(reply.tokens_in or 0 for reply in used),
        tokens_out=sum(reply.tokens_out or 0 for reply in used),
        unanswered=without,
        labels_sha256=hash_file(output),
    )


def _last_part(name: str) -> str:
    """A model's name; where a server calls it by a path, the file's name."""
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(name).is_absolute():
            return printable(kind(name).name)
    return printable(name)


def _hash(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()
