"""Pages in Chromium and Firefox of the system, opened from files: `browser.test.mjs`."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import page_cases
import zig
from kd_edge.page import assemble, sources
from kd_edge.page.assemble import PageBundle
from kd_edge.page.seven_bits import as_text
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer

HERE = Path(__file__).resolve().parent
BUNDLES = sorted((page_cases.TESTS / "bundles").glob("*.kdz"))
SAMPLES = page_cases.TESTS.parent / "kd_edge" / "sample"
PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}


def sample_texts():
    """The responses of the samples' test splits."""
    found = []
    for path in sorted(SAMPLES.glob("*/responses.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            found += [row["text"] for row in csv.DictReader(stream) if row["split"] == "test"]
    return found


def golden_rows(path):
    """Plain Python's scores of the golden inputs, by item."""
    found = {}
    with Bundle(path) as bundle, Scorer.open(path, "plain", first_only=True) as scorer:
        for entry in bundle.manifest.items:
            texts = json.loads(bundle.read(entry.golden))["inputs"]
            scores = scorer.score_many(texts, entry.item_id)
            found[entry.item_id] = [
                {"text": text, **score._asdict()} for text, score in zip(texts, scores, strict=True)
            ]
    return found


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    shutil.copytree(assemble.APP, folder / "app")
    shutil.copytree(sources.CORE, folder / "core")
    shutil.copy(HERE / "engine_main.mjs", folder / "app" / "main.mjs")

    def write(name, content):
        (folder / name).write_text(json.dumps(content), encoding="ascii")

    def page(path, name):
        html = assemble.page([PageBundle(path)])
        (folder / name).write_text(html, encoding="utf-8", newline="")
        return html

    texts, samples = page_cases.texts(page_cases.TEXTS), sample_texts()
    assert len(samples) > 100
    write("words.json", page_cases.words(texts))
    corpus = page_cases.conformance_bundle(folder / "conformance.kdz")
    pages = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "APP", folder / "app")
        for path in (folder / "conformance.kdz", *BUNDLES):
            name = f"{path.stem}.html"
            page(path, name)
            found = page_cases.scored(path, [*texts, *samples * 2])
            rows = corpus if path.stem == "conformance" else golden_rows(path)
            for item, own in rows.items():
                found[item] += own
            hashed = hashlib.sha256(path.read_bytes()).hexdigest()
            pages.append({"file": name, "hash": hashed, "scores": found})
        html = page(BUNDLES[-1], "engine.html")
    write("pages.json", pages)
    wide = [text.strip() or "the ice" for text in samples]
    scored = page_cases.scored(BUNDLES[-1], [text for text in wide for _ in range(2)])
    write("table.json", {"texts": wide, "rows": next(iter(scored.values()))})
    damaged = re.search('(id="kd-bundle-0">)([^<]*)<', html)
    changed = as_text(b"other")
    start, end = damaged.span(2)
    (folder / "changed.html").write_text(
        html[:start] + changed + html[end:], encoding="utf-8", newline=""
    )
    return folder


@pytest.mark.parametrize("browser", PROGRAMS)
def test_scores_in_a_browser_are_those_of_plain_python(browser, cases):
    node = shutil.which("node")
    zig.need(node, "node (apt-get install nodejs)")
    zig.need(
        (HERE / "node_modules" / "puppeteer-core").is_dir(), "puppeteer-core (make page-tools)"
    )
    program = next(filter(None, map(shutil.which, PROGRAMS[browser])), None)
    zig.need(program, f"{browser} (apt-get install {PROGRAMS[browser][0]})")
    done = subprocess.run(
        [node, "--test", HERE / "browser.test.mjs"],
        env={
            **os.environ,
            "KD_EDGE_CASES": str(cases),
            "KD_EDGE_MODULE": str(sources.CORE / "kd_edge.mjs"),
            "KD_EDGE_BROWSER": browser,
            "KD_EDGE_BROWSER_PATH": program,
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "fail 0" in done.stdout
