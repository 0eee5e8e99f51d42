"""What `kd-edge export --js` writes: whole, and its README's example runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import bundles_made
import zig
from kd_edge.bundling.js_module import write_js
from kd_edge.page import sources
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer

BUNDLE = Path(__file__).resolve().parents[2] / "bundles" / "protocol-1.kdz"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("js") / "scorer"
    names = ["README.md", "bundle.kdz", "kd_edge.d.mts", "kd_edge.mjs", "kd_edge.wasm"]
    assert write_js(BUNDLE, folder) == names
    return folder


def test_it_holds_the_packaged_files(folder):
    assert (folder / "kd_edge.mjs").read_text(encoding="utf-8") == sources.module()
    assert (folder / "kd_edge.wasm").read_bytes() == sources.wasm()
    assert (folder / "bundle.kdz").read_bytes() == BUNDLE.read_bytes()


def test_the_example_for_node_runs(folder):
    node = shutil.which("node")
    zig.need(node, "node (apt-get install nodejs)")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```js\n(.*?)```", readme, re.DOTALL)
    (folder / "score.mjs").write_text(example, encoding="utf-8")
    command = [node, folder / "score.mjs", "The ice melts."]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Scorer.open(BUNDLE, "plain") as scorer:
        ids = [entry.item_id for entry in scorer.bundle.manifest.items]
        wanted = [(item_id, scorer.score("The ice melts.", item_id)) for item_id in ids]
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[one, score.predicted] for one, score in wanted]
    for line, (_, score) in zip(lines, wanted):
        assert float(line.split()[2]) == pytest.approx(score.confidence, abs=1e-12)


def test_the_example_for_a_page_names_what_is_there(folder):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```html\n(.*?)```", readme, re.DOTALL)
    assert len(example.splitlines()) <= 15
    assert 'from "./kd_edge.mjs"' in example
    assert 'fetch("bundle.kdz")' in example


def test_other_kinds_are_refused(tmp_path):
    item = replace(bundles_made.two_items()[0], student="rnn")
    write_bundle(tmp_path / "a.kdz", [item], "#\n", "2026-01-01T00:00:00Z", {}, {})
    with pytest.raises(InputError, match=r"of kind 'rnn' cannot be JavaScript; those of"):
        write_js(tmp_path / "a.kdz", tmp_path / "scorer")
    assert not (tmp_path / "scorer").exists()


def test_a_file_in_its_place_is_left_as_it_is(tmp_path):
    path = tmp_path / "scorer"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="scorer' is a file; name a folder"):
        write_js(BUNDLE, path)
    assert path.read_text(encoding="utf-8") == "mine"
