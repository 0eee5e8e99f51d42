"""Removes responses, and what could tell of one, from the folder of a run; keeps its results."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge.console.progress import say
from kd_edge.files import read_json, write_json
from kd_edge.runs.folder import BUNDLE, REPORT, RESPONSES, TOGETHER
from kd_edge.runs.lock import LOCK, refuse_foreign, run_folder
from kd_edge.runs.test_scores import FILE as TEST_SCORES
from kd_edge_runtime.errors import InputError, KdEdgeError, missing_file
from kd_edge_runtime.files import plain_write_errors

# What stays: figures and what devices get. All else that a run writes holds responses, variants of
# them, their ids, or models that were trained on them.
_KEPT = (BUNDLE, REPORT, TOGETHER)
_PAGES = ("report.html", "report.md")
# What a run writes, into the folder of an item, or of the run with one student for all items.
_STAGES = (
    r"teacher(-\d+)?|folds|student|baseline|second|work|(test_)?labels\.csv|variants\.csv"
    rf"|.*\.stage\.json|{re.escape(TEST_SCORES)}|{re.escape(RESPONSES)}"
)
_WRITTEN = re.compile(
    r".*\.skipped\.csv|\..*\.[0-9a-f]{12}\.tmp|\..*\.(lock|partial)|\.measured\.new"
    rf"|\.({_STAGES})\.(new|whole|old)|{re.escape(LOCK)}"
)
_WRITTEN_TOGETHER = re.compile(f"{_WRITTEN.pattern}|{_STAGES}")
# What is in an item's folder from the first moment on, or is left of a run that was killed.
_IN_ITEM = re.compile(rf"{_STAGES}|\..*")
_FORGOTTEN = "forgotten"  # in a report: it was made again without responses


@dataclass(frozen=True)
class Forgotten:
    """What became of the files and folders in a run's folder, by their names there.

    Attributes:
        removed: what held responses, or could tell of one.
        kept: the run's results.
        others: what no run wrote, and was left alone: it may hold responses too.
        links: what was a link in a run's folder; it is removed, and what it leads to is not.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    others: tuple[str, ...]
    links: tuple[str, ...] = ()


def look(out: Path) -> Forgotten:
    """What `forget` would do, with nothing done.

    Args:
        out: the run's folder.

    Raises:
        InputError: the folder is not there, or is none of a run.
    """
    if not out.exists():
        raise missing_file(out, "folder", "name the folder that 'kd-edge run' wrote")
    if not out.is_dir():
        raise InputError(f"{out}: this is a file; name the folder that 'kd-edge run' wrote")
    refuse_foreign(out)
    names = sorted(path.name for path in out.iterdir())
    together = TOGETHER in names or "teacher.stage.json" in names
    written = _WRITTEN_TOGETHER if together else _WRITTEN
    removed = tuple(name for name in names if written.fullmatch(name) or _is_item(out / name, name))
    kept = tuple(name for name in names if _is_result(out / name))
    if not (removed or kept):
        raise InputError(f"{out} holds no run: name the folder that 'kd-edge run' wrote")
    others = tuple(name for name in names if name not in (*removed, *kept))
    return Forgotten(removed, kept, others, tuple(_links(out, removed)))


def forget(out: Path, summarise: Callable[[], object]) -> Forgotten:
    """Remove what holds responses from a run's folder, also from one that is not finished.

    Bundle and figures stay, with a report that shows no response. Links are removed, and what they
    lead to is left alone.

    Args:
        out: the run's folder.
        summarise: writes the report without responses, which cannot be made afterwards.

    Raises:
        InputError: see `look`; a run is at work in the folder; a file cannot be removed.
    """
    look(out)
    with run_folder(out):
        pages = _without_responses(out, summarise)
        found = look(out)
        gone = [name for name in found.removed if name != LOCK]
        gone += [name for name in _PAGES if name in found.kept and not pages]
        for name in (REPORT, TOGETHER):
            if name in found.kept:
                _scrub(out / name)
        for name in gone:
            with plain_write_errors(out / name):
                _remove(out / name)
    kept = tuple(name for name in found.kept if name not in gone)
    return Forgotten(tuple(gone), kept, found.others, found.links)


def _is_item(path: Path, name: str) -> bool:
    """Whether this is the folder of an item, and none that somebody else called like one."""
    if not (name.startswith("item-") and path.is_dir()):
        return name.startswith("item-") and path.is_symlink() and not path.exists()
    inside = [one.name for one in path.iterdir()]
    return not inside or any(map(_IN_ITEM.fullmatch, inside))


def _is_result(path: Path) -> bool:
    """Whether this is what a run keeps for its owner."""
    if path.name in (REPORT, TOGETHER):
        return _report(path) is not None
    return path.name in (BUNDLE, *_PAGES) and path.is_file()


def _report(path: Path) -> dict[str, Any] | None:
    """A run's figures; None for anything else that bears their name."""
    try:
        report = read_json(path)
    except (OSError, ValueError):
        return None
    if not isinstance(report, dict):
        return None
    lists = [report.get(name, []) for name in ("items", "failed")]
    if not all(isinstance(one, list) and all(isinstance(x, dict) for x in one) for one in lists):
        return None
    return report


def _links(out: Path, names: Sequence[str]) -> Iterator[str]:
    """The links among what will be removed."""
    for name in names:
        if (out / name).is_symlink():
            yield name
            continue
        for folder, folders, files in os.walk(out / name):
            for path in (Path(folder, one) for one in sorted([*folders, *files])):
                if path.is_symlink():
                    yield path.relative_to(out).as_posix()


def _without_responses(out: Path, summarise: Callable[[], object]) -> bool:
    """Write the report without responses; whether there is one now."""
    reports = [_report(out / name) for name in (REPORT, TOGETHER)]
    if not any(reports):
        return False
    if not any(_scored(out)):
        # Pages that were made before may show responses.
        return any(report and report.get(_FORGOTTEN) is True for report in reports)
    try:
        summarise()
    except KdEdgeError as error:
        say(f"{out}: no report without responses can be made ({error}).")
        return False
    return True


def _scored(out: Path) -> Iterator[Path]:
    """The files with the scores of test responses, by which a report is made."""
    yield from out.glob(TEST_SCORES)
    yield from out.glob(f"item-*/{TEST_SCORES}")


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)


def _scrub(path: Path) -> None:
    """Leaves out of a report what is no figure: copies of prompts, and reasons, which name ids."""
    report = _report(path)
    if report is None:
        return
    for item in report.get("items", ()):
        item.pop("texts", None)
    for failed in report.get("failed", ()):
        failed["why"] = "forgotten"
    write_json(path, {**report, _FORGOTTEN: True})
