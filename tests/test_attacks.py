"""Every attack, by every command that opens a bundle: an error by name, or the right scores."""

from __future__ import annotations

import io
import re
import zipfile
from functools import partial
from pathlib import Path

import pytest

from attacks import contents, manifests, zips
from damaged_bundles import MANIFEST
from kd_edge_runtime.scorer import Scorer
from onnx_changes import changed

SOUND = Path(__file__).parent / "bundles" / "cascade-1.kdz"
TEXTS = "response_id,text\n1,The ice melts in the warm pot.\n2,\n"
SECOND = "items/0/second/"


def members() -> dict[str, bytes]:
    """Those of the sound bundle, which has a second student."""
    with zipfile.ZipFile(io.BytesIO(SOUND.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


MEMBERS = members()


def onnx(name):
    graph = changed(contents.BAG_GRAPHS[name], MEMBERS["items/0/int8.onnx"])
    return contents.replaced(MEMBERS, "items/0/int8.onnx", graph)


# Of whole bundles: how each is made, and what is said of it.
REFUSED = {
    **{made.__name__: (partial(made, MEMBERS), why) for made, why in zips.REFUSED.items()},
    **{
        f"manifest: {name}": (partial(manifests.changed, MEMBERS, change), why)
        for name, (change, why) in manifests.CHANGES.items()
    },
    **{
        f"written: {name}": (partial(manifests.written, MEMBERS, text), why)
        for name, (text, why) in manifests.WRITTEN.items()
    },
    "a weight that is not a number": (
        partial(contents.weights, MEMBERS, float("nan")),
        "not finite",
    ),
    "a weight beyond all": (partial(contents.weights, MEMBERS, float("inf")), "not finite"),
    "a vocabulary in no order": (partial(contents.unsorted, MEMBERS), "is not sorted"),
}
# Wrong in a member that `score` does not read.
UNREAD = {"bomb_that_lies"}
# Of a graph, by the backend that would run it.
GRAPHS = {
    **{
        f"tflite {name}": ("tflite", "int8.tflite", data)
        for name, data in contents.tflite_graphs(MEMBERS["items/0/int8.tflite"]).items()
    },
}


@pytest.fixture
def tried(command, tmp_path, monkeypatch):
    """Runs all commands on a bundle; returns what each said, by its name."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    bundle, table = tmp_path / "a.kdz", tmp_path / "t.csv"
    table.write_text(TEXTS, encoding="utf-8")

    def tried(data, backend="plain"):
        bundle.write_bytes(data)
        said = {
            "inspect": command("inspect", bundle),
            "verify": command("verify", bundle, "--backend", backend),
            "install": command("install", bundle, "--root", tmp_path / "root"),
            "score": command("score", bundle, table, "--backend", backend, "--item", "stove", "-q"),
            "serve": command("serve", bundle, "--backend", backend, "--socket", "/nonexistent/a/b"),
        }
        for verb, one in said.items():
            assert one.code in (0, 2, 3, 4, 5), f"{verb}: {one.code} {one.err}"
            assert "Traceback" not in one.err
            assert "unexpected" not in one.err
            assert one.code == 0 or re.search("^(Error|Usage): ?", one.err, re.MULTILINE)
        assert [*Path().iterdir()] == []
        return said

    return tried


@pytest.mark.parametrize("name", REFUSED)
def test_bundles(tried, name):
    made, why = REFUSED[name]
    said = tried(made())
    # What scoring does not read may be wrong.
    for verb in ("verify", "install", "score") if name not in UNREAD else ("verify", "install"):
        assert said[verb].code in (2, 3, 4, 5), verb
        assert re.search(why, said[verb].err + said[verb].out), said[verb].err


@pytest.mark.parametrize("made", zips.ODD)
def test_odd_zips_that_are_sound(tried, made, tmp_path):
    said = tried(made(MEMBERS))
    if said["score"].code == 0:
        with Scorer.open(tmp_path / "a.kdz", "plain") as one, Scorer.open(SOUND, "plain") as other:
            assert one.score("the ice", "stove") == other.score("the ice", "stove")


@pytest.mark.parametrize("name", contents.GOLDEN)
def test_golden_rows(tried, name):
    said = tried(contents.golden(MEMBERS, contents.GOLDEN[name]))
    for verb in ("verify", "install"):
        assert said[verb].code == 3
        assert "does not contain valid golden rows" in said[verb].err


@pytest.mark.parametrize("name", contents.BAG_GRAPHS)
def test_onnx_graphs_of_a_bag(tried, name):
    """A bundle that was never installed or verified is looked at when it is scored."""
    said = tried(onnx(name), "onnx")
    for verb in ("verify", "score"):
        assert said[verb].code == 3
        assert "the graph 'onnx-int8'" in said[verb].err


@pytest.mark.parametrize("name", GRAPHS)
def test_tflite_graphs_of_a_bag(command, tmp_path, name):
    backend, member, graph = GRAPHS[name]
    (tmp_path / "a.kdz").write_bytes(contents.replaced(MEMBERS, f"items/0/{member}", graph))
    (tmp_path / "t.csv").write_text(TEXTS, encoding="utf-8")
    how = ("--backend", backend, "--item", "stove", "-q")
    said = command("score", tmp_path / "a.kdz", tmp_path / "t.csv", *how)
    if said.code:
        assert said.code in (3, 4)
        assert "'tflite-int8'" in said.err


def second(name: str, data: bytes) -> bytes:
    """A bundle whose second student has other members of a kind."""
    changed_members = {
        one: data if one.startswith(SECOND) and one.endswith(name) else whole
        for one, whole in MEMBERS.items()
    }
    return contents.replaced(changed_members, "card.md", b"# x\n")


@pytest.mark.parametrize("name", [*contents.TOKEN_GRAPHS, *contents.TOKENIZERS])
def test_second_students(tried, name):
    """The first scores alone, and `verify` says why."""
    is_graph = name in contents.TOKEN_GRAPHS
    data = contents.tokens_graph(name) if is_graph else contents.tokenizer(name)
    said = tried(second(".onnx" if is_graph else "tokenizer.json", data), "onnx")
    assert said["verify"].code in (3, 5)
    # Some tokenizers are taken, and then are not those that the graph was made for.
    assert re.search("the graph 'onnx-" if is_graph else "tokenizer|vectorizer", said["verify"].err)
    assert said["install"].code == 0
    with Scorer.open(SOUND, "onnx", first_only=True) as scorer:
        alone = scorer.score("The ice melts in the warm pot.", "stove").predicted
    assert f",{alone}," in said["score"].out


def test_all_members_are_there():
    assert MANIFEST in MEMBERS
    assert any(name.startswith(SECOND) for name in MEMBERS)
