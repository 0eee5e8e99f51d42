"""The bytes of a graph, once they are known to be a student's."""

from __future__ import annotations

from contextlib import contextmanager

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.graphs.limits import Described, GraphError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kd_edge_runtime.graphs.onnx_check import CheckedGraph
    from kd_edge_runtime.students.item import LoadedItem


def described(item: LoadedItem) -> Described:
    """What an item's entry says of its graphs.

    Raises:
        BundleError: a size is missing.
    """
    entry = item.entry
    if entry.student not in ("bag", "pairs"):
        return Described(entry.student, len(entry.classes))
    sizes = item.sizes()
    # A word has a row of its own for each place where it may occur; see FORMAT.md, section 12.
    more = 3 * sizes[0] if entry.student == "pairs" and sizes else 0
    return Described(
        entry.student, len(entry.classes), sum(sizes) + more, item.number("dimensions")
    )


def checked_form(item: LoadedItem, form: str) -> bytes:
    """The bytes of an ONNX or TFLite form, once they are known to be a student's.

    Args:
        item: an item of an open bundle.
        form: the form; others than ONNX and TFLite are not looked into.

    Raises:
        BackendError: the item has no such form.
        BundleError: the graph is damaged, or is not one of a student as the manifest describes it.
    """
    if form.startswith("onnx"):
        return checked_onnx(item, form)[0]
    data = item.form(form)
    if form.startswith("tflite"):
        from kd_edge_runtime.graphs.tflite_check import check_tflite

        with named(item, form):
            check_tflite(data, described(item))
    return data


def checked_onnx(item: LoadedItem, form: str) -> tuple[bytes, CheckedGraph]:
    """The bytes of an ONNX form, and what says how much it takes for how many responses.

    Args:
        item: an item of an open bundle.
        form: an ONNX form.

    Raises:
        BackendError: the item has no such form.
        BundleError: the graph is damaged, or is not one of a student as the manifest describes it.
    """
    from kd_edge_runtime.graphs.onnx_check import check_onnx

    data = item.form(form)
    with named(item, form):
        return data, check_onnx(data, described(item))


@contextmanager
def named(item: LoadedItem, form: str) -> Iterator[None]:
    """Says which graph is wrong."""
    try:
        yield
    except GraphError as error:
        raise BundleError(f"item '{item.entry.item_id}': the graph '{form}' {error}") from None
