"""`kd-edge export`: students into a bundle, or a teacher into ONNX."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.reading import read, read_prompts, reading_options, the_item
from kd_edge.cli.sizes import BYTES, show_search
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.bundling.parity import FormParity, Limits
    from kd_edge.data.responses import Responses, Row
    from kd_edge.size_search.search import Sized
    from kd_edge.students.store import Student


@click.command()
@click.argument("students", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The bundle (.kdz) to write; with --teacher a folder.",
)
@click.option(
    "--form",
    "forms",
    multiple=True,
    metavar="NAME",
    help="A form to make (may be repeated), or 'all'.  [default: the int8 forms, and what a "
    "student has besides]",
)
@click.option(
    "--bits",
    type=click.IntRange(2, 8),
    help="Bits of a number of a bag's table.  [default: those it was trained in]",
)
@click.option(
    "--responses",
    type=click.Path(path_type=Path),
    help="The scored responses that the students were distilled from: forms are held against "
    "PyTorch on those that were held out, too.",
)
@click.option(
    "--prompt",
    "prompts",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Text file with the item's prompt or rubric, for the golden rows and to flag copies of it "
    "(may be repeated).",
)
@click.option(
    "--max-size",
    type=BYTES,
    metavar="BYTES",
    help="Find the most accurate bundle of at most so many bytes, like 16KB; needs --responses.",
)
@click.option(
    "--greatest-difference",
    type=click.FloatRange(0, 1),
    default=1e-4,
    show_default=True,
    help="Of a probability, where a form holds the numbers that PyTorch holds.",
)
@click.option(
    "--least-equal",
    type=click.FloatRange(0, 1),
    default=0.99,
    show_default=True,
    help="Share of equal classes, where it holds them rounded.",
)
@click.option(
    "--qwk-loss",
    type=click.FloatRange(0, 2),
    default=0.005,
    show_default=True,
    help="QWK that may be lost on held-out responses, where it holds them rounded.",
)
@click.option("--teacher", is_flag=True, help="Export a teacher's folder to ONNX instead.")
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def export(
    students: tuple[Path, ...],
    output: Path,
    forms: tuple[str, ...],
    bits: int | None,
    responses: Path | None,
    prompts: tuple[Path, ...],
    max_size: int | None,
    teacher: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Put one or more STUDENTS (folders, one an item) into a bundle.

    Every form is run as a device would run it, on the golden rows and on held-out responses,
    and held against PyTorch. One that scores otherwise stops the export: no bundle is
    written, and one that is there stays.

    \b
    Examples:
      kd-edge export out/student -o item.kdz --responses responses.csv
      kd-edge export item1/student item2/student -o assessment.kdz
      kd-edge export out/student -o item.kdz --form plain-int8 --form tflite-int8
      kd-edge export out/student -o small.kdz --responses responses.csv --max-size 16KB
      kd-edge export out/teacher --teacher -o teacher-onnx --responses responses.csv
    """
    from kd_edge.bundling.bundle import ExportItem, ExportOptions
    from kd_edge.bundling.bundle import export as write
    from kd_edge.bundling.parity import Limits
    from kd_edge.students import store

    limits = Limits(values["greatest_difference"], values["least_equal"], values["qwk_loss"])
    given = None if responses is None else read(responses, values)
    if teacher:
        others = {"--form": forms, "--bits": bits, "--prompt": prompts, "--max-size": max_size}
        _refuse_for_teachers(others)
        _export_teacher(students, output, given, limits, as_json)
        return
    sources = read_prompts(prompts)
    loaded = [store.load(folder) for folder in students]
    if max_size is not None:
        loaded = [_cut(loaded, given, max_size, output, sources, forms, bits)]
        forms, bits = forms or ("plain-int8",), None
    items = [
        ExportItem(student, sources, () if given is None else _held_out(student, given), sources)
        for student in loaded
    ]
    made = write(items, output, {}, ExportOptions(forms, bits, limits))
    if as_json:
        compared = {name: [asdict(one) for one in all_] for name, all_ in made.parity.items()}
        click.echo(json.dumps(compared, indent=2, ensure_ascii=False))
        return
    _show({f"Item '{name}'": forms for name, forms in made.parity.items()})
    click.echo(f"{output}: {output.stat().st_size:,} bytes")


def _refuse_for_teachers(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value:
            raise InputError(f"{name} is for students: a teacher is exported whole")


def _export_teacher(
    folders: Sequence[Path],
    output: Path,
    given: Responses | None,
    limits: Limits,
    as_json: bool,
) -> None:
    from kd_edge.bundling.teacher_onnx import export_teacher
    from kd_edge.evaluation.agreement import human_scores
    from kd_edge.teacher.held_out import learning_rows

    if len(folders) != 1:
        raise InputError("give one teacher's folder at a time")
    rows: tuple[Row, ...] = ()
    if given is not None:
        _, rows = learning_rows(the_item(given), folders[0], 0)
    made = export_teacher(
        folders[0],
        output,
        [row.text for row in rows],
        human_scores(rows) if rows else None,
        limits,
        [row.response_id for row in rows],
        the_item(given).item_id if given is not None else "",
    )
    if as_json:
        click.echo(json.dumps([asdict(one) for one in made.forms], indent=2))
        return
    parity = [one.parity for one in made.forms]
    _show({f"Teacher, {made.parameters:,} parameters": parity})
    click.echo(f"{output}: {', '.join(sorted(path.name for path in output.iterdir()))}")


def _cut(
    students: Sequence[Student],
    given: Responses | None,
    limit: int,
    output: Path,
    sources: tuple[str, ...],
    forms: tuple[str, ...],
    bits: int | None,
) -> Student:
    """The student with fewer n-grams or bits, so that its bundle fits."""
    from kd_edge.size_search.search import Search
    from kd_edge.students import kinds

    if len(students) != 1 or not kinds.get(students[0].kind).has_sizes:
        raise InputError("--max-size takes one student, and a bag: the others have one size")
    if bits is not None:
        raise InputError("--max-size finds the bits: leave --bits out")
    if given is None:
        raise InputError("--max-size needs --responses, to measure what a smaller student loses")
    student = students[0]
    held_out = _held_out(student, given)
    learnt = [
        row.text
        for row in given.item(student.item_id).rows
        if row.score is not None and row.split != "test" and row not in held_out
    ]
    search = Search(limit, held_out, sources, forms)

    def cut() -> tuple[Student, Sized]:
        found = search.cut(student, learnt)
        return found.student, found

    return show_search(cut, output.with_suffix(""), limit)


def _held_out(student: Student, given: Responses) -> tuple[Row, ...]:
    """The responses that a student held out.

    Raises:
        InputError: none of them is there.
    """
    ids = set(student.held_out)
    rows = tuple(
        row
        for row in given.item(student.item_id).rows
        if row.response_id in ids and row.score is not None
    )
    if not rows:
        raise InputError(
            f"{given.source}: none of the responses that the student of item "
            f"'{student.item_id}' held out is among these: give those it was distilled from"
        )
    return rows


def _show(parity: Mapping[str, Sequence[FormParity]]) -> None:
    from kd_edge.bundling.parity import parity_table
    from kd_edge.console.tables import print_tables

    print_tables(*(parity_table(title, forms) for title, forms in parity.items()))
