"""`kd-edge label`: soft labels from a teacher, for responses and for variants of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.llm import label_by_llm, llm_options, refuse_without_llm
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
from kd_edge.cli.training import device_option
from kd_edge.console.model_names import RESEARCH

if TYPE_CHECKING:
    from kd_edge.data.responses import Item
    from kd_edge.soft_labels.labels import SoftLabels
    from kd_edge.teacher.card import TeacherCard
    from kd_edge.teacher.options import TeacherOptions


@click.command(cls=GroupedCommand)
@click.argument("paths", type=PATH, nargs=-1, metavar="[TEACHER] RESPONSES")
@reading_options
@llm_options
@OptionGroup.LABELS.option(
    "--folds",
    type=click.IntRange(min=0),
    default=0,
    help="Cross-fit: fine-tune this many teachers like TEACHER, each to label the responses that "
    "it was not trained on.",
)
@OptionGroup.LABELS.option(
    "--teachers",
    type=COUNT,
    default=1,
    help="Number of teachers, by the mean of whose probabilities responses are labelled: more "
    "like TEACHER are fine-tuned with different seeds, and kept in <output>.teachers.",
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
@device_option(OptionGroup.LABELS, RESEARCH)
@output_option(NEW_FILE, "CSV file to write the soft labels to.")
@seed_option
def label(
    paths: tuple[Path, ...],
    output: Path,
    folds: int,
    teachers: int,
    variants_output: Path | None,
    count: int | None,
    unlabelled: Path | None,
    device: str,
    seed: int,
    **values: Any,
) -> None:
    """Label RESPONSES with the probabilities of the TEACHER, a folder from 'kd-edge teacher'.

    The teacher is the large language model from which a small one, the student, will learn. With
    --llm it is one that was never fine-tuned, behind an API, and RESPONSES need no scores.

    Test responses are left out; held-out responses, by which the teacher's best epoch was chosen,
    have no variants. After Ctrl-C, the same command continues. With --llm, what it will cost is
    said first, and no answer is asked for twice.

    \b
    Examples:
      kd-edge label teacher responses.csv -o labels.csv
      kd-edge label teacher responses.csv -o labels.csv --folds 5
      kd-edge label teacher responses.csv -o labels.csv --teachers 3
      kd-edge label teacher responses.csv -o labels.csv --variants variants.csv
      kd-edge label teacher all.csv -o soft.csv --variants more.csv --count 20000
      kd-edge label teacher a.csv -o soft.csv --variants v.csv --unlabelled b.csv
      kd-edge label adapter r.csv -o labels.csv --model llama --device cuda
      kd-edge label r.csv --llm http://localhost:11434/v1 --model qwen3 -o l.csv
      kd-edge label r.csv --llm URL --model m --rubric rubric.txt -o l.csv
      kd-edge label r.csv --llm URL --model m --template own.txt -o l.csv
    """
    teacher, responses = _teacher_and_responses(paths, values["llm"] is not None)
    model = values["model"]
    _refuse_unfit(output, folds, teachers, variants_output, count, unlabelled, values)
    for file in filter(None, (output, variants_output)):
        refuse_overwriting(file, responses)
    refuse_missing(responses, unlabelled)
    if teacher is None:
        if device != "auto":
            raise click.UsageError("--device needs a TEACHER: with --llm, the server computes")
        label_by_llm(responses, output, variants_output, count, unlabelled, seed, values)
        return
    # Before the table, which may take long: a wrong folder is more likely.
    from kd_edge.teacher.card import read_item_card

    card = read_item_card(teacher)
    if model is not None and not folds and teachers == 1 and card.adapter is None:
        raise click.UsageError(
            "--model needs --folds or --teachers: without them, the TEACHER itself labels"
        )
    item = read(responses, values, folder=output.parent).item()
    unscored = read_unlabelled(unlabelled, values, item.part_of or item.item_id, output.parent)

    from kd_edge.console.progress import say
    from kd_edge.soft_labels.augmentation import texts_to_label, unlabelled_texts
    from kd_edge.soft_labels.label_rows import label_rows, refuse_other_classes
    from kd_edge.soft_labels.label_variants import clear_partial, label_variants
    from kd_edge.soft_labels.labels import write_labels
    from kd_edge.teacher.held_out import learning_rows

    refuse_other_classes(item, teacher, card)
    rows = learning_rows(item, teacher, seed)[0] if variants_output else ()
    folders: tuple[Path, ...] = (teacher,)
    precision = "auto"
    if teachers > 1:
        options = _options_like(teacher, card, model, device)
        folders = _more_teachers(item, teacher, teachers, options, output)
        # As `kd-edge run` labels with them.
        precision, device = options.precision, options.device
    if folds:
        labels = _cross_fit(item, card, folds, _options_like(teacher, card, model, device), output)
    else:
        labels = label_rows(item, folders, device, model, precision)
    write_labels(output, labels)
    click.echo(f"{output}: {len(labels.ids):,} soft labels")
    if variants_output is not None:
        more = unlabelled_texts(unscored, item.part_of or item.item_id, item.rows)
        if unscored is not None:
            say(f"Unscored responses used: {len(more):,}.")
        texts = texts_to_label(list(rows), more, count, seed)
        variants = label_variants(
            texts, folders, variants_output, precision, device=device, base=model
        )
        clear_partial(variants_output)
        click.echo(f"{variants_output}: {len(variants.texts):,} labelled variants")


def _options_like(
    teacher: Path, card: TeacherCard, model: str | None, device: str
) -> TeacherOptions:
    """How teachers like TEACHER are fine-tuned, on the device that was named."""
    from kd_edge.soft_labels.label_rows import options_of

    options = options_of(card, model, teacher)
    return options if device == "auto" else replace(options, device=device)


def _more_teachers(
    item: Item, teacher: Path, count: int, options: TeacherOptions, output: Path
) -> tuple[Path, ...]:
    from kd_edge.console.progress import say
    from kd_edge.soft_labels.more_teachers import more_teachers

    work = output.with_name(f"{output.name}.teachers")
    folders = more_teachers(item, teacher, count, options, work)
    say(
        f"{work} keeps the teachers but the first: with them, the same command needs no "
        "fine-tuning. It can be removed."
    )
    return folders


def _cross_fit(
    item: Item, card: TeacherCard, folds: int, options: TeacherOptions, output: Path
) -> SoftLabels:
    from kd_edge.soft_labels.label_rows import as_read_by, cross_fit

    work = output.with_name(f"{output.name}.folds")
    return cross_fit(as_read_by(card, item), options, folds, work, card.validation_ids)


def _teacher_and_responses(paths: tuple[Path, ...], llm: bool) -> tuple[Path | None, Path]:
    """The two arguments, of which the first is left out with --llm.

    Raises:
        UsageError: there are more or fewer.
    """
    wanted = ("RESPONSES",) if llm else ("TEACHER", "RESPONSES")
    if len(paths) < len(wanted):
        more = "" if llm else " (or --llm URL, for a language model behind an API)"
        raise click.UsageError(f"Missing argument '{wanted[len(paths)]}'{more}.")
    if len(paths) > len(wanted):
        with_llm = ": with --llm there is no TEACHER" if llm else ""
        raise click.UsageError(f"Got an unexpected argument ({paths[len(wanted)]}){with_llm}.")
    return (None, paths[0]) if llm else (paths[0], paths[1])


def _refuse_unfit(
    output: Path,
    folds: int,
    teachers: int,
    variants_output: Path | None,
    count: int | None,
    unlabelled: Path | None,
    values: dict[str, Any],
) -> None:
    """Refuses options that do not go together.

    Raises:
        UsageError: some do not.
    """
    if count is not None and variants_output is None:
        raise click.UsageError("--count needs --variants FILE, to write the variants to")
    if unlabelled is not None and variants_output is None:
        raise click.UsageError("--unlabelled needs --variants FILE, to write its labels to")
    if folds and teachers > 1:
        raise click.UsageError(
            "give --folds or --teachers, not both: cross-fitting trains teachers itself"
        )
    if values["llm"] is not None and (folds or teachers > 1):
        option = "--folds" if folds else "--teachers"
        raise click.UsageError(f"{option} needs a TEACHER: a model behind an API is not fine-tuned")
    if values["llm"] is None:
        refuse_without_llm(values)
    if variants_output == output:
        raise click.UsageError("labels and variants need different files")
