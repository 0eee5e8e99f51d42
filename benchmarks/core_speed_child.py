"""What `benchmarks.core_speed` runs in child processes, in any Python that has the runtime.

    python core_speed_child.py WHAT JSON

Prints one JSON object. Times are microseconds a response.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from scoring_speed_child import CONFIGURATIONS, at_once, one_by_one

from kd_edge_runtime.scorer import Scorer

BACKENDS = ("core", "plain")
MANY = 100_000


def race(job):
    """The core, plain Python and, where it is installed, fastText's `.ftz`."""
    lines = [" ".join(text.split()) for text in job["texts"]]
    scorers = {name: Scorer.open(job["bundle"], name) for name in BACKENDS}
    one = {name: scorer.score for name, scorer in scorers.items()}
    batch = {name: scorer.score_many for name, scorer in scorers.items()}
    for name, model in _fasttext(job, lines).items():
        one[name] = batch[name] = model.predict
    many = {name: run for name, run in batch.items() if name != "plain"}
    rng = random.Random(job["seed"])
    # New in each round, as plain Python keeps what it knows of words that it has seen.
    new = [at_once(batch, [_new_words(rng) for _ in range(1000)], 1) for _ in range(5)]
    return {
        "one": one_by_one(one, lines[:500]),
        "batch": at_once(batch, lines, 7),
        "many": at_once(many, (lines * (MANY // len(lines) + 1))[:MANY], 3),
        "new words": {name: min(times[name] for times in new) for name in batch},
    }


def _new_words(rng):
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(45))


def _fasttext(job, lines):
    try:
        import fasttext as module
    except ImportError:
        return {}
    module.FastText.eprint = lambda *_: None
    train = Path(job["folder"]) / "train.txt"
    train.write_text(
        "".join(f"__label__{name} {line.lower()}\n" for name, line in zip(job["labels"], lines)),
        encoding="utf-8",
    )
    models = {}
    for name, options in CONFIGURATIONS.items():
        fixed = {"wordNgrams": 2, "epoch": 25, "bucket": 50_000, "thread": 1, "verbose": 0}
        model = module.train_supervised(str(train), seed=0, **fixed, **options)
        model.quantize(str(train), retrain=True, qnorm=True, cutoff=20_000, thread=1)
        models[name] = model
    return models


def same(job):
    """How many texts get another score, in any bit, from the core than from plain Python.

    Each item of a bundle gets its share of them.
    """
    rng = random.Random(job["seed"])
    scorers = [Scorer.open(job["bundle"], name) for name in BACKENDS]
    items = [entry.item_id for entry in scorers[0].bundle.manifest.items]
    differ = compared = 0
    while compared < job["compared"]:
        item = items[compared // 1000 % len(items)]
        texts = [_text(rng, job["texts"]) for _ in range(1000)]
        ours, plain = (scorer.score_many(texts, item) for scorer in scorers)
        differ += sum(one != other for one, other in zip(ours, plain))
        compared += len(texts)
    return {"texts": compared, "differ": differ}


def _text(rng, texts):
    """A response, one put together from two, repeated, or of odd code points."""
    kind = rng.random()
    first, second = rng.choice(texts).split(), rng.choice(texts).split()
    if kind < 0.3:
        return " ".join(first)
    if kind < 0.6:
        mixed = first + second
        rng.shuffle(mixed)
        return " ".join(mixed[: rng.randint(0, len(mixed))])
    if kind < 0.7:
        return " ".join(first[: rng.randint(0, 6)] * rng.randint(1, 40))
    found = []
    for word in first[:12]:
        last = rng.choice((0x7F, 0x24F, 0x52F, 0x2FFF, 0xFFFF, 0x10FFFF))
        odd = "".join(chr(rng.randrange(last + 1)) for _ in range(rng.randint(1, 5)))
        found.append(rng.choice((word, odd, word + odd, f"{rng.random()}")))
    return rng.choice((" ", "", "-", ", ")).join(found)


def csv_rows(job):
    """A table of many rows: processor time of a row and peak MiB, each in a process of its own."""
    source = Path(job["folder"]) / "many.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["response_id", "text"])
        texts = job["texts"]
        writer.writerows((at, texts[at % len(texts)]) for at in range(job["rows"]))
    found = {}
    for name in BACKENDS:
        command = [sys.executable, __file__, f"csv {name}", sys.argv[2]]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        found[name] = json.loads(done.stdout)
    outputs = [(Path(job["folder"]) / f"{name}.csv").read_bytes() for name in BACKENDS]
    return {**found, "same bytes": outputs[0] == outputs[1]}


def _csv_by(job, name):
    from kd_edge_runtime.tables.score import Request, score_responses

    folder = Path(job["folder"])
    begun = time.process_time()
    score_responses(
        Request(
            folder / "many.csv",
            Path(job["bundle"]),
            output=folder / f"{name}.csv",
            quiet=True,
            backend=name,
        )
    )
    row = (time.process_time() - begun) / job["rows"] * 1e6
    return {"row": row, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    doing = {"race": race, "same": same, "csv": csv_rows}
    for backend in BACKENDS:
        doing[f"csv {backend}"] = lambda job, name=backend: _csv_by(job, name)
    print(json.dumps(doing[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
