"""The TFLite backend, for bags: LiteRT, or its predecessor tflite-runtime if installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from kd_edge_runtime.backends import graph_backends, tflite_file
from kd_edge_runtime.backends.outputs import probabilities, running
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.graphs.checked import checked_form
from kd_edge_runtime.students.item import LoadedItem

try:
    from ai_edge_litert import interpreter as tflite
except Exception:  # a half-installed one may raise anything
    if find_spec("tflite_runtime") is None:
        raise
    from tflite_runtime import interpreter as tflite

# Responses per batch: 1 MB of counts for 3,500 n-grams, which fits the CPU cache; fewer where there
# are far more n-grams.
_BATCH = 64
_COUNTS = 1 << 22


def load(item: LoadedItem, form: str, threads: int = 1) -> TfliteModel:
    """Loads a bag from one of its TFLite forms.

    Args:
        item: the item of an open bundle.
        form: a TFLite form.
        threads: threads per batch; a single response is too small to be split.

    Raises:
        BackendError: the bundle has no such form, or the interpreter cannot load the graph.
        BundleError: the graph does not belong to this item.
    """
    data = checked_form(item, form)
    try:
        metadata = tflite_file.metadata(data)
        interpreter = tflite.Interpreter(
            model_content=data,
            num_threads=threads,
            # XNNPACK is slower for one response, and prints a message on standard error.
            experimental_op_resolver_type=tflite.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        # A graph that runs once runs for every input.
        interpreter.invoke()
        for tensor in outputs:
            interpreter.get_tensor(tensor["index"])
    except (ValueError, RuntimeError) as error:
        raise BackendError(f"TFLite cannot load '{form}': {error}") from None
    except SystemError:
        raise BackendError(
            "this TFLite was built for another version of numpy: pip install 'numpy<2', or install "
            "ai-edge-litert"
        ) from None
    source = graph_backends.CountsInput(item)
    fits = (
        _names(interpreter) == {"inputs": ["counts"], "outputs": ["probabilities"]}
        and _shapes(inputs) == [source.widths["counts"]]
        and _shapes(outputs) == [[len(item.entry.classes)]]
    )
    graph_backends.check(item, form, fits, metadata)
    return TfliteModel(interpreter, source, inputs[0]["index"], outputs[0]["index"], form)


def _names(interpreter: Any) -> Any:
    return interpreter.get_signature_list().get("serving_default")


def _shapes(tensors: list[dict[str, Any]]) -> list[list[int]]:
    """The shapes of the float tensors without their first, variable size N."""
    return [
        tensor["shape"].tolist()[1:]
        for tensor in tensors
        if tensor["dtype"] is np.float32
        and tensor["shape"].tolist()[:1] == [1]
        and tensor["shape_signature"].tolist() == [-1, *tensor["shape"].tolist()[1:]]
    ]


class TfliteModel:
    """A bag in a TFLite interpreter.

    Args:
        interpreter: the interpreter with the graph, sized for one response.
        source: turns responses into weighted counts.
        counts: the index of the tensor with the counts.
        outputs: the index of the tensor with the probabilities.
        form: the graph's form, for errors.
    """

    def __init__(
        self,
        interpreter: Any,
        source: graph_backends.CountsInput,
        counts: int,
        outputs: int,
        form: str,
    ) -> None:
        self._interpreter = interpreter
        self._source = source
        self._counts = counts
        self._outputs = outputs
        self._rows = 1
        self._form = form
        self._classes = int(interpreter.get_tensor(outputs).shape[1])

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        results: list[tuple[float, ...]] = []
        most = max(1, min(_BATCH, _COUNTS // max([1, *self._source.widths["counts"]])))
        for start in range(0, len(texts), most):
            some = texts[start : start + most]
            results += probabilities(self._batch(some), len(some), self._classes)
        return results

    def _batch(self, texts: Sequence[str]) -> Any:
        counts = self._source.feed(texts)["counts"]
        with running(self._form):
            if len(counts) != self._rows:
                self._rows = 0  # of no use if this fails
                self._interpreter.resize_tensor_input(self._counts, counts.shape)
                self._interpreter.allocate_tensors()
                self._rows = len(counts)
            self._interpreter.set_tensor(self._counts, counts)
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._outputs)
