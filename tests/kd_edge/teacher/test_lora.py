"""Decoder-only teachers and adapters: fine-tuned, stopped, kept, moved and refused."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from decoders import DECODERS, tiny_decoder
from kd_edge.soft_labels.label_rows import label_rows, options_of
from kd_edge.stages.folder_sums import write_sums
from kd_edge.students.registry import get
from kd_edge.teacher import finetune, lora
from kd_edge.teacher.card import read_card, teacher_size
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.graph import fp32_graph
from kd_edge.teacher.language_model import check_four_bits
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict
from kd_edge_runtime.errors import InputError
from tiny import press_ctrl_c, tiny_item, tiny_options, tiny_teacher

ITEM = replace(tiny_item(24), prompt=None)
TEXTS = [row.text for row in ITEM.rows]


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """A language model whose tokenizer has no padding token."""
    return tiny_decoder(tmp_path_factory.mktemp("models") / "llama")


def options(model, **more):
    """Two short epochs with an adapter."""
    return tiny_options(model, **{"epochs": 2, "lora": True, "lora_rank": 2, **more})


def taught(model, folder, item=ITEM, **more):
    return finetune.finetune(item, item.rows, options(model, **more), folder)


@pytest.mark.parametrize("family", DECODERS)
def test_every_family_learns_and_labels(family, tmp_path):
    model = tiny_decoder(tmp_path / "model", family, pad=family in ("gemma", "qwen3"))
    report = taught(model, tmp_path / "t", epochs=1)
    adapter = load_file(report.folder / lora.WEIGHTS)
    layers = {name.split(".")[-3] for name in adapter if "lora_A" in name}
    assert layers == set(json.loads((report.folder / lora.CONFIG).read_text())["target_modules"])
    assert len(layers) in (4, 7)
    assert all(torch.count_nonzero(adapter[name]) for name in adapter if "lora_B" in name)
    labels = label_rows(ITEM, report.folder, device="cpu").probabilities
    assert np.allclose(labels.sum(1), 1)
    # Padding changes nothing, with a padding token or without.
    alone = [predict(report.folder, [text], precision="fp32")[0] for text in TEXTS[:3]]
    assert np.allclose(predict(report.folder, TEXTS, precision="fp32")[:3], alone, atol=1e-5)


def test_a_stopped_run_ends_with_the_same_bits(llama, tmp_path, monkeypatch):
    whole = taught(llama, tmp_path / "whole", epochs=3)
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 4)  # in the second epoch of three steps
        with pytest.raises(finetune.StoppedError):
            taught(llama, tmp_path / "stopped", epochs=3)
    kept = load_file(next((tmp_path / "stopped" / "checkpoint").glob("weights-*")))
    assert all("lora_" in name or "score" in name for name in kept), "frozen weights are not saved"
    again = taught(llama, tmp_path / "stopped", epochs=3)
    for name in (lora.WEIGHTS, lora.CONFIG):
        assert (again.folder / name).read_bytes() == (whole.folder / name).read_bytes()
    assert again.card == whole.card


def test_merged_or_kept_it_scores_the_same(llama, tmp_path):
    kept = taught(llama, tmp_path / "kept")
    merged = taught(llama, tmp_path / "merged", lora_keep="merged")
    assert not (kept.folder / "model.safetensors").exists()
    assert not (merged.folder / lora.WEIGHTS).exists()
    assert merged.card.adapter is None
    found = [predict(one.folder, TEXTS, precision="fp32") for one in (kept, merged)]
    assert np.allclose(*found, atol=1e-5)
    small = sum(file.stat().st_size for file in kept.folder.glob("*.safetensors"))
    assert small < (merged.folder / "model.safetensors").stat().st_size / 4
    # In low precision the adapter stays beside the weights, as it was trained.
    assert np.abs(predict(kept.folder, TEXTS, precision="bf16") - found[0]).max() < 0.05
    # The merged one is what transformers itself calls a classifier.
    assert "LlamaForSequenceClassification" in (merged.folder / "config.json").read_text()
    parameters, size = teacher_size(kept.folder)
    assert parameters == kept.parameters
    assert size > (llama / "model.safetensors").stat().st_size


def test_question_and_rubric_are_kept_with_the_teacher(llama, tmp_path):
    item = replace(ITEM, prompt="Why?", rubric="A point each.")
    report = taught(llama, tmp_path / "t", item)
    prompt = read_card(report.folder).prompt
    assert (prompt.question, prompt.rubric) == ("Why?", "A point each.")
    model = load_teacher(report.folder)
    shown = model.tokenizer.decode(model.encode(["cold ice"])[0])
    assert "Question: Why?" in shown
    assert shown.endswith("Rubric: A point each.\n\nResponse: cold ice\n\nScore:")
    assert read_card(taught(llama, tmp_path / "u").folder).prompt.question == ""


def test_less_memory_gives_the_same_teacher(llama, tmp_path):
    few = {"epochs": 1, "class_weights": True}
    whole, *others = (
        load_file(taught(llama, tmp_path / f"t{at}", **few, **more).folder / lora.WEIGHTS)
        for at, more in enumerate(({}, {"checkpointing": True}))
    )
    for name, value in whole.items():
        assert torch.equal(value, others[0][name])


def test_gradients_of_parts_add_up(llama, tmp_path, monkeypatch):
    monkeypatch.setattr(lora, "_DROPOUT", 0.0)
    few = {"epochs": 1, "class_weights": True, "ordinal_weight": 0.7}
    rows = tuple(row for at, row in enumerate(ITEM.rows) if row.score != 2 or at < 12)
    item = replace(ITEM, rows=rows)  # of unlike classes
    whole = taught(llama, tmp_path / "whole", item, **few)
    parts = taught(llama, tmp_path / "parts", item, **few, micro_batch=3)
    losses = [one.card.history[0].train_loss for one in (whole, parts)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    first, second = (load_file(one.folder / lora.WEIGHTS) for one in (whole, parts))
    moved = [(first[name] - second[name]).abs().max() for name in first]
    assert max(moved) < 2e-3
    assert max(value.abs().max() for name, value in first.items() if "lora_B" in name) > 3e-3


def test_both_folders_can_move_together_and_the_model_can_be_named(llama, tmp_path):
    (tmp_path / "a").mkdir()
    shutil.copytree(llama, tmp_path / "a" / "llama")
    taught(tmp_path / "a" / "llama", tmp_path / "a" / "t")
    expected = predict(tmp_path / "a" / "t", TEXTS)
    assert str(tmp_path) not in (tmp_path / "a" / "t" / "teacher.json").read_text()
    assert str(tmp_path) not in (tmp_path / "a" / "t" / lora.CONFIG).read_text()
    (tmp_path / "a").rename(tmp_path / "b")
    teacher = tmp_path / "b" / "t"
    assert np.array_equal(predict(teacher, TEXTS), expected)
    (tmp_path / "b" / "llama").rename(tmp_path / "moved")
    with pytest.raises(
        InputError, match=r"language model 'llama', whose folder is not at .*--model"
    ):
        predict(teacher, TEXTS)
    assert np.array_equal(predict(teacher, TEXTS, base=str(tmp_path / "moved")), expected)
    other = tiny_decoder(tmp_path / "other", "mistral")
    with pytest.raises(InputError, match="is not the language model that the adapter"):
        predict(teacher, TEXTS, base=str(other))
    again = options_of(read_card(teacher), str(tmp_path / "moved"))
    assert (again.lora, again.lora_rank) == (True, 2)


def test_an_adapter_that_lost_its_weights(llama, tmp_path):
    teacher = taught(llama, tmp_path / "t", epochs=1).folder
    weights = load_file(teacher / lora.WEIGHTS)
    del weights[next(iter(weights))]
    lora.save_tensors(teacher / lora.WEIGHTS, weights)
    write_sums(teacher)
    with pytest.raises(InputError, match=r"adapter in .* is damaged"):
        load_teacher(teacher)
    (teacher / lora.WEIGHTS).write_bytes(b"no")
    write_sums(teacher)
    with pytest.raises(InputError, match=r"adapter in .* is missing or damaged"):
        load_teacher(teacher)


def test_a_classifier_keeps_its_head_and_a_decoder_needs_no_adapter(tmp_path):
    model = tiny_decoder(tmp_path / "model", classes=3)
    start = load_file(model / "model.safetensors")["score.weight"]
    report = finetune.finetune(
        ITEM, ITEM.rows, tiny_options(model, epochs=1, head_learning_rate=1e-9), tmp_path / "t"
    )
    saved = load_file(report.folder / "model.safetensors")
    assert torch.allclose(saved["score.weight"], start, atol=1e-5)
    before = load_file(model / "model.safetensors")
    assert any(not torch.equal(saved[name], before[name]) for name in before if "mlp" in name)


@pytest.mark.parametrize("classes", [None, 3])
def test_an_encoder_with_an_adapter(tmp_path, classes):
    model = tiny_teacher(tmp_path / "model", classes=classes)
    report = taught(model, tmp_path / "t")
    assert report.card.prompt is None
    assert json.loads((report.folder / lora.CONFIG).read_text())["target_modules"] == [
        *("key", "query", "value")
    ]
    merged = taught(model, tmp_path / "m", lora_keep="merged")
    found = [predict(one.folder, TEXTS, precision="fp32") for one in (report, merged)]
    assert np.allclose(*found, atol=1e-5)


def test_no_student_is_cut_out_of_a_decoder_and_it_is_not_exported(llama, tmp_path):
    teacher = taught(llama, tmp_path / "t", epochs=1).folder
    kind = get("transformer")
    sources = type("Sources", (), {"texts": TEXTS, "teacher": teacher})()
    for refused in (
        lambda: kind.check_model(llama, sources, kind.options({})),
        lambda: kind.learn_text(sources, kind.options({})),
    ):
        with pytest.raises(InputError, match=r"decoder-only teacher \(llama\).*--student bag"):
            refused()
    with pytest.raises(InputError, match="not converted to ONNX"):
        fp32_graph(load_teacher(teacher), "", "")


def test_layers_that_are_not_there(llama, tmp_path):
    with pytest.raises(InputError, match=r"cannot adapt the layers wolf .*\(llama\).*all-linear"):
        taught(llama, tmp_path / "t", lora_targets=("wolf",))
    report = taught(llama, tmp_path / "u", lora_targets=("q_proj",), epochs=1)
    assert all(
        "q_proj" in name for name in load_file(report.folder / lora.WEIGHTS) if "lora" in name
    )


def test_without_peft(llama, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match=r"pip install 'kd-edge\[lora\]'"):
        taught(llama, tmp_path / "t")


def test_four_bits_need_a_gpu_and_bitsandbytes(llama, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"4-bit weights need an NVIDIA GPU, .* on 'cpu'"):
        taught(llama, tmp_path / "t", four_bit=True)
    encoder = tiny_teacher(tmp_path / "encoder")
    with pytest.raises(InputError, match="for decoder-only language models"):
        taught(encoder, tmp_path / "t", four_bit=True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'kd-edge\[lora-4bit\]'"):
        check_four_bits(torch.device("cuda"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lora_rank": 4}, "--lora-rank: only with --lora"),
        ({"lora_targets": ("q_proj",), "four_bit": True}, "--lora-targets and --4bit: only with"),
        ({"lora_keep": "merged"}, "--lora-keep merged: only with"),
        ({"lora": True, "lora_rank": 0}, "lora_rank"),
        ({"lora": True, "lora_keep": "both"}, "lora_keep"),
        ({"lora": True, "four_bit": True, "lora_keep": "merged"}, "cannot be merged"),
        ({"micro_batch": 0}, "micro_batch"),
    ],
)
def test_options_that_do_not_fit(wrong, message):
    with pytest.raises(InputError, match=message):
        TeacherOptions(**wrong)


def test_earlier_work_is_kept_where_no_new_option_is_used():
    plain = TeacherOptions().as_input()
    assert "lora" not in plain
    assert "micro_batch" not in plain
    assert plain["device"] == "auto"
    assert TeacherOptions(lora=True).as_input() == {**plain, "lora": True}
