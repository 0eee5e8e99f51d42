"""A language model in ONNX Runtime with its tokenizer; the argument is the graph's file name."""

from __future__ import annotations

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

PACKAGES = ("onnxruntime", "tokenizers", "numpy")
BATCH = 16


def load(folder, argument):
    """Loads graph and tokenizer, as `kd_edge.bundling.teacher_onnx` writes them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        folder + "/" + argument, options, providers=["CPUExecutionProvider"]
    )
    return _Onnx(session, Tokenizer.from_file(folder + "/tokenizer.json"))


class _Onnx:
    def __init__(self, session, tokenizer):
        self._session = session
        self._tokenizer = tokenizer

    def one(self, text):
        return self._run([text])[0]

    def probabilities(self, texts):
        # Those of like length together, so that little is padded.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found = [[]] * len(texts)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for at, row in zip(batch, self._run([texts[at] for at in batch])):
                found[at] = row
        return found

    many = probabilities

    def _run(self, texts):
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        return self._session.run(None, {"ids": ids, "mask": mask})[0].tolist()
