"""`kd-edge distill`: a student from soft labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.distilling import distil_options, to_distil_options
from kd_edge.cli.reading import read, read_prompts, reading_options, the_item
from kd_edge.cli.sizes import BYTES, show_search
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.students.store import Student


@click.command()
@click.argument("responses", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV file with soft labels: from 'kd-edge label', or made elsewhere.",
)
@click.option(
    "--variants",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file with labelled variants.",
)
@click.option(
    "--teacher",
    "teacher_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The teacher, so that the same rows are held out, and for a transformer's tokenizer.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for student and baseline.",
)
@click.option(
    "--max-size",
    type=BYTES,
    metavar="BYTES",
    help="Distil bags of several sizes, and keep the most accurate whose bundle takes at most "
    "so many bytes, like 16KB.",
)
@click.option(
    "--form",
    "forms",
    multiple=True,
    metavar="NAME",
    help="With --max-size: a form that the bundle is to hold (may be repeated).  "
    "[default: plain-int8]",
)
@click.option(
    "--prompt",
    "prompts",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="With --max-size: text file with the item's prompt or rubric, whose golden rows take "
    "bytes too (may be repeated).",
)
@distil_options
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of all that is drawn at random.",
)
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def distill(
    responses: Path,
    labels: Path,
    variants: Path | None,
    teacher_folder: Path | None,
    output: Path,
    max_size: int | None,
    forms: tuple[str, ...],
    prompts: tuple[Path, ...],
    as_json: bool,
    **values: Any,
) -> None:
    """Distil a student of one item from its scored RESPONSES and soft labels.

    Writes OUTPUT/student, and OUTPUT/baseline: the same student without a teacher. Both are
    calibrated on responses that they did not learn from, and the confidence below which a
    score is flagged for a person is chosen on these.

    \b
    Examples:
      kd-edge distill responses.csv --labels labels.csv --variants variants.csv -o out
      kd-edge distill responses.csv --labels llm.csv -o out --temperature 2
      kd-edge distill responses.csv --labels labels.csv -o out --student rnn
      kd-edge distill responses.csv --labels labels.csv -o out --max-size 16KB
      kd-edge distill responses.csv --labels labels.csv -o out --review-accuracy 0.95
    """
    options = to_distil_options(values)
    if max_size is None and (forms or prompts):
        raise InputError("--form and --prompt say what a bundle of --max-size is to hold")
    sources = read_prompts(prompts)
    item = the_item(read(responses, values))

    from kd_edge.distillation.distil import distil
    from kd_edge.evaluation.review import review_of
    from kd_edge.files import check_replaceable, make_folder
    from kd_edge.size_search.distil import distil_to_size
    from kd_edge.size_search.search import Search
    from kd_edge.soft_labels.label_variants import read_variants
    from kd_edge.soft_labels.labels import labels_by_id
    from kd_edge.students import store
    from kd_edge.teacher.held_out import learning_rows

    rows, held_out = learning_rows(item, teacher_folder, options.seed)
    classes = item.scale.classes
    soft = labels_by_id(labels, classes, rows)
    more = None if variants is None else read_variants(variants, classes)
    make_folder(output)
    for name in ("student", "baseline"):
        check_replaceable(output / name, store.MARKERS)  # before the work, not after it
    given = (item, rows, held_out, soft, more, options, output / "work")
    if max_size is None:
        made = distil(*given, teacher_folder)
    else:
        search = Search(max_size, held_out, sources, forms)
        made = show_search(lambda: distil_to_size(*given, search), output / "student", max_size)
    store.save(made.student, output / "student")
    store.save(made.baseline, output / "baseline")
    figures = {"student": _figures(made.student), "baseline": _figures(made.baseline)}
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    click.echo(f"{output / 'student'}: {made.student.parameters:,} parameters")
    for name, found in figures.items():
        kappa = found["qwk"]
        click.echo(
            f"  {name:<9} validation "
            + (f"QWK {kappa:.3f}, " if kappa is not None else "")
            + f"accuracy {found['accuracy']:.3f} ({len(held_out)} held-out responses)"
        )
    click.echo(review_of(made.student))


def _figures(student: Student) -> dict[str, Any]:
    made = student.provenance
    return {**made["validation"], "calibration": made["calibration"], "review": made["review"]}
