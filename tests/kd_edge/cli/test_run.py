"""`kd-edge run`: the whole way in one command."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kd_edge.cli.prompts import prompts_by_item
from kd_edge.data.responses import Responses, Scale
from kd_edge.distillation.train import Training
from kd_edge.evaluation.agreement import scorer_name
from kd_edge.runs.verdict import EXIT_CODE
from kd_edge.training.doubts import FEW, WEAKNESSES, not_helped
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from workshop import CANARY, item_of, with_canary, write_table

TINY = ("--teacher-epochs", 1, "--student-epochs", 1, "--variants", 20, "--precision", "fp32",
        "--ngrams", 60, "--dimensions", 3)  # fmt: skip

# The bundle is made; of one epoch, the small model may be no better than a guess.
MADE = (0, EXIT_CODE)


@pytest.fixture(scope="module")
def responses(tmp_path_factory):
    item = with_canary(item_of(40))
    return write_table(tmp_path_factory.mktemp("given") / "responses.csv", [item])


@pytest.fixture(scope="module")
def finished(responses, tiny_model, tmp_path_factory):
    """A finished run by the real command, in a process of its own."""
    out = tmp_path_factory.mktemp("finished") / "out"
    arguments = ["run", responses, "-o", out, "--model", tiny_model, *TINY]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("kd-edge")), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return out, done


@pytest.fixture
def out(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "out")
    return tmp_path / "out"


def test_the_real_command(finished):
    out, done = finished
    assert done.returncode in MADE, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert {path.name for path in out.iterdir()} == {"bundle.kdz", "report.json", "item-tiny"}
    with Scorer.open(out / "bundle.kdz") as scorer:
        assert scorer.score("the ice").predicted in ("0", "1", "2")


def test_results_on_stdout_and_progress_on_stderr(finished):
    out, done = finished
    assert "fine-tuning the large model" not in done.stdout
    assert "training the small model" in done.stderr
    assert "40 responses to 1 item" in done.stderr
    assert "score range 0-2 taken from the data" in done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    assert not any(line.endswith(" ") for line in lines)
    assert " ".join(lines[:2]) == (
        "Item 'tiny': agreement with people's scores on 9 responses (20% of the rows, chosen at "
        "random)"
    )
    assert lines[-1] == f"Bundle: {out / 'bundle.kdz'}"
    assert "QWK" not in done.stderr.split("distilling")[0].split("epoch")[0]


def test_the_table_is_the_report(finished):
    out, done = finished
    report = json.loads((out / "report.json").read_text())
    for line in report["items"][0]["lines"]:
        shown = next(one for one in done.stdout.splitlines() if one.strip().startswith(
            f"{scorer_name(line['name'])}  "))  # fmt: skip
        cells = re.split(r"\s{2,}", shown.strip())
        figures = line["agreement"]
        assert cells[1:5] == [
            f"{figures[name]:.3f}" for name in ("qwk", "accuracy", "adjacent", "macro_f1")
        ]
        assert len(cells) == (7 if line["parameters"] else 5)
    assert f"bundle {report['items'][0]['sizes']['bundle_bytes']:,} bytes" in " ".join(
        done.stdout.split()
    )


def test_a_model_that_is_no_better_than_a_guess_is_said_aloud(finished):
    out, done = finished
    lines = {line["name"]: line["agreement"] for line in
             json.loads((out / "report.json").read_text())["items"][0]["lines"]}  # fmt: skip
    better = lines["student"]["accuracy"] > lines["majority class"]["accuracy"]
    assert (done.returncode == EXIT_CODE) == ("WARNING: " in done.stderr)
    assert better or "no better than always giving the most frequent score" in done.stderr
    warnings = json.loads((out / "report.json").read_text())["warnings"]
    kinds = [one["kind"] for one in warnings]
    assert kinds[0] == FEW
    assert bool({*kinds} & {*WEAKNESSES}) == (done.returncode == EXIT_CODE)
    assert all(f"item 'tiny': {one['message']}." in done.stderr for one in warnings)


def test_a_weak_small_model_can_be_accepted(command, responses, tiny_model, out, monkeypatch):
    weak = not_helped("tiny", "QWK", 0.4, 0.5)
    monkeypatch.setattr("kd_edge.runs.run.shortfalls", lambda *_: [weak])
    given = ("run", responses, "-o", out, "--model", tiny_model, *TINY)
    for more, code in (((), EXIT_CODE), (("--accept-weak",), 0)):
        said = command(*given, *more)
        assert said.code == code
        assert f"WARNING: {weak}." in said.err
    assert weak.message in (out / "report.json").read_text()


def test_again_with_json(command, responses, tiny_model, out):
    said = command("run", responses, "-o", out, "--model", tiny_model, *TINY, "--json")
    assert said.code in MADE, said.err
    report = json.loads(said.out)
    assert report == json.loads((out / "report.json").read_text())
    assert report["items"][0]["ran"] == []
    assert said.err.count("unchanged, kept") == 5


def test_stopped_and_started_again(command, responses, tiny_model, tmp_path, monkeypatch, finished):
    given = ("run", responses, "-o", tmp_path / "out", "--model", tiny_model, *TINY)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_leg", stop)
        said = command(*given)
    assert (said.code, said.out) == (130, "")
    assert "Start the same command again" in said.err
    assert not (tmp_path / "out" / "bundle.kdz").exists()
    assert command(*given).code in MADE
    reports = [json.loads((folder / "report.json").read_text())["items"][0]
               for folder in (tmp_path / "out", finished[0])]  # fmt: skip
    assert reports[0].pop("ran") == ["student", "test-labels"]
    reports[1].pop("ran")
    for report in reports:  # the dates in the bundles' manifests and their compression aside
        report["sizes"].pop("bundle_bytes")
    assert reports[0] == reports[1]


def test_limits_that_make_no_sense(command, responses, tmp_path):
    given = ("run", responses, "-o", tmp_path / "out", "--max-size", "16KB")
    assert "one small model, which has one size" in command.fails(*given, "--together")
    assert "students of kind rnn have one size" in command.fails(*given, "--student", "rnn")
    bag = ("--student", "bag", "--second-share", "0.2")
    assert "--second-share is for two models" in command.fails(*given, *bag)
    assert not (tmp_path / "out").exists()


def _test_table(folder, rows=9, name="tiny", scale=None, columns=None):
    folder = folder / f"{name}-{scale}-{columns}"
    folder.mkdir()
    item = item_of(rows, name, seed=9, scale=scale)
    renamed = tuple(replace(row, response_id=f"t{row.response_id}") for row in item.rows)
    path = write_table(folder / "test.csv", [replace(item, rows=renamed)])
    if columns:
        lines = [line.split(",") for line in path.read_text().splitlines()]
        keep = [lines[0].index(name) for name in columns]
        path.write_text("\n".join(",".join(line[at] for at in keep) for line in lines) + "\n")
    return path


def test_a_test_file_of_text_and_score_alone(command, tiny_model, tmp_path):
    """Neither file says which item it is of, or names its responses."""
    train = write_table(tmp_path / "train.csv", [item_of(40)])
    lines = [line.split(",") for line in train.read_text().splitlines()]
    train.write_text("\n".join(",".join(line[2:]) for line in lines) + "\n")
    test = _test_table(tmp_path, columns=("text", "score"))
    out = tmp_path / "out"
    said = command("run", train, "--test", test, "-o", out, "--model", tiny_model, *TINY, "--json")
    assert said.code in MADE, said.err
    (item,) = json.loads(said.out)["items"]
    assert (item["item_id"], item["rows"]["test"]) == ("train", 9)
    assert item["test_rows"] == "test.csv"


def test_several_items_and_one_by_name(command, tiny_model, tmp_path):
    table = write_table(tmp_path / "r.csv", [item_of(24, "one"), item_of(24, "[/two]")])
    given = ("run", table, "-o", tmp_path / "out", "--model", tiny_model, *TINY)
    said = command(*given)
    assert said.code in MADE, said.err
    assert "Item 'one': agreement" in said.out
    assert "Item '[/two]': agreement" in said.out
    said = command(*given, "--item", "one", "--json")
    (item,) = json.loads(said.out)["items"]
    assert (item["item_id"], item["ran"]) == ("one", [])


def test_class_words(command, tiny_model, tmp_path):
    scale = Scale(("meh", "fair", "great"), numeric=False)
    table = write_table(tmp_path / "r.csv", [item_of(30, scale=scale)])
    given = ("run", table, "-o", tmp_path / "out", "--model", tiny_model, *TINY)
    said = command(*given, "--classes", "meh, fair, great", "--json")
    assert said.code in MADE, said.err
    assert json.loads(said.out)["items"][0]["lines"][0]["agreement"]["adjacent"] is None
    with Scorer.open(tmp_path / "out" / "bundle.kdz") as scorer:
        assert scorer.bundle.manifest.items[0].classes == ("meh", "fair", "great")


def test_prompts_go_into_the_golden_rows(command, responses, tiny_model, out, tmp_path):
    prompt = tmp_path / "prompt.txt"
    prompt.write_bytes("What else would you need, naïve as it may be?".encode("cp1252"))
    given = ("run", responses, "-o", out, "--model", tiny_model, *TINY, "--prompt", prompt)
    assert command(*given).code in MADE
    with Scorer.open(out / "bundle.kdz") as scorer:
        bundle = scorer.bundle
        golden = bundle.read(bundle.manifest.items[0].golden).decode("utf-8")
    assert "What else would you need, naïve as it may be?" in golden


def test_an_assessment(command, tiny_model, tmp_path):
    """Several items; prompts are found by the items' names."""
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / "one.txt").write_text("Why does one melt so soon?")
    (prompts / "two.rubric.txt").write_text("Two points for the warm room.")
    given = write_table(tmp_path / "all.csv", [item_of(30, "one"), item_of(22, "two")])
    out = tmp_path / "out"
    said = command("run", given, "-o", out, "--model", tiny_model, *TINY, "--prompt", prompts)
    assert said.code in MADE, said.err
    assert "All items" in said.out
    assert "mean" in said.out
    with Scorer.open(out / "bundle.kdz") as scorer:
        one, two = scorer.bundle.manifest.items
        assert b"Why does one melt so soon?" in scorer.bundle.read(one.golden)
        assert b"Two points for the warm room." in scorer.bundle.read(two.golden)
        assert b"Two points for the warm room." not in scorer.bundle.read(one.golden)


