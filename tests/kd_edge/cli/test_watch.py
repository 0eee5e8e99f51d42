"""`kd-edge watch`."""

from __future__ import annotations

import json

from kd_edge.cli.watch import ALARM_CODE


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
    assert done.code == 0 and "3 compared, 0 alarms" in done.out
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
