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
    """The folder of an item: its id without characters that a file system may refuse.

    An id that is changed or has capital letters, which some systems ignore, gets a part of its
    hash.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", item_id.lower()).strip("-")[:60]
    if plain != item_id:
        plain = f"{plain}-{hash_json(item_id)[:8]}".lstrip("-")
    return out / f"item-{plain}"


def refuse_other_items(out: Path, report: str, items: Collection[str]) -> None:
    """Refuse to replace the bundle of other items; name the items that the new one will not hold.

    Args:
        out: the run's folder.
        report: the name of the report that is about to be written there.
        items: all that the new bundle will hold.

    Raises:
        InputError: the existing bundle holds none of the items, or is that of a run with the other
            setting of --together.
    """
    bundle = out / BUNDLE
    if not bundle.is_file():
        return
    if (out / (REPORT if report == TOGETHER else TOGETHER)).is_file():
        setting = "without" if report == TOGETHER else "with"
        raise InputError(f"{out} holds a run {setting} --together: {_instead(out)}")
    try:
        with Bundle(bundle) as opened:
            held = [entry.item_id for entry in opened.manifest.items]
    except BundleError:
        return  # it cannot be used anyway
    lost = [name for name in held if name not in items]
    if not lost:
        return
    named = ", ".join(f"'{name}'" for name in lost[:3]) + (", …" if len(lost) > 3 else "")
    if len(lost) == len(held):
        raise InputError(f"{out} holds a run of other responses, to {named}: {_instead(out)}")
    say(f"{bundle} will no longer hold {named}, to which there are no responses here.")


def refuse_other_responses(
    out: Path,
    folder: Path,
    rows: str,
    texts: Collection[str],
    classes: Sequence[str],
    *,
    questions: bool = False,
) -> None:
    """Refuse to replace a run of other responses; report changed responses.

    If some responses are the same, the table counts as a later version of the same one.

    Args:
        out: the run's folder.
        folder: the folder with the teacher's record: the item's, or the run's.
        rows: the hash of the training rows, as in that record.
        texts: all responses, including the test responses.
        classes: the class names in order.
        questions: whether it is a run of one student for all questions.

    Raises:
        InputError: there is a bundle, and `texts` has none of the responses that it was
            measured on.
    """
    record = read_record(folder / "teacher.stage.json")
    if record is None or record.inputs.get("rows") == rows:
        return
    if (out / BUNDLE).is_file():
        try:
            measured = read_scored(folder / FILE, classes, questions=questions).texts
        except InputError:  # other classes, or a run of an older version
            measured = ()
        if measured and not set(texts).intersection(measured):
            raise InputError(
                f"{out} holds a run of other responses, none of which is here: {_instead(out)}"
            )
    say(f"{folder}: the responses have changed, so that earlier results are replaced.")


def _instead(out: Path) -> str:
    return (
        f"its bundle would be lost. Name another folder with -o, or remove '{out / BUNDLE}' first"
    )
