from __future__ import annotations

from benchmarks import record, semeval
from kd_edge.data.readers import read_responses
from questions import NAMES, write_question


def test_what_is_held_out(tmp_path, monkeypatch):
    monkeypatch.setattr(semeval, "_QUESTIONS", 4)
    for name in NAMES:
        write_question(tmp_path, name, 24)
    given = read_responses(tmp_path)
    learnt, measured = semeval.held_out(given)
    apart = [
        {(item.item_id, row.response_id) for item in one.items for row in item.rows}
        for one in (learnt, measured)
    ]
    assert not apart[0] & apart[1]
    assert len(apart[0] | apart[1]) == 4 * 24
    assert len(learnt.items) == 3
    assert sorted(len(item.rows) for item in measured.items) == [3, 3, 3, 24]
    assert semeval.held_out(given) == (learnt, measured)
    (new,) = {item.item_id for item in measured.items} - {item.item_id for item in learnt.items}
    few, asked = semeval.every(2, learnt, measured)
    assert few.items == learnt.items[::2]
    assert {item.item_id for item in asked.items} == {new, *(item.item_id for item in few.items)}
    assert semeval.every(1, learnt, measured) == (learnt, measured)


def test_the_tables(tmp_path, monkeypatch):
    one = {"responses": 7, "accuracy": 0.5, "macro_f1": 0.25, "weighted_f1": 0.1}
    scorers = dict.fromkeys(semeval.SCORERS, one)
    sizes = {"teacher_parameters": 22_000_000, "student_parameters": 1234, "shared_bytes": 5678}
    sizes |= {"question_bytes": 99.6, "bundle_bytes": 100_000}
    parts = {semeval.SEEN: scorers, semeval.UNSEEN: scorers}
    figures = {way: {"parts": parts, "sizes": sizes, "questions": 4} for way in semeval.WAYS}
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    record.write("semeval-beetle", figures, 0)
    assert semeval.table().count("0.500 / 0.250") == 4 * len(semeval.SCORERS)
    assert "| Beetle, 2way | answers | 7 |" in semeval.table()
    assert "| Beetle | 4 | 22.0 M | 1,234 | 5,678 | 100 | 100,000 |" in semeval.sizes()
