"""`kd-edge watch`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import bundles_made
import seconds_made
from bundles_made import SENTENCES
from kd_edge.bundling.held_out import ToCount, with_held_out
from kd_edge.cli.watch import ALARM_CODE
from kd_edge.data.responses import Row

# Of each as many, so that a week of all of them is as what was held out.
TEXTS = [*SENTENCES, "warm ice", "the pot melts slower in the warm room"] * 8
FOUR = (
    "1 item in 1 table, 4 comparisons (score, confidence, flag, share of unknown words): 0 alarms\n"
)


def write(path, shares, number=100, week="1"):
    rows = ["response_id,week,item_id,text,predicted,confidence,flag"]
    for at in range(number):
        predicted = "1" if at < shares * number else "0"
        rows.append(f"r{at},{week},stove,canarybird,{predicted},0.{50 + at % 40},")
    path.write_text("\n".join(rows) + "\n")
    return path


def test_it_says_what_has_changed(command, tmp_path):
    before = write(tmp_path / "before.csv", 0.5, 200)
    same, other = write(tmp_path / "w1.csv", 0.5), write(tmp_path / "w2.csv", 0.9, week="2")
    done = command("watch", same, "--reference", before)
    assert done.code == 0 and "3 comparisons (score, confidence, flag): 0 alarms" in done.out
    done = command("watch", same, other, "--reference", before)
    assert done.code == ALARM_CODE and "canary" not in done.out
    assert "w2.csv: score of 100 responses" in done.out and "'0' 50% before, 10% now" in done.out
    done = command("watch", same, other, "--reference", before, "--by", "week", "--json")
    found = json.loads(done.out)
    assert done.code == ALARM_CODE and found["alarms"] == 1 and "canary" not in done.out
    assert [one["part"] for one in found["compared"] if one["alarm"]] == ["2"]


def test_what_is_wrong_is_told(command, tmp_path):
    before = write(tmp_path / "before.csv", 0.5)
    assert "no such" in command.fails("watch", tmp_path / "gone.csv", "--reference", before)
    (tmp_path / "plain.csv").write_text("text\nx\n")
    assert "no column 'predicted'" in command.fails(
        "watch", tmp_path / "plain.csv", "--reference", before
    )
    bad = tmp_path / "bad.csv"
    bad.write_text(before.read_text().replace("0.51", "much", 1))
    assert "row 3: 'confidence'" in command.fails("watch", bad, "--reference", before)


def held_out(parts):
    """The item with its record of `TEXTS`."""
    rows = [Row(str(at), "stove", text) for at, text in enumerate(TEXTS)]
    return with_held_out([ToCount(parts, rows, 3)])[0]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("recorded") / "item.kdz"
    bundles_made.write(path, [held_out(bundles_made.item())])
    return path


def scored(command, bundle, path, texts, *options):
    """A table of responses as 'kd-edge score' writes it."""
    table = path.with_name("responses.csv")
    rows = [f'r{at},stove,"{text}"' for at, text in enumerate(texts)]
    table.write_text("\n".join(["id,item_id,text", *rows]) + "\n")
    assert command("score", bundle, table, "-o", path, "-q", *options).code == 0
    return path


def test_a_bundle_says_what_was_usual(command, bundle, tmp_path):
    same = scored(command, bundle, tmp_path / "w1.csv", TEXTS)
    done = command("watch", same, "--bundle", bundle)
    assert (done.code, done.out, done.err) == (0, FOUR, "")
    noise = [f"qx{at}zzk wvk{at} canarybird" for at in range(60)]
    other = scored(command, bundle, tmp_path / "w2.csv", noise)
    done = command("watch", same, other, "--bundle", bundle, "--json")
    found = json.loads(done.out)
    assert done.code == ALARM_CODE and "canary" not in done.out
    assert {one["part"] for one in found["compared"] if one["alarm"]} == {str(other)}
    alarms = [one["figure"] for one in found["compared"] if one["alarm"]]
    assert "unknown" in alarms
    done = command("watch", other, "--bundle", bundle)
    assert "share of unknown words of 60 responses" in done.out and "canary" not in done.out


def test_without_responses_all_but_unknown_words_is_compared(command, bundle, tmp_path):
    table = scored(command, bundle, tmp_path / "w1.csv", TEXTS)
    table.write_text(table.read_text().replace("id,item_id,text,", "id,item_id,kept,", 1))
    done = command("watch", table, "--bundle", bundle)
    assert done.out == "1 item in 1 table, 3 comparisons (score, confidence, flag): 0 alarms\n"
    assert "Unknown words are not compared" in done.err and "--text-column" in done.err
    done = command("watch", table, "--bundle", bundle, "--text-column", "kept")
    assert (done.out, done.err) == (FOUR, "")


def test_a_bundle_without_a_record(command, tmp_path):
    bundles_made.write(tmp_path / "old.kdz")
    table = scored(command, tmp_path / "old.kdz", tmp_path / "w1.csv", TEXTS[:4])
    message = command.fails("watch", table, "--bundle", tmp_path / "old.kdz")
    assert "has no record of how held-out responses were scored" in message
    assert "--reference test-scores.csv" in message


def test_two_students_and_the_first_alone(command, tmp_path):
    bundle = tmp_path / "two.kdz"
    bundles_made.write(bundle, [held_out(seconds_made.item(below=1.0))])
    both = scored(command, bundle, tmp_path / "both.csv", TEXTS)
    first = scored(command, bundle, tmp_path / "first.csv", TEXTS, "--first-only")
    assert command("watch", both, "--bundle", bundle).code == 0
    assert command("watch", first, "--bundle", bundle, "--first-only").code == 0
    assert command("watch", first, "--bundle", bundle).code == ALARM_CODE


def test_items_that_the_bundle_does_not_have(command, tmp_path):
    bundle = tmp_path / "two.kdz"
    items = [held_out(one) for one in bundles_made.two_items()]
    bundles_made.write(bundle, [items[0], replace(items[1], held_out=None)])
    table = scored(command, bundle, tmp_path / "w1.csv", TEXTS)
    done = command("watch", table, "--bundle", bundle, "--json")
    assert done.code == 0 and json.loads(done.out)["left_out"] == {}
    text = table.read_text()
    table.write_text(text.replace(",stove,", ",fork,", 3).replace(",stove,", ",spoon,", 2))
    message = command.fails("watch", table, "--bundle", bundle)
    assert "'predicted' is no score of the item in the bundle (wrong, partly, right)" in message
    table.write_text(text.replace(",stove,", ",fork,", 3))
    done = command("watch", table, "--bundle", bundle, "--json")
    assert json.loads(done.out)["left_out"] == {"fork": 3}
    assert "3 responses left out" in done.err and "'fork'" in done.err
    table.write_text(text.replace(",stove,", f",{'canarybird ' * 10},", 1))
    message = command.fails("watch", table, "--bundle", bundle)
    assert "row 2: the item is too long for a name" in message and "canary" not in message
    table.write_text(text.replace(",stove,", ",fork,"))
    assert "no item of the scores is in" in command("watch", table, "--bundle", bundle).err


def test_one_thing_to_compare_with(command, bundle, tmp_path):
    before = write(tmp_path / "before.csv", 0.5)
    assert "Give --bundle or --reference" in command("watch", before).err
    both = ("--bundle", bundle, "--reference", before)
    assert "not both" in command("watch", before, *both).err
    message = command.fails("watch", before, "--reference", before, "--first-only")
    assert "--first-only is for --bundle" in message


def test_odd_tables(command, tmp_path):
    before = write(tmp_path / "before.csv", 0.5)
    lines = before.read_text().splitlines()

    def fails(text, *options):
        (tmp_path / "odd.csv").write_text(text)
        return command.fails("watch", tmp_path / "odd.csv", "--reference", before, *options)

    assert "empty" in fails("")
    assert "there is nothing to compare" in fails(lines[0] + "\n")
    message = fails("a,b\n1,2\n", "--by", "week")
    assert "'predicted'" in message and "'flag'" in message and "'week' (--by)" in message
    message = fails("Q1 predicted,Q1 confidence,Q1 flag\n1,0.5,\n")
    assert "--prefix 'Q1 ' --item Q1" in message
    blank = "\n".join([lines[0], lines[1].replace(",1,", ",,", 1), lines[2]])
    assert "row 2: 'week' is blank" in fails(blank, "--by", "week")
    assert "row 3: 'flag' is no flag" in fails("\n".join([*lines[:2], lines[2] + "My dog"]))
    long = "\n".join([lines[0].replace("text", "kept"), lines[1].replace("bird", "bird " * 30)])
    assert "'kept' is too long" in fails(long, "--by", "kept")
    assert "several columns are called 'predicted'" in fails(
        "\n".join([lines[0].replace("text", "predicted"), *lines[1:]])
    )
    assert "without an item (--item names it)" in fails(
        "\n".join([lines[0].replace("item_id", "other"), *lines[1:]])
    )
    twice = command.fails("watch", before, before, "--reference", before)
    assert "is given twice" in twice
    (tmp_path / "one.csv").write_text("\n".join(lines[:2]) + "\n")
    done = command("watch", tmp_path / "one.csv", "--reference", before)
    assert done.out.endswith("flag), 3 of them with too few responses: 0 alarms\n")
    assert "no response to compare with" in command.fails(
        "watch", before, "--reference", _header_alone(tmp_path, lines)
    )


def _header_alone(folder, lines):
    path = folder / "header.csv"
    path.write_text(lines[0] + "\n")
    return path


@pytest.mark.parametrize("option", ["--by", "--item-column"])
def test_a_wrong_column_is_not_quoted(command, tmp_path, option):
    header, *lines = write(tmp_path / "before.csv", 0.5, 60).read_text().splitlines()

    def fails(name, cells):
        """The message for a column of these cells, which is named instead of the right one."""
        rows = [f"{cells(at)},{line}" for at, line in enumerate(lines)]
        (tmp_path / "now.csv").write_text("\n".join([f"{name},{header}", *rows]) + "\n")
        words = tmp_path / "now.csv", "--reference", tmp_path / "now.csv", option, name
        if option == "--by":
            words = tmp_path / "now.csv", "--reference", tmp_path / "before.csv", option, name
        return command.fails("watch", *words, "--json")

    message = fails("answer", "canary {}".format)
    assert "column 'answer'" in message and "holds the responses" in message
    for cells in ("canary {}".format, lambda at: f"Ada{at % 25} Canary"):
        message = fails("who", cells)
        assert "different values in 60 rows" in message and "anary" not in message


@pytest.mark.parametrize("column", ["predicted", "flag"])
def test_words_that_few_have_are_summed(command, tmp_path, column):
    """The column may hold responses."""
    before = write(tmp_path / "before.csv", 0.5)
    header, *lines = before.read_text().splitlines()
    at = header.split(",").index(column)

    def words(start):
        rows = [line.split(",") for line in lines]
        for number, row in enumerate(rows):
            letters = chr(97 + number // 2 % 25) + chr(97 + number // 50)
            row[at] = row[at] if number % 2 else f"{start}{letters}"
        (tmp_path / f"{start}.csv").write_text("\n".join([header, *map(",".join, rows)]) + "\n")
        return tmp_path / f"{start}.csv"

    first, second = words("canary"), words("canarybird")
    for reference, now, code in ((first, second, 0), (before, first, ALARM_CODE)):
        done = command("watch", now, "--reference", reference, "--json")
        assert done.code == code and "anary" not in (done.out + done.err).replace(str(now), "")
        assert '"all others": 0.5' in done.out


def test_items_of_a_column_that_may_be_another_are_not_named(command, tmp_path):
    before = write(tmp_path / "before.csv", 0.5)
    text = before.read_text().replace("item_id", "topic", 1)
    before.write_text(text)
    (tmp_path / "now.csv").write_text(text.replace("stove", "Ada Canary", 2))
    words = "watch", tmp_path / "now.csv", "--reference", before, "--item-column", "topic"
    done = command(*words, "--json")
    assert done.code == 0 and json.loads(done.out)["left_out"] == {"others": 2}
    assert "2 responses left out" in done.err and "anary" not in done.err + done.out


def test_spreadsheets_write_scores_otherwise(command, tmp_path):
    before = write(tmp_path / "before.csv", 0.5)
    text = before.read_text()
    for mark in ("", "7"):
        text = text.replace(f"canarybird,{mark}1,", f"canarybird,{mark}1.0,")
    (tmp_path / "saved.csv").write_text(text.replace("item_id", "Item"))
    done = command("watch", tmp_path / "saved.csv", "--reference", before)
    assert (done.code, done.err) == (0, "") and "3 comparisons" in done.out


def test_long_tables_show_progress(command, tmp_path, monkeypatch):
    before = write(tmp_path / "before.csv", 0.5)
    long = write(tmp_path / "long.csv", 0.5, 2500)
    monkeypatch.setattr("kd_edge.cli.watch._QUIET_ROWS", 2000)
    done = command("watch", long, "--reference", before)
    assert done.code == 0 and "reading scores: 2500/2500" in done.err
