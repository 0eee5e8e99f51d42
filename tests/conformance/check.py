"""Holds the plain backend of this Python against the corpus, to the last bit.

    python tests/conformance/check.py [--digest] [--core]

Needs the runtime and nothing else; with --core, which holds the core against the corpus, that too.
Prints how many texts were read and scored, and lines that name those that differ, with the greatest
difference of a number (inf: of a word, a class or a flag); then it ends with 1.

With --digest it prints a hash of all words, scores and explanations, with exponentials and
logarithms of its own: those of C libraries differ in the last bit, and what else there is to a
machine is not to be hidden by that.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

DIGEST = "--digest" in sys.argv[1:]
BACKEND = "core" if "--core" in sys.argv[1:] else "plain"


def _exp(x: float) -> float:
    """e to the power of x from additions and multiplications, which are alike everywhere."""
    if x < -700.0:
        return 0.0
    total = term = 1.0
    for at in range(1, 30):
        term *= x / 1024 / at
        total += term
    for _ in range(10):
        total *= total
    return total


def _log(x: float) -> float:
    """The natural logarithm of x >= 1, by Newton's method."""
    found = 0.0
    for _ in range(200):
        found += x / _exp(found) - 1.0
    return found


if DIGEST:  # before anything imports them
    math.exp, math.log = _exp, _log

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import make_scores  # noqa: E402 - found by the line above

from kd_edge_runtime.students.explain import Explainer  # noqa: E402
from kd_edge_runtime.text import KNOWN_RULES, words_by  # noqa: E402

_HASH = sha256()


def differing_words(rules: int) -> Iterator[tuple[int, float]]:
    """For each text its line, and how much its words differ: not, or infinitely."""
    corpus = (HERE / f"words-{rules}.jsonl").read_text(encoding="ascii")
    words = words_by(rules)
    for line, row in enumerate(map(json.loads, corpus.splitlines()), 1):
        found = words(row["text"])
        _HASH.update(json.dumps(found).encode())
        yield line, 0.0 if found == row["words"] else math.inf


def differing_scores(name: str) -> Iterator[tuple[int, float]]:
    """For each text its line, and the greatest difference of anything of its score."""
    item, rows = make_scores.read(HERE / name)
    texts = [row["text"] for row in rows]
    found = make_scores.core_students.scores(item, texts, BACKEND, threads=None)
    if item.entry.student == "bag":
        explain = Explainer(item.bag()).explain
        _HASH.update(repr([(one := explain(text), one.logits()) for text in texts]).encode())
    # The first line is the student. JSON writes floats so that they are read as the same bits.
    for line, (score, row) in enumerate(zip(found, rows), 2):
        written = json.dumps(score._asdict())
        _HASH.update(written.encode())
        yield line, _difference(json.loads(written), row)


def _difference(found: dict, row: dict) -> float:
    """The greatest difference of a number; infinite where a word, a class or a flag is another."""
    greatest = 0.0
    for name, value in found.items():
        pairs = zip(value, row[name]) if isinstance(value, list) else [(value, row[name])]
        for one, other in pairs:
            if one != other:
                numbers = isinstance(one, float) and isinstance(other, float)
                greatest = max(greatest, abs(one - other) if numbers else math.inf)
    return greatest


def main() -> int:
    """Checks all files; 1 if anything differs."""
    checked, wrong, greatest = 0, 0, 0.0
    files = {f"words-{rules}.jsonl": differing_words(rules) for rules in KNOWN_RULES}
    files.update({name: differing_scores(name) for name in make_scores.FILES})
    for name, lines in files.items():
        for line, differs in lines:
            checked += 1
            if differs and not DIGEST:
                wrong += 1
                greatest = max(greatest, differs)
                sys.stdout.write(f"{name}, line {line} differs by {differs:.0e}\n")
    if DIGEST:
        sys.stdout.write(f"{checked} texts, {_HASH.hexdigest()}\n")
        return 0
    version = "{}.{}".format(*sys.version_info)
    sys.stdout.write(f"{version}: {checked} texts, {wrong} differ")
    sys.stdout.write(f" by at most {greatest:.0e}\n" if wrong else "\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
