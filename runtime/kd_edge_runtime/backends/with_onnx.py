"""The ONNX Runtime backend: the bundle's graphs, for every kind of student.

A bag's graph takes weighted counts, and one for many questions takes the numbers of the relation
besides; the others take token ids and a mask from the frozen
tokenizer. The int8 graph is preferred if the bundle has one, as it is smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import onnxruntime

from kd_edge_runtime.backends import graph_backends
from kd_edge_runtime.backends.outputs import probabilities, running
from kd_edge_runtime.backends.padding import padded
from kd_edge_runtime.backends.shared import member_key, once
from kd_edge_runtime.backends.token_ids import token_reader
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.graphs.checked import checked_onnx, described, named
from kd_edge_runtime.graphs.limits import GraphError
from kd_edge_runtime.graphs.onnx_check import CheckedGraph
from kd_edge_runtime.students.item import LoadedItem

if TYPE_CHECKING:
    from typing import Protocol

    import numpy.typing as npt

    class _Source(Protocol):
        """Turns responses into a graph's inputs."""

        @property
        def widths(self) -> graph_backends.Widths:
            """The last dimension of each input."""

        def feed(self, texts: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
            """The inputs by name."""


# Responses per batch: counts take 14 MB for 3,500 n-grams; tokens must fit a small device. Fewer
# where the inputs, or all tensors together, have more numbers than these.
_BATCH = {"bag": 1024, "pairs": 1024, "rnn": 64, "transformer": 16, "cross": 16}
_INPUTS, _NUMBERS = 1 << 22, 1 << 27


def load(item: LoadedItem, form: str, threads: int = 1) -> OnnxModel:
    """Loads a student from one of its ONNX forms.

    Args:
        item: the item of an open bundle.
        form: an ONNX form.
        threads: threads per batch; a single response is too small to be split.

    Raises:
        BackendError: the bundle has no such form, or ONNX Runtime refuses the graph.
        BundleError: the graph does not belong to this item.
    """
    member = item.entry.forms.get(form)
    key = ("onnx", member and member_key(item, member), described(item), threads)
    # Items that share a graph share its session: it reads what `source` makes of each item.
    network = once(item.bundle, key, lambda: _network(item, form, threads))
    source = _source(item, network.graph)
    fits = network.widths == source.widths and network.classes == len(item.entry.classes)
    graph_backends.check(item, form, fits, network.metadata)
    return OnnxModel(network, source, item, form)


class _Network(NamedTuple):
    """A graph in ONNX Runtime; it knows nothing of the items that share it.

    Attributes:
        session: the loaded graph.
        graph: says how much it takes for how many responses.
        widths: the last dimension of each input.
        classes: the last dimension of its one output, `probabilities`; 0 if it has others.
        metadata: texts by name.
    """

    session: onnxruntime.InferenceSession
    graph: CheckedGraph
    widths: graph_backends.Widths
    classes: int
    metadata: Mapping[str, str]


def _network(item: LoadedItem, form: str, threads: int) -> _Network:
    data, graph = checked_onnx(item, form)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        metadata = session.get_modelmeta().custom_metadata_map
    except Exception as error:  # the errors of ONNX Runtime have no common base
        raise BackendError(f"ONNX Runtime cannot load '{form}': {error}") from None
    inputs, outputs = session.get_inputs(), session.get_outputs()
    widths = {
        node.name: [size for size in node.shape[-1:] if isinstance(size, int)] for node in inputs
    }
    sizes = [size for node in outputs for size in node.shape[-1:] if node.name == "probabilities"]
    alone = len(outputs) == 1 and sizes and isinstance(sizes[0], int)
    return _Network(session, graph, widths, sizes[0] if alone else 0, metadata)


def _source(item: LoadedItem, graph: CheckedGraph) -> _Source:
    """What turns responses into the inputs of an item's graph."""
    if item.entry.student == "bag":
        return graph_backends.CountsInput(item)
    if item.entry.student == "pairs":
        from kd_edge_runtime.backends.pairs_input import PairsInput

        return PairsInput.of(item)
    if item.entry.student == "cross":
        return _PartsInput(item, graph.tokens)
    return _TokensInput(item)


class _TokensInput:
    """Padded ids and a mask, for students that read tokens."""

    widths: ClassVar[graph_backends.Widths] = {"ids": [], "mask": []}

    def __init__(self, item: LoadedItem) -> None:
        self._reader = token_reader(item)

    def feed(self, texts: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        ids, mask = padded(self._ids(texts), self._reader.pad)
        return {"ids": ids, "mask": mask}

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return self._reader.encode(texts)


class _PartsInput(_TokensInput):
    """The same, of a reference answer and a response.

    Args:
        item: the item.
        tokens: token ids that its graph has rows for; None if that is not known.

    Raises:
        BundleError: what the item says of its question is damaged, or is for another graph.
    """

    def __init__(self, item: LoadedItem, tokens: int | None) -> None:
        from kd_edge_runtime.text.reference_parts import parts_of

        super().__init__(item)
        entry = item.entry
        parts = parts_of(entry.text, self._reader.most, entry.item_id)
        if tokens is not None and parts.greatest >= tokens:
            raise BundleError(
                f"item '{entry.item_id}': text: a token is none of the {tokens:,} that its graph "
                "knows"
            )
        self._parts = parts.reader()

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [self._parts.join(ids) for ids in self._reader.pieces(texts)]


class OnnxModel:
    """A student in ONNX Runtime.

    Args:
        network: the loaded graph.
        source: turns responses into the graph's inputs.
        item: the item.
        form: the graph's form.
    """

    def __init__(self, network: _Network, source: _Source, item: LoadedItem, form: str) -> None:
        self._session, self._graph, self._source = network.session, network.graph, source
        self._item, self._form, self._classes = item, form, len(item.entry.classes)
        alone = network.metadata.get(graph_backends.SINGLY) == "1"
        batch = 1 if alone else _BATCH[item.entry.student]
        width = max([1, *chain.from_iterable(source.widths.values())])
        self._batch = max(1, min(batch, _INPUTS // width))

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        # Responses of similar length share a batch, so that short ones get little padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        results: list[tuple[float, ...]] = [()] * len(texts)
        for start in range(0, len(order), self._batch):
            indices = order[start : start + self._batch]
            feed = self._source.feed([texts[index] for index in indices])
            for index, row in zip(indices, self._run(feed, len(indices))):
                results[index] = row
        return results

    def _run(self, feed: dict[str, npt.NDArray[Any]], rows: int) -> list[tuple[float, ...]]:
        """The probabilities of `rows` responses, in parts where together they take too much."""
        tokens = feed["ids"].shape[1] if "ids" in feed else 1
        if rows > 1 and not self._few_enough(rows, tokens):
            half = rows // 2
            first = {name: array[:half] for name, array in feed.items()}
            rest = {name: array[half:] for name, array in feed.items()}
            return self._run(first, half) + self._run(rest, rows - half)
        with named(self._item, self._form):
            self._graph.numbers(rows, tokens)
        with running(self._form):
            (batch,) = self._session.run(None, feed)
        return probabilities(batch, rows, self._classes)

    def _few_enough(self, rows: int, tokens: int) -> bool:
        """Whether so many responses may be read at once.

        A graph of many layers may take what is allowed for one response, and more than that for
        several, as the room that its constants give is for all of them together.
        """
        try:
            return self._graph.numbers(rows, tokens) <= _NUMBERS
        except GraphError:
            return False
