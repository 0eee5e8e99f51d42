"""`kd-edge page`: bundles as one HTML file."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

import page_cases
import ssh_keys
import zig

BUNDLES = page_cases.TESTS / "bundles"
BUNDLE, CASCADE = BUNDLES / "protocol-1.kdz", BUNDLES / "cascade-1.kdz"


def facts(path):
    text = path.read_text(encoding="utf-8").split('id="kd-bundles">')[1]
    return json.loads(text.split("</script>")[0])


def test_a_page_is_written(command, tmp_path):
    page = tmp_path / "page.html"
    said = command("page", BUNDLE, "-o", page)
    assert said.code == 0, said.err
    assert said.out == f"{page}: {page.stat().st_size:,} bytes, 2 items\n"
    assert [one["name"] for one in facts(page)["bundles"]] == ["protocol-1.kdz"]
    assert not any(path.suffix == ".tmp" for path in tmp_path.iterdir())


def test_json_says_what_is_in_it(command, tmp_path):
    page = tmp_path / "page.html"
    said = command("page", CASCADE, "-o", page, "--json")
    found = json.loads(said.out)
    assert found["bytes"] == page.stat().st_size
    assert found["output"] == str(page)
    assert found["bundles"] == {CASCADE.name: hashlib.sha256(CASCADE.read_bytes()).hexdigest()}
    assert found["first_only"]
    assert set(found["first_only"]) <= set(found["items"])
    (bundle,) = facts(page)["bundles"]
    assert bundle["seconds"] == found["first_only"]
    said = command("page", CASCADE, "-o", page)
    assert "has two small models: the page scores with the first alone" in said.out


def test_prompts_and_rubrics_are_told_apart_by_their_names(command, tmp_path):
    for name in ("stove", "spoon"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prompt.txt").write_text(f"Why {name}?\n", encoding="utf-8")
    (tmp_path / "spoon" / "rubric.txt").write_text("Ré: 1 point", encoding="utf-8")
    page = tmp_path / "page.html"
    said = command("page", BUNDLE, "-o", page, "--prompt", tmp_path)
    assert said.code == 0, said.err
    (bundle,) = facts(page)["bundles"]
    assert bundle["texts"] == {
        "stove": {"prompt": "Why stove?", "rubric": ""},
        "spoon": {"prompt": "Why spoon?", "rubric": "Ré: 1 point"},
    }


def test_the_keys_that_signed_a_bundle_are_named(command, tmp_path):
    zig.need(shutil.which("ssh-keygen"), "ssh-keygen (apt-get install openssh-client)")
    bundle, page = tmp_path / "signed.kdz", tmp_path / "page.html"
    bundle.write_bytes(BUNDLE.read_bytes())
    assert command("page", bundle, "-o", page).code == 0
    assert facts(page)["bundles"][0]["signed"] is None
    key = ssh_keys.make_key(tmp_path, "school")
    assert command("sign", bundle, "--key", key).code == 0
    assert command("page", bundle, "-o", page).code == 0
    assert "ED25519 key SHA256:" in facts(page)["bundles"][0]["signed"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((BUNDLE,), "Missing option '-o'"),
        (("none.kdz", "-o", "page.html"), "none.kdz"),
        ((BUNDLE, "-o", "no/page.html"), "there is no folder 'no'"),
        ((BUNDLE, BUNDLE, "-o", "page.html"), "item 'stove' is in both"),
        ((BUNDLE, "-o", "page.html", "--prompt", "prompt.txt"), "prompt.txt"),
        (("text.kdz", "-o", "page.html"), "not a bundle"),
        (("copy.kdz", "-o", "copy.kdz"), "the page would overwrite the bundle"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(command, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.kdz").write_text("text", encoding="utf-8")
    (tmp_path / "copy.kdz").write_bytes(BUNDLE.read_bytes())
    code = 3 if "text.kdz" in arguments else 2
    assert why in command.fails("page", *arguments, code=code)
    assert not (tmp_path / "page.html").exists()
    assert (tmp_path / "copy.kdz").read_bytes() == BUNDLE.read_bytes()


def test_a_prompt_is_not_overwritten(command, tmp_path):
    folder = tmp_path / "stove"
    folder.mkdir()
    prompt = folder / "prompt.txt"
    prompt.write_text("Why?", encoding="utf-8")
    said = command.fails("page", BUNDLE, "--prompt", tmp_path, "-o", prompt)
    assert "would overwrite this input" in said
    assert prompt.read_text(encoding="utf-8") == "Why?"
