"""What LoRA saves: an adapter beside full fine-tuning, on a random Llama without a GPU.

    OMP_NUM_THREADS=1 python -m benchmarks.lora

The language model has random weights, 4 layers and 256 numbers a token: what is measured are
bytes, memory and time, and not what it learns. Each way is one process. Seconds are the processor's
in one epoch, loading and saving included; the memory is the highest of the process above what it
has when the language model is about to be loaded. Writes `results/lora.json`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.console.tables import markdown

SIZES = {
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 768,
    "max_position_embeddings": 512,
    "vocab_size": 16_000,
}
ROWS, SEED = 96, 0
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("all weights", {}),
    "merged": ("`--lora --lora-keep merged`", {"lora": True, "lora_keep": "merged"}),
    "adapter": ("`--lora`", {"lora": True}),
    "micro": ("`--lora --micro-batch 4`", {"lora": True, "micro_batch": 4}),
    "checkpointing": ("`--lora --gradient-checkpointing`", {"lora": True, "checkpointing": True}),
    "full-checkpointing": ("all weights, `--gradient-checkpointing`", {"checkpointing": True}),
}


@click.command()
@click.option("--child", nargs=2, hidden=True, help="The way, and a folder with the model.")
def main(child: tuple[str, str] | None) -> None:
    """Measure each way in a process of its own."""
    if child:
        print(json.dumps(_measure(child[0], Path(child[1]))))
        return
    figures: dict[str, Any] = {"sizes": SIZES, "rows": ROWS, "ways": {}}
    with tempfile.TemporaryDirectory() as folder:
        figures["model_bytes"] = _make_model(Path(folder) / "model")
        for name in WAYS:
            command = [sys.executable, "-m", "benchmarks.lora", "--child", name, folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            figures["ways"][name] = json.loads(done.stdout.splitlines()[-1])
            click.echo(f"{name}: {figures['ways'][name]}")
    click.echo(str(record.write("lora", figures, SEED)))


def _make_model(folder: Path) -> int:
    """Writes the random Llama with a byte-level tokenizer; returns the bytes of its weights."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({token: at for at, token in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    torch.manual_seed(SEED)
    config = transformers.LlamaConfig(**SIZES)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return (folder / "model.safetensors").stat().st_size


def _measure(name: str, folder: Path) -> dict[str, float]:
    """One epoch of fine-tuning, after what all ways import and make ready."""
    import importlib

    from benchmarks.made_items import made_items
    from kd_edge.teacher.finetune import finetune
    from kd_edge.teacher.options import TeacherOptions

    for needed in ("peft", "transformers.models.llama.modeling_llama", "sklearn.metrics"):
        importlib.import_module(needed)
    item = next(iter(made_items().values())).item
    rows = [row for row in item.rows if row.split != "test"][:ROWS]
    options = TeacherOptions(
        model=str(folder / "model"), epochs=1, precision="fp32", device="cpu", **WAYS[name][1]
    )
    before, started = _peak_mib(), time.process_time()
    teacher = finetune(item, rows, options, folder / name)
    seconds = time.process_time() - started
    return {
        "bytes": sum(file.stat().st_size for file in teacher.folder.glob("*.safetensors")),
        "peak_mib": _peak_mib() - before,
        "seconds": seconds,
        "parameters": teacher.parameters,
    }


def _peak_mib() -> float:
    """The highest resident memory of this process so far."""
    for line in Path(f"/proc/{os.getpid()}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell a process's peak memory")


def table() -> str:
    """Bytes, memory and seconds of each way."""
    figures = record.read("lora")["figures"]["ways"]
    rows = [
        [
            said,
            f"{figures[name]['bytes']:,}",
            f"{figures[name]['peak_mib']:.0f}",
            f"{figures[name]['seconds']:.1f}",
        ]
        for name, (said, _) in WAYS.items()
    ]
    header = ["fine-tuned", "teacher, bytes", "peak memory, MiB", "processor seconds"]
    return markdown(header, rows)


if __name__ == "__main__":
    main()
