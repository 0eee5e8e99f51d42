"""`kd-edge teacher`: fine-tune a language model on an item."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kd_edge.cli.help import GroupedCommand
from kd_edge.cli.options import (
    NEW_FOLDER,
    PATH,
    json_option,
    output_option,
    print_json,
    seed_option,
)
from kd_edge.cli.reading import read, reading_options
from kd_edge.cli.training import teacher_options, to_teacher_options
from kd_edge.console.model_names import RESEARCH


@click.command(cls=GroupedCommand)
@click.argument("responses", type=PATH)
@output_option(NEW_FOLDER, "Folder for the teacher.")
@teacher_options(RESEARCH)
@reading_options
@json_option
@seed_option
def teacher(responses: Path, output: Path, as_json: bool, **values: Any) -> None:
    """Fine-tune a large language model, the teacher, on the scored RESPONSES of one item.

    Responses marked 'test' are left out. After Ctrl-C, the same command resumes after the last
    finished epoch.

    \b
    Examples:
      kd-edge teacher responses.csv -o teacher
      kd-edge teacher train.tsv --item 5 --class-weights -o teacher5
      kd-edge teacher responses.csv --model FacebookAI/roberta-base -o teacher
    """
    options = to_teacher_options(values)
    item = read(responses, values, folder=output.parent).item()

    from kd_edge.teacher.finetune import finetune

    report = finetune(item, item.learning, options, output)
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
        print_json(figures)
        return
    click.echo(f"{output}: {report.parameters:,} parameters")
    click.echo(
        f"  epoch {card.best_epoch} is the best: {card.validation} on "
        f"{len(card.validation_ids)} held-out responses"
    )