def test_unlabelled_responses_are_learnt_from(command, responses, tiny_model, out, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text("text\nmelting wool\n")
    given = ("run", responses, "-o", out, "--model", tiny_model, *TINY, "--unlabelled", more)
    said = command(*given, "--json")
    assert said.code in MADE, said.err
    assert json.loads(said.out)["items"][0]["ran"] == ["variants", "student"]
    assert "Item 'tiny': unscored responses used: 1." in said.err
    variants = (out / "item-tiny" / "variants.csv").read_text().splitlines()
    assert "melting wool" in variants[1]
    assert len(variants) == 1 + 1 + 20


def test_prompts_of_several_items_need_a_folder(command, tmp_path):
    given = write_table(tmp_path / "all.csv", [item_of(22, "one"), item_of(22, "two")])
    (tmp_path / "prompt.txt").write_text("Why?")
    fails = ("run", given, "-o", tmp_path / "out", "--prompt")
    assert "there are 2 items: name a folder" in command.fails(*fails, tmp_path / "prompt.txt")
    (tmp_path / "empty").mkdir()
    assert "like 'one.txt' or 'one/prompt.txt'" in command.fails(*fails, tmp_path / "empty")


def test_prompts_in_a_folder_for_each_item(tmp_path, capsys):
    """As the sample items lie."""
    for name, text in (
        ("one/prompt.txt", "first"),
        ("one/rubric.txt", "second"),
        ("one/notes.txt", "no"),
        ("one.more.txt", "before them"),
        ("two/rubric.txt", "alone"),
        ("three/prompt.txt", "of another item"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    given = Responses((item_of(22, "one"), item_of(22, "two")), "r.csv", {}, "utf-8")
    assert prompts_by_item([tmp_path], given) == {
        "one": ("before them", "first", "second"),
        "two": ("alone",),
    }
    assert capsys.readouterr().err == ""
    (tmp_path / "two" / "rubric.txt").unlink()
    assert prompts_by_item([tmp_path], given)["two"] == ()
    assert capsys.readouterr().err == "No prompt found for 'two'.\n"


# What is wrong is said at once, in words


@pytest.mark.parametrize("option", ["--prompt", "--test", "--unlabelled", "--scores"])
def test_a_missing_file_is_named_before_the_table_is_read(command, tmp_path, option):
    table = tmp_path / "table.csv"
    table.write_text("no table\n")
    given = ("run", table, "-o", tmp_path / "out", option, tmp_path / "none.csv")
    assert "none.csv: no such file" in command.fails(*given)


@pytest.fixture
def nothing_begins(monkeypatch):
    """A mistake must be found before hours of work."""
    monkeypatch.setattr("kd_edge.runs.pipeline.Pipeline.run", None)
    monkeypatch.setattr("kd_edge.runs.pipeline.finetune", None)


@pytest.mark.usefixtures("nothing_begins")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--score-range", "3-0"], "'3-0' is not a score range: write it like 0-3"),
        (["--score-range", "0:3"], "not a score range"),
        (["--score-range", "--1-3"], "not a score range"),
        (["--score-range", "²-³"], "not a score range"),
        (["--score-range", "0-1"], "outside the score range 0-1"),
        (["--score-range", "0-2", "--classes", "a,b"], "either a score range"),
        (["--classes", "one"], "two or more"),
        (["--item", "tinny"], "did you mean 'tiny'?"),
        (["--text-column", "txt"], "did you mean 'text'?"),
        (["--student", "rnn", "--ngrams", "7"], "students of kind rnn have no option ngrams"),
        (["--student", "oracle"], "'oracle' is not one of"),
        (["--temperature", "0.5"], "0.5 is not in the range"),
        (["--temperature", "nan"], "nan is not a number to work with"),
        (["--lambda", "-1"], "-1.0 is not in the range"),
        (["--lambda", "nan"], "nan is not a number to work with"),
        (["--folds", "1"], "the number of folds cannot be 1"),
        (["--folds", "2", "--teachers", "2"], "give --folds or --teachers"),
        (["--variants", "-1"], "not in the range"),
        (["--student-epochs", "0"], "not in the range"),
        (["--learning-rate", "0"], "not in the range"),
        (["--prompt", "nowhere.txt"], "nowhere.txt: no such file"),
        (["--test", "nowhere.csv"], "nowhere.csv: no such file"),
        (["--seed", "99999999999"], "out of range: seed"),
    ],
)
def test_wrong_options(command, responses, tiny_model, tmp_path, more, said):
    given = ("run", responses, "-o", tmp_path / "out", "--model", tiny_model)
    assert said in " ".join(command.fails(*given, *more).split())


@pytest.mark.usefixtures("nothing_begins")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "none.csv: no such file"),
        ("empty.csv", "", "the table is empty"),
        ("item.kdz", "PK", "item.kdz is a bundle: 'kd-edge score' scores"),
        ("r.xlsx", "PK", "r.xlsx: this is not a whole .xlsx file"),
        ("noscore.csv", f"id,text\n1,{CANARY}\n", "no column holds the scores"),
        ("notext.csv", f"id,score,words\n1,2,{CANARY}\n", "no column holds the responses"),
        ("few.csv", f"text,score\n{CANARY},1\n", "1 row, fewer than 20"),
        ("same.csv", "text,score\n" + f"{CANARY},1\n" * 25, "nothing to learn"),
        (
            "bad.csv",
            "text,score\n" + f"{CANARY},1\n" * 25 + f"a,{CANARY} is bad\n",
            "row 27",
        ),
        ("ragged.csv", "text,score\n" + f"{CANARY}, {CANARY},1\n" * 25, "3 fields"),
    ],
)
def test_wrong_responses(command, tiny_model, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    given = ("run", tmp_path / name, "-o", tmp_path / "out", "--model", tiny_model)
    assert said in command.fails(*given)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("nothing_begins")
def test_wrong_test_responses(command, responses, tiny_model, tmp_path):
    given = ("run", responses, "-o", tmp_path / "out", "--model", tiny_model, "--test")
    for table, said in (
        (responses, "have the id of a response to train on"),
        (_test_table(tmp_path, name="other"), "no item 'tiny' (there are: 'other')"),
        (_test_table(tmp_path, scale=Scale.from_range(5, 7)), "is outside the score range 0-2"),
        (_test_table(tmp_path, columns=("response_id", "text")), "no score"),
    ):
        assert said in command.fails(*given, table)


@pytest.mark.usefixtures("nothing_begins")
def test_an_output_that_cannot_be_written(command, responses, tiny_model, tmp_path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        message = command.fails("run", responses, "-o", out, "--model", tiny_model)
        assert "file" in message
    assert "Missing option '-o'" in command.fails("run", responses)


@pytest.mark.usefixtures("nothing_begins")
def test_a_prompt_that_is_no_text(command, responses, tiny_model, tmp_path):
    (tmp_path / "prompt.docx").write_bytes(b"PK\x03\x04\0\0")
    given = ("run", responses, "-o", tmp_path / "out", "--model", tiny_model)
    message = command.fails(*given, "--prompt", tmp_path / "prompt.docx")
    assert "prompt.docx: this is a zip or a spreadsheet, not text" in message


def test_a_model_that_is_not_there(command, responses, tmp_path):
    given = ("run", responses, "-o", tmp_path / "out", "--model")
    assert "./nowhere: no such folder" in command.fails(*given, "./nowhere")
    (tmp_path / "empty").mkdir()
    assert "not a model folder" in command.fails(*given, tmp_path / "empty")
    assert not (tmp_path / "out").exists()


def test_skipped_rows_are_listed_in_the_folder_of_the_run(
    command, tiny_model, tmp_path, monkeypatch
):
    def stops(*_, **__):
        raise InputError("stopped here")

    monkeypatch.setattr("kd_edge.runs.pipeline.Pipeline.run", stops)
    table = tmp_path / "school.csv"
    rows = "".join(f"r{n},{CANARY} {n},{n % 2}\n" for n in range(10))
    table.write_text(f"response_id,text,score\n{rows}r10,{CANARY},so-so\nr11,{CANARY},\n")
    given = ("run", table, "-o", tmp_path / "out", "--model", tiny_model)
    said = command.fails(*given, "--on-bad-row", "skip")
    assert "10 rows with a score and 1 without, fewer than 20" in said
    table.write_text(table.read_text().replace("r10,", rows.replace("r", "s") + "r10,"))
    said = command(*given, "--on-bad-row", "skip")
    assert "stopped here" in said.err
    assert f"2 rows skipped: see {tmp_path / 'out' / 'school.skipped.csv'}" in said.err
    listed = (tmp_path / "out" / "school.skipped.csv").read_text().splitlines()
    assert listed[0] == "row,response_id,reason"
    assert listed[1].startswith("22,r10,column 'score': 'so-so' is not a number")
    assert listed[2] == "23,r11,no score"
