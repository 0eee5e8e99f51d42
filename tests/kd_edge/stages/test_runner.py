"""Stages are run once, and again only where something has changed."""

from __future__ import annotations

from kd_edge.stages.runner import Stages


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
