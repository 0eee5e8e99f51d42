"""The files and folders of a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from kd_edge.console.progress import say
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge.stages.record import hash_json, read_record
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError, InputError

BUNDLE = "bundle.kdz"
REPORT = "report.json"
# The report of one student for all questions.
TOGETHER = "together.json"


def item_folder(out: Path, item_id: str) -> Path:
    """The folder of an item: its name, with what a file system may refuse left out.

    A name that had to be changed, or that differs from another by its capitals alone, gets a piece
    of its hash.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", item_id.lower()).strip("-")[:60]
    if plain != item_id:
        plain = f"{plain}-{hash_json(item_id)[:8]}".lstrip("-")
    return out / f"item-{plain}"


def refuse_other_items(out: Path, report: str, items: Collection[str]) -> None:
    """Refuse to replace the bundle of other items; say which items a new one will lack.

    Args:
        out: the run's folder.
        report: the name of the report that is about to be written there.
        items: all that the new bundle will hold.

    Raises:
        InputError: the bundle that is there holds none of the items, or is of the other sort of
            run.
    """
    bundle = out / BUNDLE
    if not bundle.is_file():
        return
    if (out / (REPORT if report == TOGETHER else TOGETHER)).is_file():
        sort = "without" if report == TOGETHER else "with"
        raise InputError(f"{out} holds a run {sort} --together: {_instead(out)}")
    try:
        with Bundle(bundle) as opened:
            held = [entry.item_id for entry in opened.manifest.items]
    except BundleError:
        return  # there is nothing to lose
    lost = [name for name in held if name not in items]
    if not lost:
        return
    named = ", ".join(f"'{name}'" for name in lost[:3]) + (", …" if len(lost) > 3 else "")
    if len(lost) == len(held):
        raise InputError(f"{out} holds a run of other responses, to {named}: {_instead(out)}")
    say(f"{bundle} will no longer hold {named}, to which there is no response here.")


def refuse_other_responses(
    out: Path,
    folder: Path,
    rows: str,
    texts: Collection[str],
    classes: Sequence[str],
    *,
    questions: bool = False,
) -> None:
    """Refuse to replace a run of other responses; say so where changed responses replace some.

    Where some responses are the same, this is taken for a later state of the same table.

    Args:
        out: the run's folder.
        folder: where the teacher's record is: the item's folder, or the run's.
        rows: the hash of the rows to learn from, as that record has it.
        texts: all responses, those to measure on too.
        classes: the class names in order.
        questions: whether it is a run of one student for all questions.

    Raises:
        InputError: a bundle is there, and none of the responses that it was measured on is
            among `texts`.
    """
    record = read_record(folder / "teacher.stage.json")
    if record is None or record.inputs.get("rows") == rows:
        return
    if (out / BUNDLE).is_file():
        try:
            measured = read_scored(folder / FILE, classes, questions=questions).texts
        except InputError:  # other classes, or from before there was such a file
            measured = ()
        if measured and not set(texts).intersection(measured):
            raise InputError(
                f"{out} holds a run of other responses, none of which is here: {_instead(out)}"
            )
    say(f"{folder}: the responses have changed; the files of the earlier ones are replaced.")


def _instead(out: Path) -> str:
    return (
        f"its bundle would be lost. Name another folder with -o, or remove '{out / BUNDLE}' first"
    )
