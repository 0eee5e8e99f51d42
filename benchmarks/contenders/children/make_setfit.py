"""SetFit on the packaged MiniLM: contrastive pairs, then logistic regression."""

from __future__ import annotations

import tempfile

from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

from kd_edge.teacher.source import PACKAGED, resolve

SEED = 0


def make(task, folder, settings):
    """Trains with some `steps` of some `pairs`, the head on all rows to learn from."""
    model = SetFitModel.from_pretrained(str(resolve(PACKAGED).folder), device="cpu")
    model.model_body.max_seq_length = 192
    rows = {
        "text": [row["text"] for row in task["train"]],
        "label": [row["score"] for row in task["train"]],
    }
    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            batch_size=(settings["pairs"], 64),
            max_steps=settings["steps"],
            seed=SEED,
            sampling_strategy="oversampling",
            save_strategy="no",
            report_to="none",
            use_amp=False,
        )
        Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict(rows)).train()
    model.save_pretrained(str(folder / "model"))
    head = model.model_head
    body = sum(parameter.numel() for parameter in model.model_body.parameters())
    return {
        "parameters": int(body + head.coef_.size + head.intercept_.size),
        "settings": settings,
    }
