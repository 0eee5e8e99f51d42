"""`kd-edge label`: soft labels from a teacher, for responses and for variants of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kd_edge.cli.reading import (
    read,
    read_unlabelled,
    reading_options,
    refuse_overwriting,
    the_item,
    unlabelled_option,
)


@click.command()
@click.argument("teacher", type=click.Path(path_type=Path))
@click.argument("responses", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV file for the soft labels.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Cross-fit: fine-tune so many teachers like this one, each for the rows it did not see.",
)
@click.option(
    "--model",
    metavar="MODEL",
    help="The language model that --folds starts from, where the teacher's own has moved.",
)
@click.option(
    "--variants",
    "variants_output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file for labelled variants of the responses.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    help="How many variants.  [default: 40 a response, 20,000 to 50,000]",
)
@unlabelled_option
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the choice of variants.",
)
@reading_options
def label(
    teacher: Path,
    responses: Path,
    output: Path,
    folds: int,
    model: str | None,
    variants_output: Path | None,
    count: int | None,
    unlabelled: Path | None,
    seed: int,
    **values: Any,
) -> None:
    """Label RESPONSES with the TEACHER's probabilities.

    Test rows are left out, and variants are made of none of the rows by which the teacher's
    best epoch was chosen. After Ctrl-C, the same command goes on.

    \b
    Examples:
      kd-edge label teacher responses.csv -o labels.csv
      kd-edge label teacher responses.csv -o labels.csv --folds 5
      kd-edge label teacher responses.csv -o labels.csv --variants variants.csv --count 20000
      kd-edge label teacher responses.csv -o labels.csv --variants variants.csv \
        --unlabelled more.csv
    """
    if count is not None and variants_output is None:
        raise click.UsageError("--count needs --variants FILE, where the variants go")
    if unlabelled is not None and variants_output is None:
        raise click.UsageError("--unlabelled needs --variants FILE, where its labels go")
    if model is not None and not folds:
        raise click.UsageError("--model needs --folds: without, the TEACHER itself labels")
    if variants_output == output:
        raise click.UsageError("labels and variants need a file each")
    for written in filter(None, (output, variants_output)):
        refuse_overwriting(written, responses)
    item = the_item(read(responses, values))
    others = read_unlabelled(unlabelled, values, item.item_id)

    from kd_edge.console.progress import say
    from kd_edge.soft_labels.augmentation import texts_to_label, unlabelled_texts
    from kd_edge.soft_labels.label_rows import (
        cross_fit,
        label_rows,
        options_of,
        refuse_other_classes,
    )
    from kd_edge.soft_labels.label_variants import label_variants
    from kd_edge.soft_labels.labels import write_labels
    from kd_edge.teacher.card import read_card

    card = read_card(teacher)
    refuse_other_classes(item, teacher, card)
    if folds:
        work = output.with_name(f"{output.name}.folds")
        labels = cross_fit(item, options_of(card, model), folds, work, card.validation_ids)
    else:
        labels = label_rows(item, teacher)
    write_labels(output, labels)
    click.echo(f"{output}: {len(labels.ids):,} soft labels")
    if variants_output is not None:
        held = set(card.validation_ids)
        rows = [
            row
            for row in item.rows
            if row.split != "test" and row.score is not None and row.response_id not in held
        ]
        more = unlabelled_texts(others, item.item_id, item.rows)
        if others is not None:
            say(f"Unscored responses taken: {len(more):,}.")
        texts = texts_to_label(rows, more, count, seed)
        made = label_variants(texts, [teacher], variants_output)
        click.echo(f"{variants_output}: {len(made.texts):,} labelled variants")
