"""Runs golden rows on native backends in a child process, whose crash ends nobody else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

from kd_edge_runtime import backends
from kd_edge_runtime.backends.probe import TIMEOUT, ProbeOutcome, in_child
from kd_edge_runtime.backends.reproduce import reproduce
from kd_edge_runtime.backends.shared import member_key, next_round
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.errors import BackendError, BundleError, KdEdgeError, ParityError
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.golden import Reproduced
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.system.child_limits import drop_rights

# Backends that run a bundle's graphs in a native library.
NATIVE = ("tflite", "onnx")

_MARK = b"kd-edge-result "
_ERRORS = {kind.__name__: kind for kind in (BackendError, BundleError, ParityError)}

# A student by its place among `students`, and a form.
Run = tuple[int, str]


def reproduce_in_children(
    bundle: Bundle, backend: str, runs: Sequence[Run]
) -> Iterator[Reproduced]:
    """The golden rows of forms, reproduced by a native backend.

    Forms that items share come one after another, so that each is loaded once. A child that dies,
    or takes too long for one, is replaced for those after it.

    Args:
        bundle: an open bundle.
        backend: one of `NATIVE`.
        runs: what to run.

    Yields:
        A result for each, in their order.
    """
    entries = students(bundle.manifest.items)
    places: dict[str, list[int]] = {}
    for at, (place, form) in enumerate(runs):
        item = LoadedItem(bundle, entries[place])
        places.setdefault(member_key(item, item.entry.forms[form]), []).append(at)
    order = [at for of_one in places.values() for at in of_one]
    results = dict(zip(order, _in_order(bundle, backend, [runs[at] for at in order])))
    for at in range(len(runs)):
        yield results[at]


def _in_order(bundle: Bundle, backend: str, runs: Sequence[Run]) -> Iterator[Reproduced]:
    """The results of runs in the order in which they are run."""
    entries = students(bundle.manifest.items)
    left = [*runs]
    while left:
        lines: list[bytes] = []
        outcome = in_child(
            __name__,
            [backend, str(bundle.path)],
            TIMEOUT,
            json.dumps(left).encode() + b"\n",
            on_line=lines.append,
            limited=True,
            parts=len(left),
        )
        results = [_read(line) for line in lines if line.startswith(_MARK)][: len(left)]
        for (place, form), result in zip(left, results):
            yield _result(entries[place].item_id, backend, form, result)
        left = left[len(results) :]
        if left:
            place, form = left.pop(0)
            why = str(outcome) if isinstance(outcome, ProbeOutcome) else "dies"
            error = BackendError(
                f"item '{entries[place].item_id}', {form} on {backend}: "
                f"{why} in a process of its own"
            )
            yield Reproduced(entries[place].item_id, backend, form, error=error)


def child(backend: str, path: str) -> str:
    """Runs in the child process: the runs in the first line of standard input."""
    runs = json.loads(sys.stdin.readline())
    with Bundle(path) as bundle:
        with suppress(KdEdgeError):  # what is wrong, each form says
            backends.module(backend)
        drop_rights()
        entries = students(bundle.manifest.items)
        for place, form in runs:
            result = checked(LoadedItem(bundle, entries[place]), backend, form)
            next_round(bundle)
            error = result.error
            fields = {
                "greatest": result.greatest,
                "tolerance": result.tolerance,
                "rows": result.rows,
                "differing": result.differing,
                "error": error and [type(error).__name__, str(error)],
            }
            # Packages print without a line's end.
            sys.stdout.write(f"\n{_MARK.decode()}{json.dumps(fields)}\n")
            sys.stdout.flush()
    return ""


def checked(item: LoadedItem, backend: str, form: str) -> Reproduced:
    """The golden rows of a form, reproduced in this process; what is wrong is in the result."""
    error: KdEdgeError
    place = f"item '{item.entry.item_id}', {form or 'any form'} on {backend}"
    try:
        return reproduce(item, backend, form, golden.read(item))
    except KdEdgeError as raised:
        error = raised
    except Exception as raised:  # the errors of backend packages have no common base
        message = " ".join(str(raised).split())[:200]
        error = BackendError(f"{type(raised).__name__}: {message}")
    return Reproduced(item.entry.item_id, backend, form, error=type(error)(f"{place}: {error}"))


def _read(line: bytes) -> dict[str, object]:
    with suppress(ValueError):
        fields = json.loads(line[len(_MARK) :])
        if isinstance(fields, dict):
            return fields
    return {"error": ["BackendError", "the process that ran it wrote something else"]}


def _result(item_id: str, backend: str, form: str, fields: dict[str, object]) -> Reproduced:
    error = fields.pop("error", None)
    if not isinstance(error, list):
        error = None
    raised = error and _ERRORS.get(str(error[0]), BackendError)(str(error[1]))
    differing = fields.pop("differing", ())
    assert isinstance(differing, (list, tuple))
    return Reproduced(item_id, backend, form, **fields, differing=(*differing,), error=raised)  # type: ignore[arg-type]
