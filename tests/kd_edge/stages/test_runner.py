"""Stages are run once, and again only where something has changed."""

from __future__ import annotations

from kd_edge.stages.runner import Stages
from kd_edge_runtime.errors import InputError


def test_what_is_there_is_kept(tmp_path, capsys):
    ran = []

    def go(options, inputs):
        stages = Stages(tmp_path, "Item 'ice'")
        output = tmp_path / "out.txt"
        stages.run(
            "melt", options, inputs, [output], lambda: (output.write_text("x"), ran.append(1))
        )
        return stages.ran

    assert go({"a": 1}, {"rows": "h"}) == ["melt"]
    assert capsys.readouterr().err == ""
    assert go({"a": 1}, {"rows": "h"}) == []
    assert capsys.readouterr().err == "Item 'ice': melt unchanged, kept.\n"
    assert go({"a": 2}, {"rows": "h"}) == ["melt"]
    assert go({"a": 2}, {"rows": "other"}) == ["melt"]
    (tmp_path / "out.txt").unlink()
    assert go({"a": 2}, {"rows": "other"}) == ["melt"]
    assert len(ran) == 4


def test_what_is_made_again_is_said_with_the_reason(tmp_path, capsys):
    output, record = tmp_path / "out.txt", tmp_path / "melt.stage.json"
    stages = Stages(tmp_path, "Item 'ice'", {"melt": "the melting"})

    def said(options=None, check=lambda: None):
        stages.run(
            "melt", options or {}, {"rows": "h"}, [output], lambda: output.write_text("x"), check
        )
        return capsys.readouterr().err.strip().removeprefix("Item 'ice': the melting")

    assert said() == ""
    output.write_text("y")
    assert said() == ": made again, as out.txt was changed or is damaged."
    output.write_text("")
    assert said() == ": made again, as out.txt has another size than it was written with."
    output.unlink()
    assert said() == ": made again, as out.txt is missing."
    record.write_text(record.read_text()[:-9])
    assert said() == ": made again, as its record is damaged."
    assert said({"a": 1}) == ": made again, as its options have changed."
    record.unlink()
    assert said({"a": 1}) == ": begun before and not finished; going on."

    def refuse():
        raise InputError("no vocabulary")

    assert said({"a": 1}, refuse) == ": made again, as it cannot be used: no vocabulary."
    assert said({"a": 1}) == " unchanged, kept."


def test_a_record_that_does_not_speak_of_an_output_is_not_enough(tmp_path, capsys):
    first, second = tmp_path / "a", tmp_path / "b"
    Stages(tmp_path, "Item 'ice'").run("melt", {}, {}, [first], lambda: first.touch())
    Stages(tmp_path, "Item 'ice'").run("melt", {}, {}, [first, second], lambda: second.touch())
    assert "b is missing" in capsys.readouterr().err
    assert second.exists()
