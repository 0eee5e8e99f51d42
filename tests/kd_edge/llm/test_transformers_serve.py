"""With a real server: `transformers serve` and a tiny model of random weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kd_edge import ask_llm, read_responses
from kd_edge.soft_labels.labels import read_labels
from kd_edge.soft_labels.origin import read_origin
from kd_edge.students import store
from tiny_llm import tiny_llm, transformers_serve
from workshop import item_of, write_table

for package in ("fastapi", "uvicorn", "openai"):
    pytest.importorskip(package, reason="transformers[serving] is not installed")

pytestmark = pytest.mark.slow

ITEM = item_of(24)
UNSCORED = replace(ITEM, rows=tuple(replace(row, score=None) for row in ITEM.rows))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_llm(tmp_path_factory.mktemp("llm") / "tiny-llama")


@pytest.fixture(scope="module")
def url(model, tmp_path_factory):
    with transformers_serve(model, tmp_path_factory.mktemp("server") / "log") as url:
        yield url


def test_from_unscored_responses_to_scores(command, url, model, tmp_path):
    """Labels from counted answers, and a student of them: it gives no log-probabilities."""
    table = write_table(tmp_path / "responses.csv", [UNSCORED])
    labels = tmp_path / "labels.csv"
    given = ("label", table, "--llm", url, "--model", model, "--score-range", "0-2", "--yes")
    said = command(*given, "--answers", "3", "--max-tokens", "1", "-o", labels)
    assert said.code == 0, said.err
    assert "3 answers for each response" in said.err
    shares = read_labels(labels, ("0", "1", "2")).probabilities
    steps = (shares * 4 - 1 / 3).round(3)  # (c + 1/3) / (n + 1), n mostly 3
    assert np.isin(steps[(shares.max(1) > 0.8)], [0, 3]).all()
    origin = read_origin(labels)
    assert (origin.model, origin.server_model) == ("tiny-llama", "tiny-llama")
    assert origin.tokens_in > 72 * 100
    first = labels.read_bytes()
    assert (
        "72 answers are known"
        in command(*given, "--answers", "3", "--max-tokens", "1", "-o", labels).err
    )
    assert labels.read_bytes() == first
    small = ("--ngrams", 40, "--dimensions", 3, "--student-epochs", 2)
    said = command(
        "distill", table, "--labels", labels, "--labels-only", "-o", tmp_path / "out", *small
    )
    assert said.code == 0, said.err
    student = store.load(tmp_path / "out/student")
    assert student.provenance["labels_by"]["model"] == "tiny-llama"


def test_examples_in_turns_of_a_chat(command, url, model, tmp_path):
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", table, "--llm", url, "--model", model, "--yes", "--answers", "1")
    said = command(*given, "--max-tokens", "1", "--parallel", "2", "-o", tmp_path / "labels.csv")
    assert said.code == 0, said.err
    assert "Scored responses shown to the model: 6." in said.err


def test_another_model_than_there_is(command, url, tmp_path):
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", table, "--llm", url, "--model", "/no/such-model", "--yes")
    message = command.fails(*given, "-o", tmp_path / "labels.csv")
    assert not (tmp_path / "labels.csv").exists()
    assert "HTTP" in message or "did not answer" in message


def test_in_python_with_a_template(url, model, tmp_path):
    table = write_table(tmp_path / "responses.csv", [UNSCORED])
    responses = read_responses(table, scored=False, score_range=(0, 2))
    labels = ask_llm(responses, url, str(model), answers=1, max_tokens=1,
                     template="Scores: {scores}. Say {symbols}.")  # fmt: skip
    assert labels.soft.probabilities.shape == (24, 3)
