"""The ONNX Runtime backend: the bundle's graphs, for every kind of student.

A bag's graph takes weighted counts, the others take token ids and a mask from the frozen
tokenizer. The int8 graph is used where the bundle has one: it is the same numbers, smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import onnxruntime

from kd_edge_runtime.backends import graphs
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.item import LoadedItem

if TYPE_CHECKING:
    import numpy.typing as npt

# A batch of counts is 14 MB for 3,500 n-grams; of tokens, what a small device's memory holds.
_BATCH = {"bag": 1024, "rnn": 64, "transformer": 16}


def load(item: LoadedItem, form: str, threads: int = 1) -> OnnxModel:
    """Loads a student from one of its ONNX forms.

    Args:
        item: the item of an open bundle.
        form: an ONNX form.
        threads: for one batch; one response is too small to share.

    Raises:
        BackendError: the bundle has no such form, or ONNX Runtime refuses the graph.
        BundleError: the graph is not this item's.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            item.form(form), options, providers=["CPUExecutionProvider"]
        )
    except (BackendError, BundleError):
        raise
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise BackendError(f"ONNX Runtime refuses '{form}': {error}") from None
    source = graphs.CountsInput(item) if item.entry.student == "bag" else _TokensInput(item)
    reads, writes = session.get_inputs(), session.get_outputs()
    fits = (
        {one.name: [size for size in one.shape[-1:] if isinstance(size, int)] for one in reads}
        == source.widths
        and [one.name for one in writes] == ["probabilities"]
        and writes[0].shape[-1:] == [len(item.entry.classes)]
    )
    graphs.check(item, form, fits, session.get_modelmeta().custom_metadata_map)
    return OnnxModel(session, source, _BATCH[item.entry.student])


class _TokensInput:
    """Padded ids and a mask for the students that read tokens."""

    widths: ClassVar[graphs.Widths] = {"ids": [], "mask": []}

    def __init__(self, item: LoadedItem) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_str(item.vectorizer().decode("utf-8"))
        except BundleError:
            raise
        except Exception as error:  # the tokenizers package raises plain Exception
            raise BundleError(f"the bundle's tokenizer cannot be read: {error}") from None
        if self._tokenizer.padding is None:
            raise BundleError("the bundle's tokenizer does not pad")
        self._pad = self._tokenizer.padding["pad_id"]

    def feed(self, texts: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        # The tokenizers package takes no half of a surrogate pair.
        whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        encoded = self._tokenizer.encode_batch(whole)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        if not ids.shape[1]:
            # No response has a token: each is read as one pad, for a graph needs a width.
            ids = np.full((len(encoded), 1), self._pad, dtype=np.int64)
            mask = np.zeros_like(ids)
        return {"ids": ids, "mask": mask}


class OnnxModel:
    """A student in ONNX Runtime.

    Args:
        session: the loaded graph, with one output `probabilities` [N, K].
        source: turns responses into the graph's inputs.
        batch: responses at once.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        source: graphs.CountsInput | _TokensInput,
        batch: int,
    ) -> None:
        self._session = session
        self._source = source
        self._batch = batch

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        # Responses of like length together, so that short ones are not padded to the longest.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found: list[tuple[float, ...]] = [()] * len(texts)
        for start in range(0, len(order), self._batch):
            at = order[start : start + self._batch]
            (batch,) = self._session.run(None, self._source.feed([texts[one] for one in at]))
            for one, row in zip(at, batch.tolist()):
                found[one] = tuple(row)
        return found
