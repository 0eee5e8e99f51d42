"""fastText supervised over words and character n-grams, and quantized."""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path

import fasttext
from best_setting import best
from with_fasttext import _FastText, line

SEED = 0
GRID = tuple(
    {"wordNgrams": words, "minn": least, "maxn": most, "lr": rate, "epoch": epochs}
    for words, (least, most), rate, epochs in product(
        (1, 2, 3), ((0, 0), (2, 4), (3, 6)), (0.2, 0.5), (25, 60)
    )
)
FIXED = {"dim": 16, "bucket": 100_000, "loss": "softmax", "thread": 1, "verbose": 0}


def make(task, folder, _settings):
    """Chooses the settings on the held-out rows, those of quantizing too; writes both models."""
    with tempfile.TemporaryDirectory() as scratch:
        train = Path(scratch) / "train.txt"
        rows = (f"__label__{row['score']} {line(row['text'])}\n" for row in task["train"])
        train.write_text("".join(rows), encoding="utf-8")
        held_out = [row["text"] for row in task["held_out"]]

        def fitted(setting):
            return fasttext.train_supervised(str(train), seed=SEED, **FIXED, **setting)

        def quantized(setting):
            small = fitted(chosen)
            small.quantize(str(train), qnorm=True, thread=1, **setting)
            return small

        def probabilities(model):
            return _FastText(model).probabilities(held_out)

        chosen, model, _ = best(task, GRID, fitted, probabilities)
        model.save_model(str(folder / "model.bin"))
        cutoffs = [
            {"retrain": True, "cutoff": 20_000},
            {"retrain": True, "cutoff": 5_000},
            {"retrain": False},
        ]
        cut, small, _ = best(task, cutoffs, quantized, probabilities)
        small.save_model(str(folder / "model.ftz"))
    rows, dimensions = model.get_input_matrix().shape
    return {
        "parameters": int(rows * dimensions + model.get_output_matrix().size),
        "settings": {**FIXED, **chosen, "quantized": cut},
    }
