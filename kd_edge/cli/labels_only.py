"""What `kd-edge distill --labels-only` does: a student without people's scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.options import print_json
from kd_edge.cli.reading import read
from kd_edge.cli.training import to_kept_out
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.distillation.options import DistilOptions


def distill_labels_only(
    responses: Path,
    labels: Path,
    variants: Path | None,
    output: Path,
    options: DistilOptions,
    values: dict[str, Any],
    as_json: bool,
) -> None:
    """Distil OUTPUT/student from labels alone, and say what is known of it.

    Args:
        responses: a table whose rows need no scores; those that are there are measured on.
        labels: its labels.
        variants: labelled variants, if any.
        output: the folder.
        options: those of the student.
        values: those of the command's other options. Without a scale it is that of the labels'
            columns.
        as_json: whether to print results for programs.

    Raises:
        InputError: something is wrong with a file or an option.
        StoppedError: the user stopped it; the same command resumes.
    """
    from kd_edge.console.tables import print_text
    from kd_edge.distillation.labels_only import distil_labels_only
    from kd_edge.evaluation.review import LABELS_ONLY, review_of
    from kd_edge.files import check_replaceable, make_folder
    from kd_edge.soft_labels.label_variants import read_variants
    from kd_edge.soft_labels.labels import label_classes, read_labels
    from kd_edge.soft_labels.origin import ORIGIN, origin_words, read_origin
    from kd_edge.students import store
    from kd_edge.teacher.compute import computing_on

    if not (values["score_range"] or values["classes"]):
        values = {**values, "classes": ";".join(label_classes(labels)) or None}
    item = read(responses, values, scored=False, folder=output.parent).item()
    classes = item.scale.classes
    if len(classes) < 2:
        raise InputError(
            f"{labels}: no columns p_<score> name the scores: name them, like --score-range 0-3"
        )
    soft = read_labels(labels, classes).by_id()
    more = None if variants is None else read_variants(variants, classes)
    origin = read_origin(labels)
    make_folder(output)
    check_replaceable(output / "student", store.MARKERS)
    shown = () if origin is None else origin.examples
    kept_out = to_kept_out(values)
    with computing_on(values["device"]):
        student = distil_labels_only(item, soft, more, options, output / "work", shown, kept_out)
    about = student.provenance
    if origin is not None:
        about = {**about, ORIGIN: origin.provenance()}
        student = replace(student, provenance=about)
    store.save(student, output / "student")
    known = about[LABELS_ONLY]
    if as_json:
        names = ("calibration", "review", LABELS_ONLY)
        figures = {**about["validation"], **{name: about[name] for name in names}}
        print_json({"student": figures})
        return
    click.echo(f"{output / 'student'}: {student.parameters:,} parameters")
    agreed = about["validation"]["accuracy"]
    click.echo(
        f"  agrees with the labels on {agreed:.1%} of {known['held_out']:,} held-out responses"
    )
    lines = [known["note"], *([origin_words(about[ORIGIN])] if origin else [])]
    print_text("\n".join([*lines, str(review_of(about) or "")]))
