"""What `benchmarks.scoring_speed` runs in child processes, in any Python that has the runtime.

    python scoring_speed_child.py WHAT JSON

Prints one JSON object. Times are microseconds a response.
"""

from __future__ import annotations

import csv
import json
import statistics
import sys
import time
from pathlib import Path

from kd_edge_runtime.scorer import Scorer

ROUNDS = 9
CONFIGURATIONS = {"100 dimensions": {"dim": 100}, "10 dimensions": {"dim": 10}}


def one_by_one(runs, texts, rounds=ROUNDS):
    """The least median of rounds in which all runs take turns."""
    found = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times = []
            for text in texts:
                start = time.perf_counter()
                run(text)
                times.append(time.perf_counter() - start)
            found[name].append(statistics.median(times) * 1e6)
    return {name: min(medians) for name, medians in found.items()}


def at_once(runs, texts, rounds=ROUNDS):
    """The least processor time of rounds in which all runs take turns."""
    found = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.thread_time()
            run(texts)
            found[name].append((time.thread_time() - start) / len(texts) * 1e6)
    return {name: min(times) for name, times in found.items()}


def total(job):
    """One response and many, for a runtime of any age; and the first responses of a process."""
    texts = job["texts"]
    first = []
    for start in range(0, 10 * job["fresh"], job["fresh"]):
        with Scorer.open(job["bundle"], "plain") as scorer:
            part = (texts * 2)[start % len(texts) :][: job["fresh"]]
            for text in part[:20]:
                scorer.score(text)
            first.append(one_by_one({"": scorer.score}, part[20:], 1)[""])
    scorer = Scorer.open(job["bundle"], "plain")
    return {
        "one": one_by_one({"": scorer.score}, texts)[""],
        "first": statistics.median(first),
        "many": at_once({"": scorer.score_many}, (texts * 20)[: job["many"]], 3)[""],
    }


def profile(job):
    """Where the time of one response goes: what each step adds to those before it."""
    scorer = Scorer.open(job["bundle"], "plain")
    for text in job["texts"]:
        scorer.score(text)  # the words are cached, as in the later rounds
    model = scorer._items[None]._read.__self__
    words, cache = model._response_words, model._cache
    network = model._network

    def lanes(response):
        return model._lanes(cache.words.total(response))

    steps = {
        "nothing": lambda _: None,
        "words": words,
        "sum of words and pairs": lambda text: lanes(words(text)),
        "network, softmax": lambda text: network(lanes(words(text))),
        "the backend's own": lambda text: model.probabilities((text,)),
        "decision, flag, score": scorer.score,
    }
    found = one_by_one(steps, job["texts"], 15)
    names = [*steps]
    return {name: found[name] - found[before] for before, name in zip(names, names[1:])}


def fasttext(job):
    """Ours and fastText's `.ftz` in one process."""
    import fasttext as module

    module.FastText.eprint = lambda *_: None
    lines = [" ".join(text.split()) for text in job["texts"]]
    train = Path(job["folder"]) / "train.txt"
    train.write_text(
        "".join(f"__label__{name} {line.lower()}\n" for name, line in zip(job["labels"], lines)),
        encoding="utf-8",
    )
    scorer = Scorer.open(job["bundle"], "plain")
    runs = {"ours": scorer.score}
    batches = {"ours": scorer.score_many}
    for name, options in CONFIGURATIONS.items():
        model = module.train_supervised(
            str(train),
            wordNgrams=2,
            epoch=25,
            bucket=50_000,
            thread=1,
            verbose=0,
            seed=0,
            **options,
        )
        model.quantize(str(train), retrain=True, qnorm=True, cutoff=20_000, thread=1)
        runs[name] = batches[name] = model.predict
    return {
        "one": one_by_one(runs, lines),
        "many": at_once(batches, (lines * 20)[: job["many"]], 5),
        "version": "fasttext-wheel 0.9.2",
    }


def table(job):
    """A CSV of responses against the same responses in memory."""
    from kd_edge_runtime.tables.score import Request, score_responses

    folder = Path(job["folder"])
    texts = (job["texts"] * (job["many"] // len(job["texts"]) + 1))[: job["many"]]
    source = folder / "many.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["response_id", "text"], *enumerate(texts)])

    def streamed(_):
        request = Request(source, Path(job["bundle"]), output=folder / "out.csv", quiet=True)
        score_responses(request)

    def in_memory(texts):
        with Scorer.open(job["bundle"], "plain") as scorer:
            scorer.score_many(texts)

    return at_once({"memory": in_memory, "csv": streamed}, texts, 5)


if __name__ == "__main__":
    doing = {"total": total, "profile": profile, "fasttext": fasttext, "table": table}
    print(json.dumps(doing[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
