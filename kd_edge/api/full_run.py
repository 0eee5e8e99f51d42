"""A full run, and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge.api.arguments import Workplace, check, to_options, to_path, to_texts
from kd_edge.data.responses import Responses
from kd_edge.distillation.options import DistilOptions
from kd_edge.report.make import WrittenReport, make_report
from kd_edge.report.page.verdict import SECONDS
from kd_edge.runs import run as runs
from kd_edge.runs.cross_item.run import TogetherReport, run_together
from kd_edge.runs.options import RunOptions
from kd_edge.runs.run import RunReport
from kd_edge.size_search.tried import ALL, Limits
from kd_edge.students.kept_out import kept_out
from kd_edge.students.registry import BOTH
from kd_edge.teacher.options import TeacherOptions


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run.

    Attributes:
        folder: everything that it wrote.
        bundle: the bundle's file.
        report: figures, sizes and options; `report.items` has an entry for each item, of a run
            `together` `report.questions`.
    """

    folder: Path
    bundle: Path
    report: RunReport | TogetherReport


def run(
    responses: Responses,
    folder: str | Path | None = None,
    *,
    test: Responses | None = None,
    prompts: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    unlabelled: Responses | None = None,
    model: str | None = None,
    kind: str | None = None,
    max_size: int | None = None,
    max_ms: float | None = None,
    variants: int | None = None,
    seed: int | None = None,
    together: bool = False,
    never: Sequence[str] = (),
    options: RunOptions | None = None,
) -> RunResult:
    """Fine-tune, label, distil, export and measure: a full run, for every item.

    Args:
        responses: scored responses of one or more items.
        folder: where everything goes; what is there already and unchanged is kept.
        test: responses to measure on; by default the rows marked "test", or a fifth.
        prompts: prompt and rubric as text; by item id, where there are several items.
        unlabelled: responses without scores, for the teacher to label.
        model: see `finetune`.
        kind: see `distil`.
        max_size: bytes that the bundle of an item by itself may take: students of several sizes are
            tried, and the most accurate that fits is taken; of all kinds unless one is named.
        max_ms: likewise the mean milliseconds of a response, on one thread of this machine.
        variants: see `label`.
        seed: of all that is random, >= 0; 0 by default.
        together: train one student for all items, by their prompts and reference answers; and with
            the kind "both" a second one, cut out of the teacher.
        never: names and other words that no student may know.
        options: everything else.

    Raises:
        InputError: see `finetune`, `label` and `distil`; of several items, all have failed.
        TypeError: an argument is of the wrong type, or has no use together with another.

    Example:
        >>> result = run(responses, "out")
        >>> report(result)
    """
    check("responses", responses, Responses)
    base = RunOptions() if options is None else options
    check("options", base, RunOptions)
    chosen = replace(
        base,
        teacher=to_options(base.teacher, TeacherOptions, model=model, seed=seed),
        distil=to_options(base.distil, DistilOptions, student=kind, seed=seed),
        variants=base.variants if variants is None else variants,
    )
    if max_size is not None or max_ms is not None:
        chosen = _within(chosen, Limits(max_size, max_ms), every=kind is None and options is None)
    by_item = prompts
    if not isinstance(by_item, Mapping):
        by_item = {one.item_id: to_texts("prompts", by_item) for one in responses.items}
    sources = {name: to_texts("prompts", texts) for name, texts in by_item.items()}
    if together and (prompts or unlabelled):
        raise TypeError("with together, run takes neither prompts nor unlabelled responses")
    words = kept_out(to_texts("never", never))
    place = Workplace(folder, make=False)
    finished: RunReport | TogetherReport
    if together:
        finished = run_together(responses, place.path, chosen, test, words)
    else:
        finished = runs.run(responses, place.path, chosen, test, sources, unlabelled, words)
    return place.keep_for(RunResult(place.path, place.path / finished.bundle, finished))


def _within(options: RunOptions, limits: Limits, *, every: bool) -> RunOptions:
    """The options with limits; with `every`, all kinds are tried."""
    if not every:
        return replace(options, limits=limits)
    distil = replace(options.distil, student=BOTH)
    return replace(options, limits=limits, distil=distil, kinds=ALL)


def report(
    run: RunResult | str | Path,
    folder: str | Path | None = None,
    *,
    responses: bool = True,
    seconds: float = SECONDS,
) -> WrittenReport:
    """Write verdict and figures of a run as a page, report.html, and as Markdown, report.md.

    Args:
        run: the result of `run`, or its folder.
        folder: where to write them; by default into the run's folder.
        responses: whether to show responses on which model and people disagree; False for a page
            without students' words.
        seconds: how long a person takes to mark a response, for the time that is saved.

    Raises:
        InputError: the folder holds no finished run.
        ValueError: `seconds` is not above 0.

    Example:
        >>> report("out", "shared", responses=False)
    """
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}, it must be above 0")
    out = run.folder if isinstance(run, RunResult) else to_path("run", run)
    output = out if folder is None else to_path("folder", folder)
    return make_report(out, output, responses=responses, seconds=seconds)
