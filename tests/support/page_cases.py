"""What the core for pages is compared with: texts and what plain Python makes of them, as JSON."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import core_students
import corpus_bundles
from corpus_bundles import make_scores
from kd_edge_runtime.bundle.manifest import PROTOCOL, ItemEntry, Manifest, Member
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.explain import Explainer
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text import KNOWN_RULES, words_by
from kd_edge_runtime.text.markup import plain_text

TESTS = Path(__file__).resolve().parents[1]
CONFORMANCE = TESTS / "conformance"
SEED = 14
TEXTS = 10_000
# Code points whose words are compared at once.
BLOCK = 4096


def zipped(path: Path, members: Mapping[str, bytes], items: Sequence[ItemEntry]) -> None:
    """Writes a bundle of these members, whatever is in them."""
    members = {"card.md": b"# For tests\n", **members}
    manifest = Manifest(
        protocol=PROTOCOL,
        created="2026-01-01T00:00:00Z",
        created_by={},
        items=tuple(items),
        members={
            name: Member(len(data), hashlib.sha256(data).hexdigest())
            for name, data in members.items()
        },
        card="card.md",
        provenance={},
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", manifest.to_json())
        for name, data in members.items():
            archive.writestr(name, data)


def conformance_bundle(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Writes all students of the conformance corpus as one bundle; returns their rows by item."""
    names = [name.removesuffix(".jsonl") for name in make_scores.FILES]
    corpus_bundles.write(path, names)
    return {name: make_scores.read(CONFORMANCE / f"{name}.jsonl")[1] for name in names}


def texts(number: int, seed: int = SEED) -> list[str]:
    """Random texts: likely words, odd ones, and code points of all planes, halves of pairs too."""
    rng = random.Random(seed)
    found = []
    while len(found) < number:
        kind = rng.random()
        if kind < 0.6:
            written = core_students.text(rng)
        else:
            last = rng.choice((0x7F, 0x24F, 0x52F, 0x2FFF, 0xFFFF, 0x10FFFF))
            written = "".join(chr(rng.randrange(last + 1)) for _ in range(rng.randrange(60)))
        # As a language of 16-bit strings has it: two halves side by side are one code point.
        found.append(written.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
    return found


def scored(bundle: Path, written: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Plain Python's scores of texts, which the items of a bundle share."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with Scorer.open(bundle, "plain", first_only=True) as scorer:
        ids = [entry.item_id for entry in scorer.bundle.manifest.items]
        for at, item_id in enumerate(ids):
            own = written[at :: len(ids)]
            scores = scorer.score_many(own, item_id)
            rows[item_id] = [{"text": text, **score._asdict()} for text, score in zip(own, scores)]
    return rows


def explained(bundle: Path, written: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Plain Python's explanations, by item that is a bag."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with Scorer.open(bundle, "plain", first_only=True) as scorer:
        for entry in scorer.bundle.manifest.items:
            if entry.student != "bag":
                continue
            explainer = Explainer(LoadedItem(scorer.bundle, entry).bag())
            rows[entry.item_id] = []
            for text in written:
                told = explainer.explain(text)
                pushes = [{**one._asdict(), "strength": one.strength} for one in told.pushes]
                row = {"text": text, "start": told.start, "pushes": pushes, "unknown": told.unknown}
                rows[entry.item_id].append(row)
    return rows


def words(written: Sequence[str]) -> dict[int, list[dict[str, Any]]]:
    """The words of texts by each set of rules, those of the corpus first."""
    found: dict[int, list[dict[str, Any]]] = {}
    for rules in KNOWN_RULES:
        lines = (CONFORMANCE / f"words-{rules}.jsonl").read_text(encoding="ascii").splitlines()
        read = words_by(rules)
        found[rules] = [*map(json.loads, lines)]
        found[rules] += [{"text": text, "words": read(text)} for text in written]
    return found


def code_points() -> dict[int, list[str]]:
    """SHA-256 of the words of each block of code points, each of them within and beside a word."""
    found: dict[int, list[str]] = {}
    for rules in KNOWN_RULES:
        read = words_by(rules)
        found[rules] = []
        for first in range(0, 0x110000, BLOCK):
            codes = [code for code in range(first, first + BLOCK) if not 0xD800 <= code < 0xE000]
            block = " ".join(f"a{chr(code)}b {chr(code)}7" for code in codes)
            joined = "\n".join(read(block))
            found[rules].append(hashlib.sha256(joined.encode("utf-8")).hexdigest())
    return found


MARKS = (
    *("<", ">", "&", "$", "\\", "{", "}", "/", "=", '"', "'", " ", "\n", "\r", "\t", ";", "#", "!"),
    *("<b>", "</b>", "<p class='x'>", "<br/>", "<!--", "-->", "<script>", "</SCRIPT>", "<math>"),
    *("<mfrac>", "<a b>", "<i x=1>", "<o:p>", "&lt;", "&amp;amp;lt;", "&#60;", "&#x3C;", "&#150;"),
    *("&#0;", "&#xD800;", "&#x110000;", "&shy;", "&nbsp;", "&apos;", "&thetasym;", "&nothing;"),
    *("\\frac{", "}{", "\\sqrt", "\\times", "\\Omega", "\\mu", "\\text{", "\\begin{a*}", "\\left("),
    *("^", "^\\circ", "^{\\circ}", "\\degree"),
    *(
        "\\\\",
        "\\%",
        "\\(",
        "\\q",
        "\\ne",
        "\\le",
        "\\infty",
        "\\Delta",
        "\\end",
        "ſ",
        "K",
        "é",
        "🙂",
    ),
)


def markup(number: int) -> list[dict[str, str]]:
    """Random rich text, and its plain text."""
    rng = random.Random(SEED)
    letters = ["x", "5", "ab", "water"]
    found = []
    for _ in range(number):
        parts = rng.choices((*MARKS, *letters), k=rng.randrange(1, 14))
        text = "".join(parts)
        found.append({"text": text, "plain": plain_text(text)})
    return found
