"""The TFLite backend, for bags: LiteRT, or its forerunner tflite-runtime where that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kd_edge_runtime.backends import graphs, tflite_file
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.students.item import LoadedItem

try:
    from ai_edge_litert import interpreter as tflite
except ImportError:
    from tflite_runtime import interpreter as tflite

# Counts of 3,500 n-grams: 1 MB, which stays in the cache.
_BATCH = 64


def load(item: LoadedItem, form: str, threads: int = 1) -> TfliteModel:
    """Loads a bag from one of its TFLite forms.

    Args:
        item: the item of an open bundle.
        form: a TFLite form.
        threads: for one batch; one response is too small to share.

    Raises:
        BackendError: the bundle has no such form, or the interpreter refuses the graph.
        BundleError: the graph is not this item's.
    """
    data = item.form(form)
    try:
        metadata = tflite_file.metadata(data)
        interpreter = tflite.Interpreter(
            model_content=data,
            num_threads=threads,
            # XNNPACK takes longer for one response, and announces itself on standard error.
            experimental_op_resolver_type=tflite.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        reads, writes = interpreter.get_input_details(), interpreter.get_output_details()
        # What runs once runs always, whatever it is fed.
        interpreter.invoke()
        for one in writes:
            interpreter.get_tensor(one["index"])
    except (ValueError, RuntimeError) as error:
        raise BackendError(f"TFLite refuses '{form}': {error}") from None
    except SystemError:
        raise BackendError(
            "this TFLite was built for another numpy: pip install 'numpy<2', or ai-edge-litert"
        ) from None
    source = graphs.CountsInput(item)
    fits = (
        _names(interpreter) == {"inputs": ["counts"], "outputs": ["probabilities"]}
        and _shapes(reads) == [source.widths["counts"]]
        and _shapes(writes) == [[len(item.entry.classes)]]
    )
    graphs.check(item, form, fits, metadata)
    return TfliteModel(interpreter, source, reads[0]["index"], writes[0]["index"])


def _names(interpreter: Any) -> Any:
    return interpreter.get_signature_list().get("serving_default")


def _shapes(tensors: list[dict[str, Any]]) -> list[list[int]]:
    """What the shapes of tensors of floats have after N, the open number."""
    return [
        one["shape"].tolist()[1:]
        for one in tensors
        if one["dtype"] is np.float32
        and one["shape"].tolist()[:1] == [1]
        and one["shape_signature"].tolist() == [-1, *one["shape"].tolist()[1:]]
    ]


class TfliteModel:
    """A bag in a TFLite interpreter.

    Args:
        interpreter: with the graph, for one response.
        source: turns responses into weighted counts.
        reads: the number of the tensor with the counts.
        writes: that of the probabilities.
    """

    def __init__(
        self, interpreter: Any, source: graphs.CountsInput, reads: int, writes: int
    ) -> None:
        self._interpreter = interpreter
        self._source = source
        self._reads = reads
        self._writes = writes
        self._rows = 1

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        found: list[tuple[float, ...]] = []
        for start in range(0, len(texts), _BATCH):
            found += map(tuple, self._batch(texts[start : start + _BATCH]).tolist())
        return found

    def _batch(self, texts: Sequence[str]) -> Any:
        counts = self._source.feed(texts)["counts"]
        if len(counts) != self._rows:
            self._interpreter.resize_tensor_input(self._reads, counts.shape)
            self._interpreter.allocate_tensors()
            self._rows = len(counts)
        self._interpreter.set_tensor(self._reads, counts)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._writes)
