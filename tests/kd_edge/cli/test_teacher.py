"""`kd-edge teacher`: fine-tune a language model on an item."""

from __future__ import annotations

import json

import pytest

from decoders import tiny_decoder
from kd_edge.teacher import training_run
from kd_edge.teacher.card import read_card
from workshop import CANARY, item_of, with_canary, write_table

QUICK = ("--teacher-epochs", 2, "--precision", "fp32")


@pytest.fixture(scope="module")
def responses(tmp_path_factory):
    """Responses of which the first ten are marked for testing."""
    item = with_canary(item_of(40))
    path = write_table(tmp_path_factory.mktemp("given") / "responses.csv", [item])
    header, *lines = path.read_text().splitlines()
    marked = [f"{line},{'test' if at < 10 else 'train'}" for at, line in enumerate(lines)]
    path.write_text("\n".join([f"{header},split", *marked]) + "\n")
    return path


def test_a_teacher_is_made(command, responses, tiny_model, tmp_path):
    said = command("teacher", responses, "-o", tmp_path / "t", "--model", tiny_model, *QUICK)
    assert said.code == 0, said.err
    card = read_card(tmp_path / "t")
    parameters, best = said.out.splitlines()
    assert parameters.startswith(f"{tmp_path / 't'}: ")
    assert best == (
        f"  after epoch {card.best_epoch}: {card.validation} on "
        f"{len(card.validation_ids)} held-out responses"
    )
    assert "fine-tuning the teacher" in said.err
    assert not any(name < "r010" for name in card.validation_ids)


def test_json(command, responses, tiny_model, tmp_path):
    given = ("teacher", responses, "-o", tmp_path / "t", "--model", tiny_model, *QUICK, "--json")
    said = command(*given)
    assert said.code == 0, said.err
    figures = json.loads(said.out)
    card = read_card(tmp_path / "t")
    assert figures["best_epoch"] == card.best_epoch
    assert figures["validation"]["qwk"] == card.validation.qwk
    assert figures["train_rows"] + figures["validation_rows"] == 30, "test rows are left out"
    assert figures["validation_rows"] == len(card.validation_ids)
    assert figures["parameters"] > 1000
    assert str(tmp_path) not in said.out


def test_options_reach_the_teacher(command, responses, tiny_model, tmp_path):
    more = ("--learning-rate", 0.002, "--class-weights", "--seed", 3)
    command("teacher", responses, "-o", tmp_path / "t", "--model", tiny_model, *QUICK, *more)
    options = read_card(tmp_path / "t").options
    assert options["learning_rate"] == 0.002
    assert options["class_weights"] is True
    assert (options["seed"], options["epochs"], options["precision"]) == (3, 2, "fp32")


def test_stopped_it_goes_on(command, responses, tiny_model, tmp_path, monkeypatch):
    given = ("teacher", responses, "-o", tmp_path / "t", "--model", tiny_model, *QUICK)
    epoch = training_run.TrainingRun._train_epoch

    def stop_in_the_second(run, at, tracker):
        if at:
            raise KeyboardInterrupt
        return epoch(run, at, tracker)

    with monkeypatch.context() as patch:
        patch.setattr(training_run.TrainingRun, "_train_epoch", stop_in_the_second)
        said = command(*given)
    assert (said.code, said.out) == (130, "")
    assert "after epoch 1 of 2" in said.err
    said = command(*given)
    assert said.code == 0
    assert "Resuming after epoch 1." in said.err


def test_what_is_wrong(command, responses, tiny_model, tmp_path):
    given = ("-o", tmp_path / "t", "--model", tiny_model)
    assert "no such file" in command.fails("teacher", tmp_path / "none.csv", *given)
    two = write_table(tmp_path / "two.csv", [item_of(20, "one"), item_of(20, "two")])
    message = command.fails("teacher", two, *given)
    assert "holds 2 items ('one', 'two')" in message
    assert "--item" in message
    assert "./none: no such folder" in command.fails(
        "teacher", responses, "-o", tmp_path / "t", "--model", "./none"
    )
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.odt").write_text(CANARY)
    message = command.fails("teacher", responses, "-o", tmp_path / "thesis", "--model", tiny_model)
    assert "did not make" in message
    for more in (["--teacher-epochs", 0], ["--learning-rate", 0], ["--precision", "fp8"]):
        command.fails("teacher", responses, *given, *more)
    assert not (tmp_path / "t").exists()


def test_a_decoder_with_an_adapter_teaches_a_student(command, responses, tmp_path):
    model = tiny_decoder(tmp_path / "llama")
    question, rubric = tmp_path / "q.txt", tmp_path / "rubric.txt"
    question.write_text("What is missing?\n")
    rubric.write_text("A point each.\n")
    teacher, labels = tmp_path / "t", tmp_path / "labels.csv"
    of_lora = ("--lora", "--lora-rank", 3, "--lora-targets", "q_proj,v_proj", "--micro-batch", 5)
    texts = ("--prompt", question, "--rubric", rubric, "--device", "cpu")
    given = ("teacher", responses, "-o", teacher, "--model", model, *QUICK, *of_lora, *texts)
    said = command(*given, "--gradient-checkpointing")
    assert said.code == 0, said.err
    card = read_card(teacher)
    assert (card.prompt.question, card.prompt.rubric) == ("What is missing?\n", "A point each.\n")
    assert card.options["lora_targets"] == ["q_proj", "v_proj"]
    assert (card.options["micro_batch"], card.options["checkpointing"]) == (5, True)
    model = model.rename(tmp_path / "moved")
    said = command("label", teacher, responses, "-o", labels)
    assert (said.code, said.out) == (2, "")
    assert "name it with --model" in said.err
    said = command("label", teacher, responses, "-o", labels, "--model", model, "--device", "cpu")
    assert said.code == 0, said.err
    given = ("distill", responses, "--labels", labels, "--teacher", teacher, "-o", tmp_path / "out",
             "--accept-weak")  # fmt: skip
    said = command(*given, "--student-epochs", 2, "--ngrams", 50)
    assert said.code == 0, said.err
    said = command(*given, "--student", "transformer")
    assert said.code == 2
    assert "decoder-only teacher (llama)" in said.err
    assert "--student bag or rnn" in said.err


def test_what_an_encoder_does_not_read(command, responses, tiny_model, tmp_path):
    (tmp_path / "q.txt").write_text("Why?")
    given = ("teacher", responses, "-o", tmp_path / "t", "--model", tiny_model, *QUICK)
    said = command(*given, "--prompt", tmp_path / "q.txt")
    assert said.code == 2
    assert "reads the response alone" in said.err
    said = command(*given, "--rubric", tmp_path / "r.txt")
    assert said.code == 2
    assert "r.txt" in said.err
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--device", "tpu"), "'tpu' is no device"),
        (("--device", "cuda:999"), "no "),
        (("--lora-targets", "q_proj,,v_proj", "--lora"), "is no list of names"),
        (("--lora-rank", 4), "--lora-rank: only with --lora"),
        (("--4bit",), "--4bit: only with --lora"),
        (("--4bit", "--lora", "--lora-keep", "merged"), "cannot be merged"),
    ],
)
def test_options_that_cannot_be(command, responses, tiny_model, tmp_path, wrong, message):
    said = command("teacher", responses, "-o", tmp_path / "t", "--model", tiny_model, *wrong)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert not (tmp_path / "t" / "teacher.json").exists()
