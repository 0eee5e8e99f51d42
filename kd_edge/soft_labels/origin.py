"""Who made soft labels: a record beside them, by which cards and readers can say what taught."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kd_edge.files import read_json
from kd_edge.stages.record import hash_file
from kd_edge_runtime.files import atomic_write

ORIGIN = "labels_by"
"""In the provenance of a student: what `Origin.provenance` tells of its labels."""

LOGPROBS, ANSWERS = "logprobs", "answers"
_LISTS = ("examples", "classes", "symbols", "unanswered")


@dataclass(frozen=True)
class Origin:
    """A language model that was asked for scores and never fine-tuned.

    Attributes:
        model: its name as it was asked for; of a path the last part.
        server_model: its name as the server calls it; "" where it does not say.
        host: where it was asked.
        method: `LOGPROBS` of the scores' tokens, or `ANSWERS` counted.
        answers: how often each response was asked about.
        temperature: of the answers.
        seed: of the answers and of the choice of examples.
        template: what comes before a response, with places for question, rubric and scores.
        prompt_sha256: of the question's text.
        rubric_sha256: of the rubric's text.
        examples: ids of the scored responses that the model was shown.
        classes: the class names.
        symbols: what it was to answer for each class.
        date: when the last answer came, ISO 8601.
        requests: answers used, of an earlier start too.
        tokens_in: tokens read, as far as the server counts them.
        tokens_out: tokens written.
        unanswered: ids of the responses without a usable answer, whose labels are even.
        labels_sha256: of the file of labels.
    """

    model: str
    server_model: str
    host: str
    method: str
    answers: int
    temperature: float
    seed: int
    template: str
    prompt_sha256: str
    rubric_sha256: str
    examples: tuple[str, ...]
    classes: tuple[str, ...]
    symbols: tuple[str, ...]
    date: str
    requests: int
    tokens_in: int
    tokens_out: int
    unanswered: tuple[str, ...]
    labels_sha256: str

    def provenance(self) -> dict[str, Any]:
        """What a bundle may tell of it: neither the host nor anybody's id. JSON types."""
        kept = ("model", "server_model", "method", "answers", "temperature", "template", "date")
        hashes = ("prompt_sha256", "rubric_sha256", "labels_sha256")
        return {
            **{name: getattr(self, name) for name in (*kept, *hashes)},
            "examples": len(self.examples),
        }


def origin_path(labels: Path) -> Path:
    """Where the record of a file of labels lies."""
    return labels.with_name(f"{labels.name}.teacher.json")


def write_origin(labels: Path, origin: Origin) -> None:
    """Write the record beside the labels; for its owner alone, since it has responses' ids.

    Raises:
        InputError: it cannot be written.
    """
    with atomic_write(origin_path(labels), private=True) as file:
        json.dump({"kind": "llm", **asdict(origin)}, file, ensure_ascii=False, indent=2)
        file.write("\n")


def read_origin(labels: Path) -> Origin | None:
    """The record of these very labels; None where there is none, or one of others."""
    try:
        saved = read_json(origin_path(labels))
        names = [field.name for field in fields(Origin)]
        values = {name: saved[name] for name in names}
        lists = {name: tuple(map(str, values[name])) for name in _LISTS}
        origin = Origin(**{**values, **lists})
        same = saved["kind"] == "llm" and origin.labels_sha256 == hash_file(labels)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return origin if same else None


def origin_words(about: Mapping[str, Any]) -> str:
    """A sentence on what `Origin.provenance` tells, for a school."""
    model = about["server_model"] or about["model"]
    shown = about["examples"]
    how = (
        "from the probabilities of its answers"
        if about["method"] == LOGPROBS
        else f"from {about['answers']} answers for each response"
    )
    seen = (
        f"it was shown {shown} responses with people's scores"
        if shown
        else "it was shown no person's score"
    )
    return (
        f"The large model was the language model '{model}', which nobody trained for this item: "
        f"{seen}, and its scores are taken {how} ({about['date'][:10]})."
    )
