"""`kd-edge run`: from scored responses to a bundle in one command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.cluster import cluster_options, to_cluster
from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    COUNT,
    NEW_FOLDER,
    PATH,
    json_option,
    output_option,
    print_json,
    refuse_missing,
    seed_option,
)
from kd_edge.cli.prompts import prompt_option, prompts_by_item
from kd_edge.cli.reading import (
    only_item_id,
    read,
    read_test,
    read_unlabelled,
    reading_options,
    unlabelled_option,
)
from kd_edge.cli.second import second_options, to_cascade_options
from kd_edge.cli.sizes import max_ms_option, max_size_option
from kd_edge.cli.training import (
    distil_options,
    teacher_options,
    to_distil_options,
    to_kept_out,
    to_teacher_options,
)
from kd_edge.cli.weakness import accept_weak_option, end_if_weak, warn_of_weakness
from kd_edge.console.model_names import SCHOOL
from kd_edge.size_search.tried import ALL, Limits, check_kinds
from kd_edge.students.registry import BOTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge.data.responses import LeftOut
    from kd_edge.runs.cross_item.run import TogetherReport
    from kd_edge.runs.items import Failed
    from kd_edge.runs.run import RunReport
    from kd_edge.training.doubts import Doubt

_SHARED_FIGURES = {"accuracy": "accuracy", "macro_f1": "macro F1", "weighted_f1": "weighted F1"}


@click.command(cls=GroupedCommand)
@click.argument("responses", type=PATH)
@OptionGroup.RESPONSES.option(
    "--test",
    type=PATH,
    help="Scored responses to measure on instead of those marked 'test' in RESPONSES.  "
    "[default: those, or a fifth of all]",
)
@prompt_option(
    OptionGroup.RESPONSES,
    PATH,
    "Text file with the item's prompt or rubric (may be repeated); for several items a "
    "folder with <item>.txt for each, or <item>/prompt.txt and <item>/rubric.txt. Used for golden "
    "rows and to flag copies of the prompt.",
)
@reading_options
@OptionGroup.TEACHER.option(
    "--teachers",
    type=COUNT,
    default=1,
    help="Number of large models per item (with --together: for all items), fine-tuned with "
    "different seeds; the small model learns from the mean of their probabilities.",
)
@teacher_options(SCHOOL)
@OptionGroup.LABELS.option(
    "--folds",
    type=click.IntRange(min=0),
    default=0,
    help="Cross-fit with this many large models, each to label responses that it was not trained "
    "on; 0: one large model labels all responses.",
)
@OptionGroup.LABELS.option(
    "--variants",
    type=click.IntRange(min=0),
    help="Number of variants that the large model labels.  [default: 40 per response, 20,000 to "
    "50,000]",
)
@unlabelled_option(SCHOOL)
@OptionGroup.STUDENT.option(
    "--together",
    is_flag=True,
    help="Train one small model for all items, which compares a response with the item's reference "
    "answers: for few responses per item, and for items of --test without RESPONSES. With "
    "--student both, a second one of layers of the large model reads an answer and the response.",
)
@distil_options(SCHOOL, "; with --max-size or --max-ms bag, transformer and both are tried")
@second_options("With --student both, --max-size or --max-ms")
@max_size_option(
    "Try students of several sizes and keep the most accurate one whose bundle has at most this "
    "many bytes, like 16KB or 8MB. Of several items the limit is for each, as if in a bundle by "
    "itself: the bundle of all takes more.",
)
@max_ms_option(
    "As --max-size, for the mean milliseconds of a response on this machine, on one thread; of "
    "several items, of a response to each.",
)
@cluster_options()
@output_option(NEW_FOLDER, "Folder for the bundle, the report and all intermediate results.")
@accept_weak_option
@json_option
@seed_option
def run(
    responses: Path,
    output: Path,
    test: Path | None,
    prompts: tuple[Path, ...],
    unlabelled: Path | None,
    teachers: int,
    folds: int,
    variants: int | None,
    together: bool,
    max_size: int | None,
    max_ms: float | None,
    as_json: bool,
    accept_weak: bool,
    **values: Any,
) -> None:
    """Make a bundle from scored RESPONSES: train, check and measure it in one run.

    Fine-tunes a large language model (in research, the teacher), lets it label the responses and
    thousands of variants of them, and trains a small model (the student) on these labels; for
    comparison, also the same small model on people's scores alone. Writes bundle.kdz and
    report.json. With --max-size or --max-ms each item's folder has frontier.svg and frontier.json
    too, the sizes that were tried; a search with other limits keeps what was trained.

    Stages whose inputs have not changed are skipped: after Ctrl-C, start the same command again
    to resume. If one of several items fails, the others are finished.

    Exit codes: 0 done; 1 an item failed; 2 wrong input or options; 6 done, but the small model is
    no better than always giving the most frequent score, or than the same one trained without the
    large model: warnings say which, --accept-weak ends with 0 all the same; 130 stopped.

    \b
    Examples:
      kd-edge run responses.csv -o out
      kd-edge run train.tsv --test test.tsv --item 1 -o out --prompt prompt.txt
      kd-edge run assessment.csv -o out --prompt prompts --unlabelled more.csv
      kd-edge run responses.csv -o out --teachers 2
      kd-edge run responses.csv -o out --student rnn --variants 10000 --json
      kd-edge run responses.csv -o out --student both --second-share 0.2
      kd-edge run responses.csv -o out --max-size 64KB
      kd-edge run responses.csv -o out --max-size 8MB --max-ms 2
      kd-edge run responses.csv -o out --review-accuracy 0.95
      kd-edge run responses.csv -o out --device cuda:1 --accept-weak
      kd-edge run assessment.csv -o /shared/out --cluster auto --cluster-gpus 1
      kd-edge run responses.csv -o out --min-responses 5 --never names.txt
      kd-edge run training/beetle -o out --together --test test-unseen-questions
      kd-edge run answers.csv -o out --together --references questions.csv
      kd-edge run training/beetle -o out --together --teachers 3
    """
    if together and prompts:
        raise click.UsageError("--together takes the prompts from RESPONSES: leave --prompt out")
    if together and values.get("markup"):
        raise click.UsageError("--together reads plain responses only: leave --markup out")
    if together and unlabelled:
        raise click.UsageError("--together needs scored responses: leave --unlabelled out")
    limited = max_size is not None or max_ms is not None
    if together and limited:
        raise click.UsageError(
            "--together trains one small model, which has one size: leave --max-size and --max-ms "
            "out"
        )
    # Before anything that takes seconds to import.
    tables = (values.get(name) for name in ("scores", "references", "never"))
    refuse_missing(responses, test, unlabelled, *tables, *prompts)
    every = limited and values["student"] is None
    distil = to_distil_options({**values, "student": BOTH} if every else values)
    two = distil.second is not None
    cascade = to_cascade_options(values, two, "train the second with --student both")
    limits = Limits(max_size, max_ms) if limited else None
    if limits is not None:
        check_kinds([distil.student])
    teacher = to_teacher_options(values)
    kept_out = to_kept_out(values)
    values["together"] = together
    cluster = to_cluster(values)
    scored = read(responses, values, folder=output)
    texts = prompts_by_item(prompts, scored)
    tested = read_test(test, values, scored, output)
    unscored = read_unlabelled(unlabelled, values, only_item_id(scored), output)

    from kd_edge.runs.options import RunOptions

    options = RunOptions(
        teacher, teachers, folds, variants, distil, cascade, limits, ALL if every else ()
    )
    if together:
        from kd_edge.runs.cross_item.run import run_together

        joint = run_together(scored, output, options, tested, kept_out)
        if as_json:
            print_json(joint.as_json())
        else:
            _show_together(joint, output)
        _end(scored.left_out, joint.warnings, accept_weak)
        return
    from kd_edge.runs.run import run as run_items

    report = run_items(scored, output, options, tested, texts, unscored, kept_out, cluster)
    if as_json:
        print_json(report.as_json())
    else:
        _show(report, output)
    _end(report.failed, report.warnings, accept_weak)


def _end(failed: Sequence[Failed | LeftOut], warnings: Sequence[Doubt], accept_weak: bool) -> None:
    """Says which items are not in the bundle, and loudly what its small models do not do better.

    It ends with an exit code of its own for either, that of a failed item first.
    """
    for one in failed:
        message = f"Item '{one.item_id}' failed and is not in the bundle: {one.why}"
        click.echo(message, err=True)
    weak = warn_of_weakness(warnings)
    if failed:
        sys.exit(1)
    end_if_weak(weak, accept_weak)


def _show(report: RunReport, output: Path) -> None:
    from kd_edge.console.tables import print_tables, print_text
    from kd_edge.evaluation.sums import sums_table
    from kd_edge.evaluation.tables import LEGEND, figures_table, pooled_table, smaller

    for item in report.items:
        title = (
            f"Item '{item.item_id}': agreement with people's scores on {item.rows['test']} "
            f"responses ({item.test_rows})"
        )
        print_tables(figures_table(title, item.lines))
        print_text(f"\n{smaller(item.sizes)}")
        said = (item.size, item.choice, item.cascade, item.review)
        print_text("\n".join(str(one) for one in said if one))
        click.echo()
    if len(report.items) > 1:
        print_tables(pooled_table(report.pooled))
        click.echo()
    for found in report.sums:
        print_tables(sums_table(found))
        click.echo()
    if report.items:
        print_text(LEGEND)
        click.echo()
    click.echo(f"Bundle: {output / report.bundle}")


def _show_together(report: TogetherReport, output: Path) -> None:
    from kd_edge.console.tables import TerminalTable, print_tables, print_text, short
    from kd_edge.evaluation.agreement import scorer_name
    from kd_edge.evaluation.tables import LEGEND

    for part in report.parts:
        count = next(iter(part.scorers.values())).responses
        title = f"{count} responses, {part.name} ({report.test_rows})"
        rows = [
            [scorer_name(name), *(f"{getattr(found, figure):.3f}" for figure in _SHARED_FIGURES)]
            for name, found in part.scorers.items()
        ]
        print_tables(TerminalTable(title, ("", *_SHARED_FIGURES.values()), rows))
        click.echo()
    sizes, teachers = report.sizes, report.options["teachers"]
    large = "Large model" if teachers == 1 else f"{teachers} large models together"
    print_text(
        f"Small model: {short(sizes.student_parameters)} parameters, {sizes.shared_bytes:,} bytes "
        f"for all questions and {sizes.question_bytes:,.0f} more for each. {large}: "
        f"{short(sizes.teacher_parameters)} parameters, {sizes.teacher_bytes:,} bytes."
    )
    if report.choice:
        print_text(str(report.choice))
    if report.second:
        print_text(report.second.why)
        if report.second.used:
            size = f"{short(report.second.parameters)} parameters, {report.second.bytes:,} bytes"
            print_text(f"Second model: {size} for all questions.")
    click.echo()
    print_text(LEGEND)
    click.echo()
    click.echo(f"Bundle: {output / report.bundle} ({sizes.bundle_bytes:,} bytes)")
