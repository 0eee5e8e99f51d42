"""`kd-edge distill`: a student from soft labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.labels_only import distill_labels_only
from kd_edge.cli.options import (
    FILE,
    FOLDER,
    NEW_FOLDER,
    PATH,
    form_option,
    json_option,
    output_option,
    print_json,
    refuse_missing,
    seed_option,
)
from kd_edge.cli.prompts import prompt_option, read_prompts
from kd_edge.cli.reading import read, reading_options
from kd_edge.cli.sizes import max_ms_option, max_size_option, show_search
from kd_edge.cli.training import device_option, distil_options, to_distil_options, to_kept_out
from kd_edge.cli.weakness import (
    accept_weak_option,
    end_if_weak,
    warn_of_weakness,
    with_warnings,
)
from kd_edge.console.model_names import RESEARCH
from kd_edge.students.registry import BOTH
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge.data.responses import Row
    from kd_edge.students.student import Student


@click.command(cls=GroupedCommand)
@click.argument("responses", type=PATH)
@reading_options
@OptionGroup.TEACHER.option(
    "--teacher",
    "teacher_folder",
    type=FOLDER,
    help="The teacher's folder: the same responses are held out as for the teacher, and a "
    "transformer student is cut out of it.",
)
@OptionGroup.LABELS.option(
    "--labels",
    type=FILE,
    required=True,
    help="CSV file with soft labels, from 'kd-edge label' or from any other model.",
)
@OptionGroup.LABELS.option(
    "--labels-only",
    is_flag=True,
    help="Learn from the soft labels alone: RESPONSES need no scores. Those without one are learnt "
    "from, and those that people scored are only measured on.",
)
@OptionGroup.LABELS.option(
    "--variants",
    type=FILE,
    help="CSV file with labelled variants, from 'kd-edge label --variants'.",
)
@distil_options(RESEARCH, "; with --max-size or --max-ms bag, transformer and both are tried")
@device_option(
    OptionGroup.STUDENT, RESEARCH, "rnn or the transformer, or the teacher that it is cut out of,"
)
@max_size_option(
    "Distil students of several sizes and keep the most accurate one whose bundle has at most "
    "this many bytes, like 16KB or 8MB.",
)
@max_ms_option(
    "As --max-size, for the mean milliseconds of a response on this machine, on one thread.",
)
@form_option(
    "With --max-size or --max-ms: a form that the bundle will hold (may be repeated).  "
    "[default: plain-int8]"
)
@prompt_option(
    OptionGroup.BUNDLE,
    FILE,
    "With --max-size or --max-ms: text file with the item's prompt or rubric, whose golden rows "
    "need bytes too (may be repeated).",
)
@output_option(NEW_FOLDER, "Folder for the student and the baseline.")
@accept_weak_option
@json_option
@seed_option
def distill(
    responses: Path,
    labels: Path,
    labels_only: bool,
    variants: Path | None,
    teacher_folder: Path | None,
    output: Path,
    max_size: int | None,
    max_ms: float | None,
    forms: tuple[str, ...],
    prompts: tuple[Path, ...],
    device: str,
    as_json: bool,
    accept_weak: bool,
    **values: Any,
) -> None:
    """Distil a small model, the student, of one item from its scored RESPONSES and soft labels.

    Writes OUTPUT/student, and OUTPUT/baseline: the same model trained without a teacher (beside a
    transformer, a bag); with '--student both' also OUTPUT/second, the transformer. All are
    calibrated on held-out responses, on which the confidence below which a score is flagged for
    review is chosen too. So is the weight of soft labels and baseline in what the student learns;
    where the baseline is better, OUTPUT/student is the baseline.

    Exit codes: 0 done; 2 wrong input or options; 6 done, but on the held-out responses the student
    is no better than always giving the most frequent score, or than the baseline: a warning says
    which, --accept-weak ends with 0 all the same; 130 stopped.

    \b
    Examples:
      kd-edge distill responses.csv --labels labels.csv -o out
      kd-edge distill responses.csv --labels labels.csv --variants more.csv -o out
      kd-edge distill responses.csv --labels llm.csv -o out --review-accuracy 0.95
      kd-edge distill unscored.csv --labels llm.csv --labels-only -o out
      kd-edge distill responses.csv --labels labels.csv -o out --max-size 16KB
      kd-edge distill r.csv --labels labels.csv --teacher t -o out --max-size 8MB
      kd-edge distill responses.csv --labels labels.csv -o out --student rnn
      kd-edge distill responses.csv --labels labels.csv -o out --never names.txt
      kd-edge distill r.csv --labels labels.csv --teacher t -o out --student both
      kd-edge distill r.csv --labels l.csv -o out --student rnn --device cuda:1
    """
    # Before anything that takes seconds to import.
    refuse_missing(responses, labels, variants, values["never"])
    limited = max_size is not None or max_ms is not None
    every = limited and values["student"] is None
    options = to_distil_options({**values, "student": BOTH} if every else values)
    _refuse_unfit(limited, bool(forms or prompts), labels_only, bool(teacher_folder))
    kept_out = to_kept_out(values)
    if labels_only:
        values["device"] = device
        distill_labels_only(responses, labels, variants, output, options, values, as_json)
        return
    sources = read_prompts(prompts)
    item = read(responses, values, folder=output.parent).item()

    from kd_edge.console.tables import print_text
    from kd_edge.distillation.choice import choice_of
    from kd_edge.distillation.distil import clear_work, distil
    from kd_edge.distillation.learning import LearningData
    from kd_edge.distillation.weakness import weaknesses
    from kd_edge.evaluation.review import review_of
    from kd_edge.files import check_replaceable, make_folder
    from kd_edge.size_search.distil import distil_to_size
    from kd_edge.size_search.search import Search
    from kd_edge.size_search.tried import ALL, Limits
    from kd_edge.soft_labels.label_variants import read_variants
    from kd_edge.soft_labels.labels import labels_by_id
    from kd_edge.stages.lock import held
    from kd_edge.students import store
    from kd_edge.teacher.compute import computing_on
    from kd_edge.teacher.held_out import learning_rows
    from kd_edge.training.doubts import row_doubts, say_doubts

    rows, held_out = learning_rows(item, teacher_folder, options.seed)
    classes = item.scale.classes
    soft = labels_by_id(labels, classes, rows)
    labelled_variants = None if variants is None else read_variants(variants, classes)
    data = LearningData(
        item, rows, held_out, soft, labelled_variants, teacher_folder, kept_out=kept_out
    )
    doubts = row_doubts(item.item_id, item.scale, rows, held_out)
    say_doubts(doubts)
    make_folder(output)
    names = ("student", "baseline", *(["second"] if options.second else []))
    for name in names:
        check_replaceable(output / name, store.MARKERS)  # before the work, not after it
    work = output / "work"
    with held(work, "distilling"), computing_on(device):
        if not limited:
            distilled = distil(data, options, work)
        else:
            limits = Limits(max_size, max_ms)
            search = Search(limits, held_out, sources, forms)
            kinds = ALL if every else ()
            distilled = show_search(
                lambda: distil_to_size(data, options, work, search, kinds),
                output / "student",
                limits,
            )
        students = {"student": distilled.student, "baseline": distilled.baseline}
        if distilled.second:
            students["second"] = distilled.second
        students = _with_origin(students, labels, held_out)
        for name, student in students.items():
            store.save(student, output / name)
        clear_work(work)
    figures = {name: _figures(student) for name, student in students.items()}
    warnings = (*doubts, *weaknesses(data, distilled))
    if as_json:
        print_json(with_warnings(figures, warnings))
        end_if_weak(warn_of_weakness(warnings), accept_weak)
        return
    click.echo(f"{output / 'student'}: {distilled.student.parameters:,} parameters")
    for name, measured in figures.items():
        kappa = measured["qwk"]
        click.echo(
            f"  {name:<9} validation "
            + (f"QWK {kappa:.3f}, " if kappa is not None else "")
            + f"accuracy {measured['accuracy']:.3f} ({len(held_out)} held-out responses)"
        )
    about = distilled.student.provenance
    print_text("\n".join(str(one) for one in (choice_of(about), review_of(about)) if one))
    end_if_weak(warn_of_weakness(warnings), accept_weak)


def _refuse_unfit(limited: bool, bundled: bool, labels_only: bool, teacher: bool) -> None:
    """Refuses options that do not go together.

    Raises:
        InputError: some do not.
    """
    if not limited and bundled:
        raise InputError(
            "--form and --prompt need --max-size or --max-ms: they set what its bundle will hold"
        )
    if labels_only and (limited or teacher):
        raise InputError(
            "--labels-only goes with neither --max-size and --max-ms, which choose by people's "
            "scores, nor --teacher"
        )


def _with_origin(
    students: dict[str, Student], labels: Path, held_out: Sequence[Row]
) -> dict[str, Student]:
    """The students, those that learnt from labels with what is known of who made these."""
    from kd_edge.console.progress import say
    from kd_edge.soft_labels.origin import ORIGIN, read_origin

    origin = read_origin(labels)
    if origin is None:
        return students
    seen = len({row.response_id for row in held_out} & set(origin.examples))
    if seen:
        say(
            f"{labels}: its language model was shown the scores of {seen} held-out responses, on "
            "which it looks better than it is: label again with the --seed given here."
        )
    by = {ORIGIN: origin.provenance()}
    return {
        name: student
        if name == "baseline"
        else replace(student, provenance={**student.provenance, **by})
        for name, student in students.items()
    }


def _figures(student: Student) -> dict[str, Any]:
    about = student.provenance
    names = ("calibration", "review", "choice")
    return {**about["validation"], **{name: about[name] for name in names if name in about}}
