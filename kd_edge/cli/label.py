"""`kd-edge label`: soft labels from a teacher, for responses and for variants of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    COUNT,
    NEW_FILE,
    PATH,
    output_option,
    refuse_missing,
    refuse_overwriting,
    seed_option,
)
from kd_edge.cli.reading import read, read_unlabelled, reading_options, unlabelled_option
from kd_edge.console.model_names import RESEARCH
from kd_edge_runtime.files import refuse_missing_folder


@click.command(cls=GroupedCommand)
@click.argument("teacher", type=PATH)
@click.argument("responses", type=PATH)
@reading_options
@OptionGroup.LABELS.option(
    "--folds",
    type=click.IntRange(min=0),
    default=0,
    help="Cross-fit: fine-tune this many teachers like TEACHER, each to label the responses that "
    "it was not trained on.",
)
@OptionGroup.LABELS.option(
    "--model",
    metavar="MODEL",
    help="With --folds: the language model to start from, if the teacher's own has moved.",
)
@OptionGroup.LABELS.option(
    "--variants",
    "variants_output",
    type=NEW_FILE,
    help="CSV file to write labelled variants of the responses to.",
)
@OptionGroup.LABELS.option(
    "--count",
    type=COUNT,
    help="Number of variants.  [default: 40 per response, 20,000 to 50,000]",
)
@unlabelled_option(RESEARCH)
@output_option(NEW_FILE, "CSV file to write the soft labels to.")
@seed_option
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
    """Label RESPONSES with the probabilities of the TEACHER, a folder from 'kd-edge teacher'.

    The teacher is the large language model from which a small one, the student, will learn.

    Test responses are left out; held-out responses, by which the teacher's best epoch was chosen,
    have no variants. After Ctrl-C, the same command continues.

    \b
    Examples:
      kd-edge label teacher responses.csv -o labels.csv
      kd-edge label teacher responses.csv -o labels.csv --folds 5
      kd-edge label teacher responses.csv -o labels.csv --variants variants.csv
      kd-edge label teacher all.csv -o soft.csv --variants more.csv --count 20000
      kd-edge label teacher a.csv -o soft.csv --variants v.csv --unlabelled b.csv
    """
    if count is not None and variants_output is None:
        raise click.UsageError("--count needs --variants FILE, to write the variants to")
    if unlabelled is not None and variants_output is None:
        raise click.UsageError("--unlabelled needs --variants FILE, to write its labels to")
    if model is not None and not folds:
        raise click.UsageError("--model needs --folds: without --folds, the TEACHER itself labels")
    if variants_output == output:
        raise click.UsageError("labels and variants need different files")
    for file in filter(None, (output, variants_output)):
        refuse_missing_folder(file)
        refuse_overwriting(file, responses)
    refuse_missing(responses, unlabelled)
    # Before the table, which may take long: a wrong folder is more likely.
    from kd_edge.teacher.card import read_card

    card = read_card(teacher)
    item = read(responses, values, folder=output.parent).item()
    unscored = read_unlabelled(unlabelled, values, item.part_of or item.item_id, output.parent)

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
    from kd_edge.teacher.held_out import learning_rows

    refuse_other_classes(item, teacher, card)
    rows = learning_rows(item, teacher, seed)[0] if variants_output else ()
    if folds:
        work = output.with_name(f"{output.name}.folds")
        labels = cross_fit(item, options_of(card, model), folds, work, card.validation_ids)
    else:
        labels = label_rows(item, teacher)
    write_labels(output, labels)
    click.echo(f"{output}: {len(labels.ids):,} soft labels")
    if variants_output is not None:
        more = unlabelled_texts(unscored, item.part_of or item.item_id, item.rows)
        if unscored is not None:
            say(f"Unscored responses used: {len(more):,}.")
        texts = texts_to_label(list(rows), more, count, seed)
        variants = label_variants(texts, [teacher], variants_output)
        click.echo(f"{variants_output}: {len(variants.texts):,} labelled variants")
