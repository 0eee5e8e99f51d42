"""Labels from a language model behind an API, in Python."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fake_llm import FakeLlm, served
from kd_edge import ask_llm, read_responses
from kd_edge.llm import client as clients
from kd_edge.llm.label import DeclinedError
from kd_edge_runtime.errors import InputError
from workshop import item_of, write_table

ITEM = item_of(24)
UNSCORED = replace(ITEM, rows=tuple(replace(row, score=None) for row in ITEM.rows))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(clients, "FIRST_WAIT_S", 0.001)
    for name in ("KD_EDGE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake():
    with served() as fake:
        yield fake


@pytest.fixture
def unscored(tmp_path):
    table = write_table(tmp_path / "unscored.csv", [UNSCORED])
    return read_responses(table, scored=False, score_range=(0, 2))


def test_labels_and_variants(fake, unscored, tmp_path, capsys):
    labels = ask_llm(unscored, fake.url, "m", rubric="A point for each.", variants=5, price=(1, 2),
                     folder=tmp_path / "out")  # fmt: skip
    likeliest = labels.soft.probabilities.argmax(1).tolist()
    assert likeliest == [row.score for row in ITEM.rows]
    assert len(labels.variants.texts) == 5
    assert labels.teacher is None
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "labels.csv", "variants.csv", "labels.csv.teacher.json"}  # fmt: skip
    assert "which costs about" in capsys.readouterr().err
    assert "A point for each." in fake.asked[-1]["messages"][0]["content"]
    asked = len(fake.asked)
    again = ask_llm(unscored, fake.url, "m", rubric="A point for each.", variants=5,
                    folder=tmp_path / "out")  # fmt: skip
    assert np.array_equal(again.soft.probabilities, labels.soft.probabilities)
    assert len(fake.asked) == asked + 1  # the neutral sentence alone


def test_nothing_is_sent_that_was_not_agreed_to(fake, unscored):
    costs = []
    with pytest.raises(DeclinedError):
        ask_llm(unscored, fake.url, "m", agree=lambda cost: bool(costs.append(cost)))
    assert costs[0].requests == 24
    assert len(fake.asked) == 1


def test_refusals(fake, unscored):
    for model in ("", " "):
        with pytest.raises(InputError, match="name is empty"):
            ask_llm(unscored, fake.url, model)
    with pytest.raises(InputError, match=r"--send-responses-to gpu\.example"):
        ask_llm(unscored, "http://gpu.example/v1", "m")
    with pytest.raises(InputError, match="no place for"):
        ask_llm(unscored, fake.url, "m", template="Score it.")
    with pytest.raises(TypeError, match="rubric"):
        ask_llm(unscored, fake.url, "m", rubric=3)
    assert not any("ice" in str(body) for body in fake.asked)


def test_counted_answers_and_a_template(unscored):
    with served(FakeLlm(logprobs=False)) as fake:
        labels = ask_llm(unscored, fake.url, "m", answers=2, template="{scores}: {symbols}",
                         max_tokens=1, parallel=2)  # fmt: skip
        assert fake.asked[-1]["messages"][0]["content"].startswith("0\n1\n2: 0, 1 or 2")
    assert labels.soft.probabilities.max() == pytest.approx((2 + 1 / 3) / 3, abs=1e-4)
