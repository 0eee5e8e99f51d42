"""Whether what a finished run left belongs together: its bundle, its report, each row's scores.

A run that is killed while it replaces those of an earlier one leaves some of both.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from kd_edge.runs.folder import BUNDLE
from kd_edge.runs.test_scores import AGAIN, FILE
from kd_edge.stages.record import NOT_FINISHED, why_outdated, write_record
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError

_STAGE = "run"
RECORD = f"{_STAGE}.stage.json"


def remember_finished(out: Path, folder: Path, report: Path) -> None:
    """Record what a run ended with for an item, as its last step.

    Args:
        out: the run's folder, with its bundle.
        folder: the item's folder, or the run's with one student for all, with the rows' scores.
        report: the run's report.

    Raises:
        InputError: the record cannot be written.
    """
    write_record(folder / RECORD, _STAGE, {}, _bundle(out), [report, folder / FILE], 0.0)


def refuse_unfinished(out: Path, folder: Path) -> None:
    """Refuse a run's folder whose files are of different runs, or changed since.

    The folder of a version without such records is taken as it is.

    Args:
        out: see `remember_finished`.
        folder: see `remember_finished`.

    Raises:
        InputError: with what is wrong, and what to do.
        BundleError: its bundle is damaged.
    """
    why = why_outdated(folder / RECORD, _STAGE, {}, _bundle(out))
    if why and why != NOT_FINISHED:
        raise InputError(f"'{out}' does not hold one finished run ({why}): {AGAIN}.")


def _bundle(out: Path) -> dict[str, str]:
    # Of the manifest, which has the hash of all else: a signature may be added.
    with Bundle(out / BUNDLE) as bundle:
        return {BUNDLE: hashlib.sha256(bundle.manifest_bytes).hexdigest()}
