"""`kd-edge export`: students into a bundle, or a teacher into ONNX."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.export_target import Target
from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    FILE,
    NEW_FILE,
    NEW_PATH,
    PATH,
    form_option,
    json_option,
    print_json,
    refuse_missing,
    refuse_overwriting,
)
from kd_edge.cli.prompts import prompt_option, read_prompts
from kd_edge.cli.reading import read, reading_options
from kd_edge.cli.second import second_options, seconds_by_item, to_cascade_options
from kd_edge.cli.sizes import max_size_option, show_search
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.bundling.parity import FormParity, Limits
    from kd_edge.data.responses import Responses
    from kd_edge.size_search.search import Sized
    from kd_edge.students.student import Student


@click.command(cls=GroupedCommand)
@click.argument("students", type=PATH, nargs=-1, required=True)
@OptionGroup.RESPONSES.option(
    "--responses",
    type=PATH,
    help="The scored responses that the students were distilled from: forms are compared with "
    "PyTorch on the held-out ones too.",
)
@reading_options
@OptionGroup.TEACHER.option(
    "--teacher",
    is_flag=True,
    help="Export the folder of a teacher, not of students, to ONNX.",
)
@OptionGroup.BUNDLE.option(
    "--c",
    "as_c",
    is_flag=True,
    help="Write a folder of C in place of a bundle: the scoring core and the items as arrays.",
)
@OptionGroup.BUNDLE.option(
    "--js",
    "as_js",
    is_flag=True,
    help="Write a folder of JavaScript: the bundle, and a module that scores in Node and in pages.",
)
@OptionGroup.BUNDLE.option(
    "--html",
    "page",
    type=NEW_FILE,
    metavar="PAGE",
    help="Write an HTML file that scores in a browser, offline; with -o, beside the bundle.",
)
@OptionGroup.STUDENT.option(
    "--second",
    "seconds",
    type=PATH,
    multiple=True,
    metavar="FOLDER",
    help="A second student of an item (may be repeated), asked where the first is not sure; needs "
    "--responses.",
)
@second_options("With --second")
@form_option(
    "A form of the network to include (may be repeated), or 'all'.  [default: the int8 forms, "
    "and float forms for students without int8 ones]",
)
@OptionGroup.BUNDLE.option(
    "--bits",
    type=click.IntRange(2, 8),
    help="Bits per number in a bag's table.  [default: those it was trained with]",
)
@prompt_option(
    OptionGroup.BUNDLE,
    FILE,
    "Text file with the item's prompt or rubric, for golden rows and to flag copies of it "
    "(may be repeated).",
)
@max_size_option(
    "Find the most accurate bundle of at most this many bytes, like 16KB; needs --responses.",
)
@OptionGroup.PARITY.option(
    "--greatest-difference",
    type=click.FloatRange(0, 1),
    default=1e-4,
    help="Largest difference in a probability, for forms with the same numbers as PyTorch.",
)
@OptionGroup.PARITY.option(
    "--least-equal",
    type=click.FloatRange(0, 1),
    default=0.99,
    help="Smallest share of equal scores, for forms with rounded numbers.",
)
@OptionGroup.PARITY.option(
    "--qwk-loss",
    type=click.FloatRange(0, 2),
    default=0.005,
    help="Largest loss of QWK on held-out responses, for forms with rounded numbers.",
)
@OptionGroup.OUTPUT.option(
    "-o",
    "--output",
    type=NEW_PATH,
    help="The bundle to write (.kdz); with --teacher, --c or --js a folder. Needed without --html.",
)
@json_option
def export(
    students: tuple[Path, ...],
    output: Path | None,
    forms: tuple[str, ...],
    bits: int | None,
    responses: Path | None,
    prompts: tuple[Path, ...],
    max_size: int | None,
    seconds: tuple[Path, ...],
    teacher: bool,
    as_c: bool,
    as_js: bool,
    page: Path | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Put one or more STUDENTS (folders from 'kd-edge distill', one for each item) into a bundle.

    Every form of the network is run as on a device, on golden rows and on held-out responses,
    and compared with PyTorch. If one scores differently, nothing is written, and an earlier
    bundle stays as it is.

    \b
    Examples:
      kd-edge export out/student -o item.kdz --responses responses.csv
      kd-edge export item1/student item2/student -o assessment.kdz
      kd-edge export out/student -o item.kdz --form plain-int8 --form tflite-int8
      kd-edge export student -o item.kdz --responses responses.csv --max-size 16KB
      kd-edge export student --second second -o item.kdz --responses scored.csv
      kd-edge export out/student --c -o scorer
      kd-edge export out/student --js -o scorer
      kd-edge export out/student --html page.html
      kd-edge export out/teacher --teacher -o onnx --responses responses.csv
    """
    refuse_missing(responses, *prompts)
    for path in (output, page):
        refuse_overwriting(path, responses, *prompts)
    from kd_edge.bundling.bundle import ExportItem, ExportOptions
    from kd_edge.bundling.parity import Limits
    from kd_edge.students import store
    from kd_edge.teacher.held_out import held_out_rows

    target = Target(output, page, as_c, as_js)
    cascade = to_cascade_options(values, bool(seconds), "name the second with --second")
    limits = Limits(values["greatest_difference"], values["least_equal"], values["qwk_loss"])
    by_people = teacher or not any(map(store.chosen_by_labels, students))
    folder = target.path.parent
    scored = None if responses is None else read(responses, values, by_people, folder=folder)
    if teacher:
        unfit: dict[str, object] = {"--form": forms, "--bits": bits, "--prompt": prompts}
        unfit |= {"--max-size": max_size, "--c": as_c, "--js": as_js, "--second": seconds}
        unfit["--html"] = page
        for name, value in unfit.items():
            if value:
                raise InputError(f"{name} is for students: leave it out with --teacher")
        _export_teacher(students, target.path, scored, limits, as_json)
        return
    target.check(forms, seconds)
    texts = read_prompts(prompts)
    loaded = [_load(folder) for folder in students]
    if max_size is not None:
        loaded = [_cut(loaded, scored, max_size, target.path, texts, forms, bits)]
        forms, bits = forms or ("plain-int8",), None
    second = seconds_by_item([_load(folder) for folder in seconds], loaded)
    if seconds and scored is None:
        raise InputError("--second needs --responses, to choose when the second is asked")
    items = [
        ExportItem(
            student,
            texts,
            () if scored is None else held_out_rows(student, scored),
            texts,
            second=second.get(student.item_id),
        )
        for student in loaded
    ]
    exported = target.write(items, ExportOptions(forms, bits, limits, cascade), prompts)
    if as_json:
        parity = {name: [asdict(form) for form in forms] for name, forms in exported.parity.items()}
        print_json(parity)
        return
    _show({f"Item '{name}'": forms for name, forms in exported.parity.items()})
    for line in target.lines():
        click.echo(line)


