"""`kd-edge inspect`."""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import asdict, replace

import pytest
from click.testing import CliRunner

import bundles_made
import seconds_made
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.cli import inspect as inspect_command
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import BundleError, InputError
from wrong_bundles import with_form


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
        "item 'stove'\n  small model bag, 524 parameters\n  classes     0, 1, 2, 3\n",
        "  decision    nearest-expected\n  flagged     empty\n  vectorizer\n",
        "item 'spoon'",
        "wrong, partly, right",
        "most-probable",
        "items/0/vocabulary.bin        240  ",
        "card.md",
    ):
        assert part in out
    assert out.endswith("all sizes and hashes are correct\n")


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
    added = {name: manifest.pop(name) for name in ("zip_bytes", "contents", "signed_by")}
    assert manifest == json.loads(json.dumps(asdict(wrote)))
    assert added["signed_by"] == ""
    assert list(added["contents"]) == ["stove", "spoon"]
    assert set(added["zip_bytes"]) == {"manifest.json", *manifest["members"]}
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


# Bytes


def test_the_bytes_of_members(bundle):
    lines = run(bundle).partition("\nmember ")[2].splitlines()[1:-1]
    size = bundle.stat().st_size
    with zipfile.ZipFile(bundle) as archive:
        infos = sorted(archive.infolist(), key=lambda info: info.filename)
    assert len(lines) == len(infos) > 5
    for line, info in zip(lines, infos, strict=True):
        name, *numbers, taken, share = line.split()[: 3 if info.filename == MANIFEST else 4]
        assert name == info.filename
        assert numbers == ([] if name == MANIFEST else [f"{info.file_size:,}"])
        assert taken == f"{info.compress_size:,}"
        assert share == f"{info.compress_size / size:.1%}"
    packed = json.loads(run(bundle, "--json"))["zip_bytes"]
    assert packed == {info.filename: info.compress_size for info in infos}


# Provenance


def provenance_lines(tmp_path, provenance):
    write_bundle(tmp_path / "a.kdz", [bundles_made.item()], "", "", {}, provenance)
    return run(tmp_path / "a.kdz").partition("made from\n")[2].partition("\n\nmember")[0]


def test_what_it_was_made_from(tmp_path):
    content = {
        "options": {"teacher": {"model": "tiny", "rate": 0.003}, "variants": 20, "on": True},
        "rows": {"Größe": "0123456789abcdef" * 4},
        "none": None,
        "kept": [1, "two"],
        "empty": {},
    }
    assert provenance_lines(tmp_path, content).splitlines() == [
        "  options",
        "    teacher",
        "      model: tiny",
        "      rate: 0.003",
        "    variants: 20",
        "    on: yes",
        "  rows",
        f"    Größe: {'0123456789abcdef' * 3}...",
        "  none: -",
        '  kept: [1, "two"]',
        "  empty",
    ]
    assert provenance_lines(tmp_path, {}) == ""


def test_deep_provenance_is_cut(tmp_path):
    content = {"end": 1}
    for _ in range(400):
        content = {"in": content}
    lines = provenance_lines(tmp_path, content).splitlines()
    assert len(lines) < 8
    assert lines[-1].endswith("...")


# Forms


def contents(path):
    return json.loads(run(path, "--json"))["contents"]


def test_the_vocabulary_and_the_plain_form(bundle):
    forms = contents(bundle)["stove"]
    assert list(forms) == ["vectorizer", *bundles_made.item().forms]
    assert forms["vectorizer"]["tensors"] == [
        {"name": name, "type": "uint32", "shape": [size], "bytes": 4 * size, "role": ""}
        for name, size in (("words", 24), ("grams", 24), ("pairs", 12))
    ]
    plain = forms["plain-int8"]["tensors"]
    assert [(one["name"], one["type"], one["shape"]) for one in plain] == [
        ("table", "int8", [60, 8]),
        ("scale", "float32", [8]),
        ("bias", "float32", [8]),
        ("head", "float32", [4, 8]),
        ("head bias", "float32", [4]),
    ]
    with Bundle(bundle) as opened:
        members = opened.manifest.members
    assert sum(one["bytes"] for one in plain) == members["items/0/bag.int8"].bytes
    out = run(bundle)
    assert (
        "  vectorizer\n"
        "    words  uint32   24                 96 B\n"
        "    grams  uint32   24                 96 B\n"
        "    pairs  uint32   12                 48 B\n"
        "  plain-int8\n"
        "    table      int8     60 x 8            480 B\n"
    ) in out


