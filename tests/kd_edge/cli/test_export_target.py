"""Where `kd-edge export` writes."""

from __future__ import annotations

from kd_edge.students import store


def test_no_input_is_overwritten(command, small_students, tmp_path):
    student, bundle = tmp_path / "student", tmp_path / "item.kdz"
    store.save(small_students["bag"], student)
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Why?", encoding="utf-8")
    for option in ("-o", "--html"):
        said = command.fails("export", student, "--prompt", prompt, option, prompt)
        assert "would overwrite this input" in said
    assert prompt.read_text(encoding="utf-8") == "Why?"
    said = command.fails("export", student, "-o", bundle, "--html", bundle)
    assert "the page would overwrite the bundle: choose two names" in said
    assert not bundle.exists()
