"""Looks for input that ends a reader of bundles otherwise than in words, guided by coverage.

    pip install atheris && python -m benchmarks.fuzz onnx -max_total_time=600

The reader's name comes first: `bundle`, `manifest`, `onnx`, `tflite`, `tokenizer`, `golden` or
`references`; what follows is libFuzzer's. Its corpus starts with the members of our own small
bundles and is kept in `out/fuzz/NAME`; input that fails is written beside it. Atheris (Apache-2.0)
is needed for this alone, and is no dependency of the project.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.hostile_mutations import members_of

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "tests" / "bundles").glob("*.kdz"))


def bundle(data: bytes) -> None:
    """A whole bundle: its zip, manifest and hashes."""
    from kd_edge_runtime.bundle.archive import Bundle

    with tempfile.NamedTemporaryFile(suffix=".kdz", dir="/dev/shm") as file:
        file.write(data)
        file.flush()
        with Bundle(file.name) as opened:
            opened.check()


def manifest(data: bytes) -> None:
    """A manifest."""
    from kd_edge_runtime.bundle.manifest import Manifest

    Manifest.from_json(data.decode("utf-8", "replace"))


def onnx(data: bytes) -> None:
    """An ONNX graph of a bag or of a network that reads tokens."""
    from kd_edge_runtime.graphs.limits import Described
    from kd_edge_runtime.graphs.onnx_check import check_onnx

    for described in (
        Described("bag", 4, 60, 8),
        Described("transformer", 4),
        Described("cross", 4),
    ):
        try:
            check_onnx(data, described).numbers(3, 40)
        except ValueError:
            continue


def tflite(data: bytes) -> None:
    """A TFLite graph."""
    from kd_edge_runtime.graphs.limits import Described
    from kd_edge_runtime.graphs.tflite_check import check_tflite

    check_tflite(data, Described("bag", 4, 60, 8))


def tokenizer(data: bytes) -> None:
    """A tokenizer, which reads a text in plain Python if it may."""
    from kd_edge_runtime.bundle.manifest import read_json
    from kd_edge_runtime.text.tokenizer_limits import check_tokenizer
    from kd_edge_runtime.text.wordpiece import PlainTokenizer

    whole = read_json(data.decode("utf-8", "replace"))
    check_tokenizer(whole)
    PlainTokenizer(whole).encode("The ice melts [SEP] \u00e9" * 9)


def golden(data: bytes) -> None:
    """Golden rows of an item of four classes."""
    from kd_edge_runtime.bundle.archive import Bundle
    from kd_edge_runtime.students.golden import read
    from kd_edge_runtime.students.item import LoadedItem

    class Held:
        def read(self, _: str) -> bytes:
            return data

    with Bundle(SOURCES[-1]) as sound:
        read(LoadedItem(Held(), sound.manifest.items[0]))


def references(data: bytes) -> None:
    """What a student that reads a reference answer and the response knows of a question."""
    from kd_edge_runtime.bundle.manifest import read_json
    from kd_edge_runtime.text.reference_parts import parts_of

    parts = parts_of(read_json(data.decode("utf-8", "replace")), 9, "fuzzed")
    read = parts.reader()
    for response in ([], [parts.between], [*range(4, 12)] * 2):
        assert len(read.join(response)) <= parts.longest


TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[str, ...]]] = {
    "bundle": (bundle, ()),
    "manifest": (manifest, ("manifest.json",)),
    "onnx": (onnx, (".onnx",)),
    "tflite": (tflite, (".tflite",)),
    "tokenizer": (tokenizer, ("tokenizer.json",)),
    "golden": (golden, ("golden.json",)),
    "references": (references, ("text",)),
}
"""A reader, and the ends of the names of the members that it reads; none for whole bundles. The
`text` of a manifest counts as a member of that name."""


def seeds(name: str) -> list[bytes]:
    """What the corpus of a reader starts with: under 200 KB."""
    whole = [path.read_bytes() for path in SOURCES]
    ends = TARGETS[name][1]
    if not ends:
        return whole
    if name == "references":
        return [text for one in whole for text in _texts(one)]
    return [
        data for one in whole for member, data in members_of(one).items() if member.endswith(ends)
    ]


def _texts(bundle: bytes) -> list[bytes]:
    """Each `text` of a bundle's manifest that has reference answers."""
    entries = json.loads(members_of(bundle)["manifest.json"])["items"]
    found = [student.get("text", {}) for one in entries for student in (one, one.get("second", {}))]
    return [json.dumps(text).encode() for text in found if "references" in text]


def once(name: str, data: bytes) -> None:
    """Reads; an error in words is as good as none."""
    from kd_edge_runtime.errors import KdEdgeError

    try:
        TARGETS[name][0](data)
    except (KdEdgeError, ValueError, RecursionError) as error:
        # The readers of parts raise ValueError for their callers, who name the part.
        if isinstance(error, UnicodeError) or not str(error).strip():
            raise


def main() -> None:
    """Arguments: a reader, then libFuzzer's."""
    import atheris

    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name one of {', '.join(TARGETS)}")
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["kd_edge_runtime"]):
        import kd_edge_runtime.bundle.archive
        import kd_edge_runtime.graphs.onnx_check
        import kd_edge_runtime.graphs.tflite_check
        import kd_edge_runtime.students.golden
        import kd_edge_runtime.text.tokenizer_limits
        import kd_edge_runtime.text.wordpiece  # noqa: F401
    corpus = Path("out/fuzz") / name
    corpus.mkdir(parents=True, exist_ok=True)
    for at, data in enumerate(seeds(name)):
        (corpus / f"seed-{at}").write_bytes(data)
    atheris.Setup(
        [*sys.argv, f"-artifact_prefix={corpus.parent}/{name}-", str(corpus)],
        lambda data: once(name, data),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
