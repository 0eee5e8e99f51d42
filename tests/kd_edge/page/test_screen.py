"""The page's screen in headless Chromium: the whole way of a teacher, axe-core, screenshots."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from pathlib import Path

import pytest

import bundles_made
import page_cases
from chromium import run_in_chromium
from kd_edge.page.assemble import ItemTexts, PageBundle, page
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.bench.quality import quality
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE
from kd_edge_runtime.scorer import Scorer

HERE = Path(__file__).resolve().parent
BUNDLE = page_cases.TESTS / "bundles" / "protocol-1.kdz"
SHOTS = page_cases.TESTS.parent / "build" / "page-screenshots"
SENTENCE = "the metal spoon gets hot because it is not wood and heat goes up there fast"
ROWS = 1000
CLASSES = {"stove": ["0", "1", "2", "3"], "spoon": ["wrong", "partly", "right"]}


def class_rows():
    """Rows of a table: an Arabic one, some without a word, and people's scores."""
    chance = random.Random(16)
    rows = []
    for number in range(1, ROWS + 1):
        words = " ".join(chance.choices(SENTENCE.split(" "), k=chance.randint(3, 25)))
        text = "ملعقة من زجاج" if number == 500 else "" if number % 10 == 1 else words
        item = "spoon" if number > 900 else "stove"
        rows.append((f"r-{number}", item, text, chance.choice(CLASSES[item])))
    return rows


def write_table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["response_id", "item_id", "text", "score"])
        writer.writerows(rows)


def tiles(pairs, are_numbers):
    """The figures of an item as the page writes them."""
    found = quality(*zip(*pairs, strict=True))
    figures = [f"{found.accuracy:.0%}", f"{found.qwk:.2f}"]
    if are_numbers:
        near = sum(abs(human - machine) <= 1 for human, machine in pairs) / len(pairs)
        figures.insert(1, f"{near:.0%}")
    return figures


def wanted(rows):
    """What the page has to show, by plain Python."""
    with Scorer.open(BUNDLE) as scorer:
        scores = [scorer.score(text, item_id=item) for _, item, text, _ in rows]
        first = scorer.score(SENTENCE, item_id="stove")
    pairs = {"stove": [], "spoon": []}
    for (_, item, _, human), score in zip(rows, scores, strict=True):
        place = CLASSES[item].index
        pairs[item].append((place(human), place(score.predicted)))
    return {
        "one": {
            "text": SENTENCE,
            "score": first.predicted,
            "percent": round(first.confidence * 100),
        },
        "flagged": sum(bool(score.flag) for score in scores),
        "emptyScore": scores[10].predicted,
        "differs": sum(a != b for item in pairs.values() for a, b in item),
        "tiles": [*tiles(pairs["stove"], True), *tiles(pairs["spoon"], False)],
        "hash": hashlib.sha256(BUNDLE.read_bytes()).hexdigest(),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screen")
    texts = {"stove": ItemTexts("Which spoon <b>?", "A point for <i>heat</i>.")}
    (folder / "page.html").write_text(page([PageBundle(BUNDLE, texts)]), encoding="utf-8")
    long = folder / "long.kdz"
    item = bundles_made.item("spoon", ("x" * 400, "right"), MOST_PROBABLE, 2)
    write_bundle(long, [item], f"# Card\n\n{'y' * 400}\n", bundles_made.CREATED, {}, {})
    (folder / "long.html").write_text(page([PageBundle(long)]), encoding="utf-8")
    rows = class_rows()
    write_table(folder / "class.csv", rows)
    write_table(folder / "large.csv", rows * 60)
    (folder / "wanted.json").write_text(json.dumps(wanted(rows)), encoding="ascii")
    return folder


def test_the_whole_way_in_chromium(folder):
    run_in_chromium(HERE / "screen.browser.mjs", folder, SHOTS)
