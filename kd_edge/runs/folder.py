"""The files and folders of a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from kd_edge.console.progress import say
from kd_edge.files import make_folder, read_json, write_json
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge.stages.record import hash_json, read_record
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError, InputError

BUNDLE = "bundle.kdz"
REPORT = "report.json"
# The report of one student for all questions.
TOGETHER = "together.json"
# What `remember_responses` writes.
RESPONSES = "responses.json"


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
        _refuse_unfinished(out, items)
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


def _refuse_unfinished(out: Path, items: Collection[str]) -> None:
    """Refuse a folder with a run of other items that has a teacher and no bundle yet."""
    begun = {path.parent for path in out.glob("item-*/teacher.stage.json")}
    if begun and begun.isdisjoint(item_folder(out, name) for name in items):
        named = ", ".join(sorted(path.name for path in begun)[:3])
        raise InputError(
            f"{out} holds an unfinished run of other items ({named}): name another folder with -o, "
            "or remove this one first"
        )


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
        InputError: `texts` has none of the responses that the bundle was measured on, or, where
            there is no bundle yet, none of those of the run that was begun.
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
    elif not _any_known(folder, texts):
        raise InputError(
            f"{folder} holds an unfinished run of other responses, none of which is here: its "
            "large model would be lost. Name another folder with -o, or remove this one first"
        )
    say(f"{folder}: the responses have changed, so that earlier results are replaced.")


def remember_responses(folder: Path, texts: Iterable[str]) -> None:
    """Keep by which a later run sees whether it is one of the same responses.

    Args:
        folder: the item's folder, or the run's; made where missing.
        texts: all responses; four bytes of each one's hash are kept.
    """
    make_folder(folder)
    write_json(folder / RESPONSES, sorted({hash_json(text)[:8] for text in texts}))


def _any_known(folder: Path, texts: Iterable[str]) -> bool:
    """Whether a response is one of those of the run before, or that is not known."""
    try:
        known = set(read_json(folder / RESPONSES))
    except (OSError, ValueError, TypeError):
        return True
    return not known or any(hash_json(text)[:8] in known for text in texts)


def _instead(out: Path) -> str:
    return (
        f"its bundle would be lost. Name another folder with -o, or remove '{out / BUNDLE}' first"
    )