def _load(folder: Path) -> Student:
    """Loads a student.

    Raises:
        InputError: the folder holds no student; if it holds a teacher, with the command for it.
    """
    from kd_edge.students import store
    from kd_edge.teacher.card import CARD

    if (folder / CARD).is_file():
        raise InputError(
            f"{folder} holds a teacher, not a student. To export it to ONNX, type: "
            f"kd-edge export {shlex.quote(str(folder))} --teacher -o teacher-onnx"
        )
    return store.load(folder)


def _export_teacher(
    folders: Sequence[Path],
    output: Path,
    scored: Responses | None,
    limits: Limits,
    as_json: bool,
) -> None:
    from kd_edge.bundling.teacher_onnx import export_teacher
    from kd_edge.evaluation.agreement import human_scores
    from kd_edge.teacher.held_out import learning_rows

    if len(folders) != 1:
        raise InputError("--teacher takes the folder of one teacher")
    item = None if scored is None else scored.item()
    rows = () if item is None else learning_rows(item, folders[0], 0)[1]
    exported = export_teacher(
        folders[0],
        output,
        [row.text for row in rows],
        human_scores(rows) if rows else None,
        limits,
        [row.response_id for row in rows],
        "" if item is None else item.item_id,
    )
    if as_json:
        print_json([asdict(form) for form in exported.forms])
        return
    title = f"Teacher, {exported.parameters:,} parameters"
    _show({title: [form.parity for form in exported.forms]})
    click.echo(f"{output}: {', '.join(sorted(path.name for path in output.iterdir()))}")


def _cut(
    students: Sequence[Student],
    scored: Responses | None,
    limit: int,
    output: Path,
    texts: tuple[str, ...],
    forms: tuple[str, ...],
    bits: int | None,
) -> Student:
    """The student with fewer n-grams or bits, so that its bundle fits into `limit` bytes."""
    from kd_edge.size_search.search import Search
    from kd_edge.size_search.tried import Limits
    from kd_edge.students import registry
    from kd_edge.teacher.held_out import held_out_rows, refuse_unscored

    if len(students) != 1 or not registry.get(students[0].kind).has_sizes:
        raise InputError("--max-size takes one student, and a bag: other kinds have one size only")
    if bits is not None:
        raise InputError("--max-size chooses the bits: leave --bits out")
    if scored is None:
        raise InputError("--max-size needs --responses, to measure smaller students on")
    student = students[0]
    held_out = held_out_rows(student, scored)
    refuse_unscored(student.item_id, held_out, "choose a smaller student")
    learning = scored.item(student.item_id).learning
    training_texts = [row.text for row in learning if row not in held_out]
    limits = Limits(limit)
    search = Search(limits, held_out, texts, forms)

    def cut() -> tuple[Student, Sized]:
        sized = search.cut(student, training_texts)
        return sized.student, sized

    return show_search(cut, output.with_suffix(""), limits)


def _show(parity: Mapping[str, Sequence[FormParity]]) -> None:
    from kd_edge.bundling.parity import parity_table
    from kd_edge.console.tables import print_tables

    print_tables(*(parity_table(title, forms) for title, forms in parity.items()))
