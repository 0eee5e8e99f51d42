"""A student without one person's score, and what is said of it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from kd_edge.evaluation.review import LABELS_ONLY, review_of
from kd_edge.soft_labels.labels import SoftLabels, label_classes, write_labels
from kd_edge.soft_labels.origin import ORIGIN, Origin, write_origin
from kd_edge.soft_labels.unscored import split_unscored
from kd_edge.stages.record import hash_file
from kd_edge.students import store
from workshop import CANARY, certain, item_of, with_canary, write_table

CLASSES = ("0", "1", "2")
ITEM = with_canary(item_of(90))
LABELS = certain(ITEM.rows, 3)
SMALL = ("--ngrams", 60, "--dimensions", 3, "--student-epochs", 40)
UNKNOWN = "How well it agrees with people is unknown"


def only_scored(count):
    """The item, of which people scored the first rows."""
    rows = [replace(row, score=None) for row in ITEM.rows[count:]]
    return replace(ITEM, rows=(*ITEM.rows[:count], *rows))


def write(folder, item, examples=None):
    table = write_table(folder / "responses.csv", [item])
    labels = folder / "labels.csv"
    ids, shares = zip(*LABELS.items(), strict=True)
    write_labels(labels, SoftLabels(ids, (-1,) * len(ids), np.stack(shares), CLASSES))
    if examples is not None:
        origin = Origin(
            "qwen3", "qwen3:8b", "gpu:8000", "logprobs", 1, 0.0, 0, "{question}", "a", "b",
            examples, CLASSES, CLASSES, "2026-01-02T03:04:05+00:00", 90, 9000, 90, (),
            hash_file(labels),
        )  # fmt: skip
        write_origin(labels, origin)
    return "distill", table, "--labels", labels, "--labels-only", "-o", folder / "out", *SMALL


def card_of(command, folder, *more):
    said = command("export", folder / "out/student", "-o", folder / "item.kdz", *more)
    assert said.code == 0, said.err
    with zipfile.ZipFile(folder / "item.kdz") as bundle:
        return bundle.read("card.md").decode()


def test_not_one_score(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = command(*write(Path(), only_scored(0), ()))
    assert said.code == 0, said.err
    flat = " ".join(said.out.split())
    assert UNKNOWN in flat
    assert "'qwen3:8b', which nobody trained for this item: it was shown no person's score" in flat
    assert "people's scores" not in flat
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["student"]
    student = store.load(tmp_path / "out/student")
    assert student.scale.classes == CLASSES
    about = student.provenance
    assert (about["rows"], about["variants"]) == (0, 0)
    assert about[LABELS_ONLY]["people"] is None
    assert about["validation"]["accuracy"] > 0.6, "it learns what the labels say"
    assert set(student.held_out) == {
        row.response_id for row in split_unscored(only_scored(0), 0)[1]
    }
    assert student.flags.longest, "unusual responses are told by those that it learnt from"
    assert "the large model's scores" in str(review_of(about))


def test_the_card_and_inspect_say_so(command, tmp_path):
    command(*write(tmp_path, only_scored(0), ()))
    card = card_of(command, tmp_path, "--responses", tmp_path / "responses.csv")
    assert UNKNOWN in card
    assert "trained on no person's scores, on those of a large language model" in card
    assert "scored by people" not in card
    assert "equal people's scores" not in card
    assert "the language model 'qwen3:8b'" in card
    assert "gpu" not in card
    said = command("inspect", tmp_path / "item.kdz")
    assert "people_scores: none; agreement with people is unknown" in said.out
    assert CANARY not in card


def test_some_scores_are_measured_on_alone(command, tmp_path):
    """As many as there are; those that the language model was shown are left out."""
    examples = tuple(row.response_id for row in ITEM.rows[:4])
    said = command(*write(tmp_path, only_scored(24), examples), "--json")
    assert said.code == 0, said.err
    figures = json.loads(said.out)["student"][LABELS_ONLY]
    assert figures["people"]["responses"] == 20
    assert 0.5 < figures["people"]["accuracy"] <= 1
    assert figures["responses"] + figures["held_out"] == 66
    card = card_of(command, tmp_path)
    assert "Of 20 other responses that people scored" in card
    assert "shown 4 responses with people's scores" in card
    assert UNKNOWN not in card


def test_people_change_nothing_in_it(command, tmp_path):
    weights = []
    for turn, worse in enumerate((0, 1)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        item = only_scored(24)
        scored = [replace(row, score=(row.score + worse) % 3) for row in item.rows[:24]]
        given = write(folder, replace(item, rows=(*scored, *item.rows[24:])))
        assert command(*given).code == 0
        weights.append((folder / "out/student/weights.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_where_every_row_has_a_score(command, tmp_path):
    rows = [replace(row, split="test" if at < 20 else "train") for at, row in enumerate(ITEM.rows)]
    given = write(tmp_path, replace(ITEM, rows=tuple(rows)))
    write_table(tmp_path / "responses.csv", [replace(ITEM, rows=tuple(rows))], ["split"])
    assert command(*given).code == 0
    about = store.load(tmp_path / "out/student").provenance[LABELS_ONLY]
    assert about["people"]["responses"] == 20


def test_what_cannot_be(command, tmp_path):
    given = write(tmp_path, only_scored(0))
    assert "--max-size" in command.fails(*given, "--max-size", "16KB")
    assert "one student" in command.fails(*given, "--student", "both")
    few = write(tmp_path, replace(only_scored(0), rows=only_scored(0).rows[:12]))
    assert "12 responses have a label, fewer than 20" in command.fails(*few)


def test_no_scores_without_labels_only(command, tmp_path):
    given = [word for word in write(tmp_path, only_scored(0)) if word != "--labels-only"]
    assert command(*given).code == 2


def test_its_bundle_takes_no_second_student(command, tmp_path):
    command(*write(tmp_path, only_scored(0)))
    given = ("export", tmp_path / "out/student", "-o", tmp_path / "item.kdz")
    more = ("--responses", tmp_path / "responses.csv")
    message = command.fails(*given, *more, "--second", tmp_path / "out/student")
    assert "learnt from labels alone" in message
    assert "people's scores" in command.fails(*given, *more, "--max-size", "9KB")


def test_labelled_by_a_language_model_and_scored_by_people(command, tmp_path):
    """The usual distillation; the card says who made the labels, and a wrong seed is noticed."""
    held = [row.response_id for row in ITEM.rows]
    given = [word for word in write(tmp_path, ITEM, tuple(held)) if word != "--labels-only"]
    said = command(*given)
    assert said.code == 0, said.err
    assert "was shown the scores of" in said.err
    assert store.load(tmp_path / "out/student").provenance[ORIGIN]["model"] == "qwen3"
    assert ORIGIN not in store.load(tmp_path / "out/baseline").provenance
    assert "the language model 'qwen3:8b'" in card_of(command, tmp_path)


def test_classes_of_labels(tmp_path):
    (tmp_path / "l.csv").write_text("response_id,fold,p_not yet,p_right, half\nr,-1,1,0,0\n")
    assert label_classes(tmp_path / "l.csv") == ("not yet", "right")
