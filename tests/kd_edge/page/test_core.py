"""The core for pages in Node, against plain Python: `core/*.mjs` and `core/kd_edge.wasm`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from html.entities import name2codepoint
from pathlib import Path

import pytest

import bundles_made
import damaged_bundles
import page_cases
import zig
from corpus_bundles import make_scores
from kd_edge.page import sources
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.text.markup import plain_text

HERE = Path(__file__).resolve().parent
BUNDLES = sorted((page_cases.TESTS / "bundles").glob("*.kdz"))


@pytest.fixture(scope="module")
def node():
    program = shutil.which("node")
    zig.need(program, "node (apt-get install nodejs)")
    return program


def write(folder, name, content):
    (folder / name).write_text(json.dumps(content), encoding="ascii")


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """All modules as one, as pages and programs get it."""
    folder = tmp_path_factory.mktemp("module")
    (folder / "kd_edge.mjs").write_text(sources.module(), encoding="utf-8")
    (folder / "kd_edge.wasm").write_bytes(sources.wasm())
    return folder / "kd_edge.mjs"


def run(node, folder, name, module):
    """Runs a file of tests of Node."""
    done = subprocess.run(
        [node, "--test", HERE / name],
        env={**os.environ, "KD_EDGE_CASES": str(folder), "KD_EDGE_MODULE": str(module)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "fail 0" in done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    texts = page_cases.texts(page_cases.TEXTS)
    write(folder, "words.json", page_cases.words(texts))
    blocks = {"block": page_cases.BLOCK, "digests": page_cases.code_points()}
    write(folder, "code_points.json", blocks)
    corpus = page_cases.conformance_bundle(folder / "conformance.kdz")
    bundles = [{"bundle": "conformance.kdz", "scores": corpus, "explanations": {}}]
    shutil.copy(folder / "conformance.kdz", folder / "random.kdz")
    for path in (folder / "random.kdz", *BUNDLES):
        if not (folder / path.name).exists():
            shutil.copy(path, folder)
        bundles.append(
            {
                "bundle": path.name,
                "scores": page_cases.scored(path, texts),
                "explanations": page_cases.explained(path, texts[:60]),
            }
        )
    write(folder, "bundles.json", bundles)
    _write_long(folder)
    _write_markup(folder)
    return folder


def _write_long(folder):
    new = " ".join(f"word{at}" for at in range(3000))
    long = [new, f"{new} {new}", "the ice melts " * 5000, "中文" * 4000, "a" * 100_000, "é" * 5000]
    with Scorer.open(BUNDLES[0], "plain", first_only=True) as scorer:
        item_id = scorer.bundle.manifest.items[0].item_id
        found = scorer.score_many(long, item_id)
    write(folder, "long.json", [{"text": a, **b._asdict()} for a, b in zip(long, found)])


def _write_markup(folder):
    item, _ = make_scores.read(page_cases.CONFORMANCE / "bag-2a.jsonl")
    entry = replace(item.entry, text={**item.entry.text, "rules": 102, "markup": 1})
    members = {name: item.bundle.read(name) for name in ("vectorizer", "network")}
    path = folder / "markup.kdz"
    page_cases.zipped(path, {**members, "golden": b"{}"}, [entry])
    texts = page_cases.markup(20_000)
    rich = [f"<p>the ice&nbsp;melts {one['text']}</p>" for one in texts[:500]]
    with Scorer.open(path, "plain") as scorer:
        found = scorer.score_many(rich)
    scored = [{"text": a, **b._asdict()} for a, b in zip(rich, found)]
    entities = {name: plain_text(f"&{name};") for name in [*name2codepoint, "apos", "none"]}
    write(folder, "markup.json", {"texts": texts, "scored": scored, "entities": entities})


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refusals")
    bundles_made.write(folder / "sound.kdz")
    sound = (folder / "sound.kdz").read_bytes()
    damaged, listed = b"", []
    for why, data in damaged_bundles.refused(sound):
        listed.append({"why": why, "from": len(damaged), "to": len(damaged) + len(data)})
        damaged += data
    (folder / "refused.bin").write_bytes(damaged)
    write(folder, "refused.json", listed)
    write(folder, "flipped.json", damaged_bundles.flipped(sound, 500))
    write(folder, "manifests.json", damaged_bundles.manifests(sound))
    with damaged_bundles.zipfile.ZipFile(folder / "sound.kdz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stored = damaged_bundles.zipped(members, damaged_bundles.zipfile.ZIP_STORED)
    (folder / "stored.kdz").write_bytes(stored)
    _write_odd(folder)
    return folder


# Items that a page does not score, and what it says of them.
ODD = {
    "newer": ({"text": {"rules": 3}}, "needs rules that this kd_edge.mjs does not know"),
    "newer markup": ({"text": {"rules": 102, "markup": 2}}, "needs rules that this kd_edge.mjs"),
    "rnn": ({"student": "rnn", "text": {"tokens": 9}}, "of kind 'rnn' cannot be scored in a page"),
    "graph": ({"forms": {"onnx-int8": "network"}}, "of kind 'bag' cannot be scored in a page"),
    "large": ({"text": {"dimensions": 257}}, "a number is too large"),
    "below": ({"text": {"sizes": [1, -1, 0]}}, "a size in the manifest is not valid"),
    "damaged": ({"vectorizer": "falling"}, None),
}


def _write_odd(folder):
    item, _ = make_scores.read(page_cases.CONFORMANCE / "bag-2a.jsonl")
    pairs, _ = make_scores.read(page_cases.CONFORMANCE / "pairs-2a.jsonl")
    members = {name: item.bundle.read(name) for name in ("vectorizer", "network")}
    vectorizer = members["vectorizer"]
    members["falling"] = vectorizer[4:8] + vectorizer[:4] + vectorizer[8:]
    members["golden"] = b"{}"
    entries = [replace(item.entry, item_id="plain")]
    for name, (changes, _) in ODD.items():
        changed = {**changes}
        if "text" in changed and "student" not in changed:
            changed["text"] = {**item.entry.text, **changed["text"]}
        entries.append(replace(item.entry, item_id=name, **changed))
    for name in ("vectorizer", "network"):
        members[f"pairs {name}"] = pairs.bundle.read(name)
    forms = {"plain-int8": "pairs network"}
    entries.append(
        replace(pairs.entry, item_id="pairs", vectorizer="pairs vectorizer", forms=forms)
    )
    page_cases.zipped(folder / "odd.kdz", members, entries)
    write(folder, "odd.json", {name: why for name, (_, why) in ODD.items() if why})


def test_words_scores_and_explanations_are_those_of_plain_python(node, module, scores):
    said = run(node, scores, "scores.test.mjs", module)
    assert "probabilities differ in the last bits" in said


def test_what_is_no_bundle_or_damaged_is_refused(node, module, refusals):
    run(node, refusals, "refusals.test.mjs", module)


def test_the_modules_themselves_score_the_same(node, tmp_path):
    shutil.copy(BUNDLES[0], tmp_path / "item.kdz")
    with Scorer.open(BUNDLES[0], "plain", first_only=True) as scorer:
        item_id = scorer.bundle.manifest.items[-1].item_id
        wanted = scorer.score("the ice melts", item_id)
    program = """
      const { open } = await import(process.argv[1]);
      const { readFile } = await import("node:fs/promises");
      const bundle = await open(await readFile(process.argv[2]));
      console.log(bundle.score("the ice melts", process.argv[3]).expected);
    """
    command = [node, "--input-type=module", "-e", program, sources.CORE / "kd_edge.mjs"]
    done = subprocess.run(
        [*command, tmp_path / "item.kdz", item_id], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(wanted.expected, abs=1e-12)
