"""`kd-edge suggest`: a table with what to score next."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

from workshop import CANARY, item_of, with_canary, write_table


def _table(path, scored=10, name="tiny"):
    item = with_canary(item_of(40, name))
    rows = [replace(row, score=row.score if at < scored else None) for at, row in
            enumerate(item.rows)]  # fmt: skip
    return write_table(path, [replace(item, rows=tuple(rows))])


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_again_and_again(command, tiny_model, tmp_path):
    table, first, second = (tmp_path / f"{name}.csv" for name in ("answers", "first", "second"))
    _table(table, scored=0)
    said = command("suggest", table, "-n", 6, "-o", first, "--model", tiny_model)
    assert said.code == 0, said.err
    assert "coverage" in said.out
    assert CANARY not in said.out + said.err
    rows = _rows(first)
    assert [row["suggested"] for row in rows] == ["1", "2", "3", "4", "5", "6"] + [""] * 34
    for at, row in enumerate(rows[:6]):
        row["score"] = str(at % 3)
    with first.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    said = command("suggest", first, "-n", 6, "-o", second, "--model", tiny_model, "--json")
    assert said.code == 0, said.err
    (item,) = json.loads(said.out)["items"]
    assert (item["scored"], item["unscored"], item["by"]) == (6, 34, "coverage")
    assert len(set(item["rows"])) == 6
    assert min(item["rows"]) > 7  # the first six below the header have scores
    again = _rows(second)
    assert [row for row in again if row["score"]] == [{**row, "suggested": ""} for row in rows[:6]]
    assert sorted(row["response_id"] for row in again) == sorted(r["response_id"] for r in rows)


def test_refusals_leave_no_file(command, tiny_model, tmp_path):
    table = _table(tmp_path / "answers.csv", scored=40)
    there = sorted(tmp_path.iterdir())
    words = ("suggest", table, "--model", tiny_model, "-o")
    assert "nothing left to score" in command.fails(*words, tmp_path / "out.csv")
    assert "ends in .csv" in command.fails(*words, tmp_path / "out.json")
    assert "would overwrite" in command.fails(*words, table)
    assert "nowhere" in command.fails(*words, tmp_path / "nowhere" / "out.csv")
    assert "count" in command.fails(*words, tmp_path / "out.csv", "-n", 0)
    wrong = command.fails(*words, tmp_path / "out.csv", "--score-range", "5-9")
    assert "row 2" in wrong
    assert sorted(tmp_path.iterdir()) == there


def test_a_teacher_of_the_item(command, tiny_model, tmp_path, whole_way):
    teacher = next(whole_way.folder.glob("item-*/teacher"))
    said = command("suggest", _table(tmp_path / "a.csv"), "-n", 3, "-o", tmp_path / "b.csv",
                   "--teacher", teacher, "--model", tiny_model)  # fmt: skip
    assert said.code == 0, said.err
    assert "uncertainty" in said.out


def test_what_an_old_model_cannot_do(command, tmp_path):
    said = command.fails("suggest", _table(tmp_path / "a.csv"), "-o", tmp_path / "b.csv",
                         "--model", tmp_path / "nothing")  # fmt: skip
    assert "nothing" in said
    assert not (tmp_path / "b.csv").exists()