def test_graphs_where_the_workshop_is(bundle):
    out = run(bundle)
    for part in (
        ", IR 8, ai.onnx 17\n    counts         float32  N x 60            input\n",
        "\n    probabilities  float32  N x 3            output\n"
        "    operators, by version: Cast 13, MatMul 13,",
        "    metadata: kd-edge.item stove",
    ):
        assert part in out
    graph = contents(bundle)["spoon"]["onnx-int8"]
    assert graph["operators"]["Softmax"] == 13
    assert graph["versions"]["ai.onnx"] == 17
    table = {"name": "table", "type": "int8", "shape": [60, 8], "bytes": 480, "role": ""}
    assert table in graph["tensors"]


def test_graphs_where_it_is_not(bundle, monkeypatch):
    monkeypatch.setattr(inspect_command, "plugins", lambda _: {})
    told = "shown only where the full package, kd-edge, is installed"
    assert run(bundle).count(f"  onnx-fp32   ({told})\n") == 2
    forms = contents(bundle)["stove"]
    assert forms["onnx-int8"]["note"] == told
    assert forms["onnx-int8"]["tensors"] == []
    assert forms["plain-int8"]["tensors"] != []


@pytest.mark.parametrize(
    ("form", "data", "told"),
    [
        ("onnx-fp32", b"not a graph", "item 'stove': the graph 'onnx-fp32' is cut or damaged"),
        ("onnx-fp32", b"", "item 'stove': the graph 'onnx-fp32' has version 0 of ONNX"),
        ("plain-int8", b"short", "the size of the plain weights"),
    ],
)
def test_a_damaged_graph_in_a_whole_bundle(tmp_path, form, data, told):
    bundles_made.write(tmp_path / "a.kdz", [with_form(bundles_made.item(), form, data)])
    out = run(tmp_path / "a.kdz")
    (line,) = [line for line in out.splitlines() if "cannot be shown" in line]
    assert line.startswith(f"  {form:<10}  (cannot be shown: {told}")
    forms = contents(tmp_path / "a.kdz")["stove"]
    assert [name for name, one in forms.items() if one["note"]] == [form]


def test_a_parser_that_cannot_be_imported(bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "kd_edge_export.describe", raising=False)
    graphs = [form for form in bundles_made.item().forms if form.startswith(("onnx", "tflite"))]
    assert run(bundle).count("(cannot be shown: import of onnx ") == 2 * len(graphs)


def test_a_damaged_vocabulary(tmp_path):
    item = bundles_made.item()
    name, data = item.vectorizer
    bundles_made.write(tmp_path / "a.kdz", [replace(item, vectorizer=(name, data[::-1]))])
    forms = contents(tmp_path / "a.kdz")["stove"]
    assert "vectorizer is not sorted" in forms["vectorizer"]["note"]
    assert "vectorizer is not sorted" in forms["plain-int8"]["note"]
    assert forms["onnx-int8"]["note"] == ""


def test_a_student_that_reads_tokens(tmp_path):
    rnn = replace(bundles_made.item(), student="rnn", text={"tokens": 1234})
    bundles_made.write(tmp_path / "a.kdz", [rnn])
    assert "  vectorizer  (a tokenizer of 1,234 tokens)\n" in run(tmp_path / "a.kdz")
    bundles_made.write(tmp_path / "a.kdz", [replace(rnn, text={})])
    assert "text.tokens is missing" in run(tmp_path / "a.kdz")


def test_a_form_of_a_later_version(tmp_path):
    item = bundles_made.item()
    forms = {**item.forms, "wasm-int8": ("bag.wasm", b"wasm")}
    bundles_made.write(tmp_path / "a.kdz", [replace(item, forms=forms)])
    told = "this version does not know this form"
    assert contents(tmp_path / "a.kdz")["stove"]["wasm-int8"]["note"] == told


def test_a_second_student(tmp_path, monkeypatch):
    path = tmp_path / "two.kdz"
    bundles_made.write(path, [seconds_made.item(0.61, 0.75, 0.8, 0.55)])
    out = run(path)
    parameters = seconds_made.second().parameters
    assert f"  second      transformer, {parameters:,} parameters\n" in out
    assert "asked where the first's confidence is below 0.61; counts 75%, temperature 0.8" in out
    assert "flagged with it: confidence below 0.55" in out
    assert f"a tokenizer of {len(seconds_made.VOCABULARY)} tokens" in out
    assert "items/0/second/tokenizer.json" in out
    assert "not in use here" not in out
    found = json.loads(run(path, "--json"))
    assert found["items"][0]["second"]["below"] == 0.61
    assert "onnx-int8" in found["contents"]["stove (second)"]
    monkeypatch.setattr(backends, "is_installed", lambda _: False)
    assert "not in use here, so the first scores alone: the backend 'onnx' needs" in run(path)
