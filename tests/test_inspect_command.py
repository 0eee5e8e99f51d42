"""`kd-edge inspect`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import bundles_made
import pytest
from click.testing import CliRunner

from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.cli import cli
from kd_edge_runtime.errors import BundleError, InputError


@pytest.fixture
def bundle(tmp_path):
    bundles_made.write(tmp_path / "two.kdz", bundles_made.two_items())
    return tmp_path / "two.kdz"


def run(*arguments):
    done = CliRunner().invoke(cli, ["inspect", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stderr == ""
    return done.stdout


def told(*arguments):
    return CliRunner().invoke(cli, ["inspect", *map(str, arguments)]).exception


def test_the_table(bundle):
    out = run(bundle)
    size = bundle.stat().st_size
    assert out.startswith(f"protocol 1, {size:,} bytes, 2026-01-01T00:00:00Z by kd-edge 0.1.0\n")
    for part in (
        "item 'stove'\n  student     bag, 524 parameters\n  classes     0, 1, 2, 3\n",
        "  decision    nearest-expected\n  forms       onnx-fp32, onnx-int8, plain-int8\n",
        "item 'spoon'",
        "wrong, partly, right",
        "most-probable",
        "items/0/vocabulary.bin        240  ",
        "card.md",
    ):
        assert part in out
    assert out.endswith("all sizes and hashes are as they should be\n")


def test_the_card(bundle):
    assert run(bundle, "--card") == bundles_made.CARD


def test_a_card_that_is_not_utf8(tmp_path, monkeypatch):
    path = tmp_path / "a.kdz"
    monkeypatch.setattr(
        bundles_made, "CARD", type("Card", (str,), {"encode": lambda *_: b"a\xff\n"})()
    )
    bundles_made.write(path)
    assert run(path, "--card") == "a\ufffd\n"


def test_json(bundle):
    manifest = json.loads(run(bundle, "--json"))
    wrote = bundles_made.write(bundle.with_name("again.kdz"), bundles_made.two_items())
    assert manifest == json.loads(json.dumps(asdict(wrote)))
    assert [item["item_id"] for item in manifest["items"]] == ["stove", "spoon"]


def test_every_member_is_checked(bundle):
    data = bundle.read_bytes()
    at = data.rindex(b"PK\x03\x04") + 80  # within the last member
    bundle.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
    for option in ([], ["--card"], ["--json"]):
        assert isinstance(told(bundle, *option), BundleError)


def test_what_is_no_bundle(tmp_path):
    assert isinstance(told(tmp_path / "none.kdz"), InputError)
    (tmp_path / "text.kdz").write_text("hello")
    assert "not a bundle" in str(told(tmp_path / "text.kdz"))


def test_beyond_ascii(tmp_path):
    item = replace(bundles_made.item(), item_id="Größe 水")
    write_bundle(tmp_path / "a.kdz", [item], "", "", {}, {})
    assert "item 'Größe 水'" in run(tmp_path / "a.kdz")
    assert "Größe 水" in run(tmp_path / "a.kdz", "--json")
