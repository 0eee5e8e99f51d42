"""`kd-edge teacher`: fine-tune a language model on an item."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    FILE,
    NEW_FOLDER,
    PATH,
    json_option,
    output_option,
    print_json,
    refuse_missing,
    seed_option,
)
from kd_edge.cli.prompts import read_prompts
from kd_edge.cli.reading import read, reading_options
from kd_edge.cli.training import teacher_options, to_teacher_options
from kd_edge.cli.weakness import with_warnings
from kd_edge.console.model_names import RESEARCH


@click.command(cls=GroupedCommand)
@click.argument("responses", type=PATH)
@output_option(NEW_FOLDER, "Folder for the teacher.")
@OptionGroup.RESPONSES.option(
    "--prompt",
    type=FILE,
    help="Text file with the item's question, which a decoder-only language model reads with each "
    "response.",
)
@OptionGroup.RESPONSES.option("--rubric", type=FILE, help="As --prompt: text file with the rubric.")
@teacher_options(RESEARCH)
@reading_options
@json_option
@seed_option
def teacher(
    responses: Path,
    output: Path,
    prompt: Path | None,
    rubric: Path | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Fine-tune a large language model, the teacher, on the scored RESPONSES of one item.

    A decoder-only model (Llama, Qwen, Gemma, Mistral) reads each response in a prompt with the
    item's question and rubric. Of a text that is too long the end of the rubric is cut off first,
    then that of the question, then that of the response. The prompt is kept with the teacher.

    Responses marked 'test' are left out. After Ctrl-C, the same command resumes after the last
    finished epoch.

    \b
    Examples:
      kd-edge teacher responses.csv -o teacher
      kd-edge teacher train.tsv --item 5 --class-weights -o teacher5
      kd-edge teacher responses.csv --model FacebookAI/roberta-base -o teacher
      kd-edge teacher r.csv --model Qwen/Qwen3-0.6B --lora --prompt q.txt -o t
      kd-edge teacher r.csv --model llama --lora --4bit --device cuda:1 -o t
    """
    options = to_teacher_options(values)
    refuse_missing(responses, prompt, rubric)
    texts = [None if one is None else read_prompts([one])[0] for one in (prompt, rubric)]
    item = read(responses, values, folder=output.parent).item()

    from kd_edge.teacher.finetune import finetune

    if prompt or rubric:
        from kd_edge.teacher.building import check_reads_prompts
        from kd_edge.teacher.source import resolve

        check_reads_prompts(resolve(options.model))
        item = replace(item, prompt=texts[0] or item.prompt, rubric=texts[1])

    report = finetune(item, item.learning, options, output, warn=True)
    card = report.card
    if as_json:
        figures = {
            "best_epoch": card.best_epoch,
            "validation": asdict(card.validation),
            "validation_rows": len(card.validation_ids),
            "train_rows": report.train_rows,
            "parameters": report.parameters,
            "seconds": round(report.seconds, 1),
        }
        print_json(with_warnings(figures, report.warnings))
        return
    click.echo(f"{output}: {report.parameters:,} parameters")
    click.echo(
        f"  after epoch {card.best_epoch}: {card.validation} on "
        f"{len(card.validation_ids)} held-out responses"
    )
