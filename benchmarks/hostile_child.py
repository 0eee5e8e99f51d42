"""The process that reads hostile bundles and texts: what they do to it is counted outside.

Started by `benchmarks.hostile` for a part of the cases. It prints the number of each case before it
begins, and what all came to at the end. A case that takes two seconds of processor time ends the
process, as does a crash: then the number printed last says which it was.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.hostile_mutations import MANIFEST, changed_bytes, members_of, rehashed
from benchmarks.hostile_texts import text
from kd_edge_runtime import backends
from kd_edge_runtime.backends.token_ids import token_reader, whole
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry, read_json
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.wordpiece import PlainTokenizer

# Seconds of processor time for one case, and bytes that the process may hold.
SECONDS = 2.0
MEMORY = 1 << 30
# Texts that are scored at once: one case.
TOGETHER = 100

TEXTS = (
    "The ice melts because the pot is warm.",
    "",
    "the water \ud800 the stove \U0001f469\u200d",
)
# Probabilities of one response on two backends may differ by so much: graphs have short floats.
SAME = 1e-4

NATIVE = ("tflite", "onnx")
Rows = list[tuple[float, ...]]


class Part:
    """What the cases of one part came to.

    Attributes:
        counts: how many ended in which way.
        odd: what ought not to have happened, with the number of its case.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.odd: list[str] = []
        self._opened: list[str] = []

    def add(self, how: str, number: int = 1) -> None:
        """Counts."""
        self.counts[how] = self.counts.get(how, 0) + number

    def note(self, how: str, what: str) -> None:
        """Counts what ought not to have happened."""
        self.add(how)
        self.odd.append(f"{how}: {what}")

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook: notes what writes, connects or starts something."""
        if event == "open":
            path, mode, flags = arguments
            if any(one in str(mode or "") for one in "wxa+") or flags & (os.O_WRONLY | os.O_RDWR):
                self._opened.append(str(path))
        elif event.startswith(
            ("os.mk", "os.re", "os.sy", "os.link", "os.exec", "subprocess")
        ) or event in ("socket.connect", "os.system", "os.posix_spawn", "os.fork"):
            self._opened.append(event)

    def written(self, what: str, but: Path) -> None:
        """Counts what was written since the last time, but for one file."""
        for path in self._opened:
            if path != str(but):
                self.note("writes outside", f"{what} {path}")
        self._opened.clear()


def bundles(kind: str, numbers: range, sources: Sequence[Path], path: Path, part: Part) -> None:
    """Changes bundles, reads each, and scores with what can be scored.

    Args:
        kind: "bytes" or "rehashed".
        numbers: of the cases; each is the seed of its changes.
        sources: bundles to change.
        path: where the changed one is written.
        part: what they come to.
    """
    data = [source.read_bytes() for source in sources]
    members = [members_of(one) for one in data]
    before = [_by_plain(source) for source in sources]
    for number in numbers:
        rng = random.Random(number)
        at, name = rng.randrange(len(sources)), ""
        if kind == "bytes":
            path.write_bytes(changed_bytes(data[at], rng))
        else:
            changed, name = rehashed(members[at], rng)
            path.write_bytes(changed)
        try:
            with _case(number), Bundle(path) as bundle:
                bundle.check()
                if kind == "bytes":
                    if _by_plain(path) == before[at]:
                        part.add("exact scores")
                    else:
                        part.note("differing scores", f"{kind} {number}")
                else:
                    _score(bundle, name, number, part)
        except KdEdgeError as error:
            part.add(f"refused: {type(error).__name__}")
            if not str(error).strip():
                part.note("tracebacks", f"{kind} {number}: no words")
        except Exception as error:
            part.note("tracebacks", f"{kind} {number}: {type(error).__name__} {name}")
        part.written(f"{kind} {number}", path)


def _by_plain(path: Path) -> list[object]:
    """All scores of a bundle in plain Python."""
    with Scorer.open(path, "plain", first_only=True) as scorer:
        return [
            scorer.score_many(TEXTS, entry.item_id)
            for entry in scorer.bundle.manifest.items
            if entry.student in ("bag", "pairs")
        ]


def _score(bundle: Bundle, name: str, number: int, part: Part) -> None:
    """Scores by what a changed member belongs to, on each backend that may read it."""
    tried, found = 0, 0
    for entry in students(bundle.manifest.items):
        if name not in (MANIFEST, entry.vectorizer, entry.golden, *entry.forms.values()):
            continue
        item, rows = LoadedItem(bundle, entry), {}
        for backend, form in _runs(entry, name, number):
            tried += 1
            with suppress(KdEdgeError):
                model = backends.load(item, backend, form)
                rows[f"{backend} {form}"] = model.probabilities(TEXTS)
        found += len(rows)
        for how, given in rows.items():
            if not all(map(_sound, given)):
                part.note("differing scores", f"rehashed {number}: none by {how}, {name}")
        plain = [given for how, given in rows.items() if how.endswith("plain-int8")]
        if not all(_alike(plain[0], given) for given in plain[1:]):
            part.note("differing scores", f"rehashed {number}: {', '.join(rows)}, {name}")
        if plain:
            _whole_scores(bundle, entry)
        if name == entry.golden:
            golden.read(item)
    part.add("scored" if found else "refused: each form" if tried else "not in use")


def _runs(entry: ItemEntry, name: str, number: int) -> Iterator[tuple[str, str]]:
    """Backends and forms; graphs that are not changed are rarely tried, as they load slowly."""
    for backend in backends.NAMES:
        for form in backends.forms(entry, backend):
            if backend not in NATIVE or entry.forms[form] == name or number % 16 == 0:
                yield backend, form


def _whole_scores(bundle: Bundle, entry: ItemEntry) -> None:
    """With decisions and flags, which may refuse as well."""
    if entry in bundle.manifest.items:
        for backend in ("plain", "core"):
            if not backends.missing(backend):
                Scorer(bundle, backend, first_only=True).score_many(TEXTS, entry.item_id)


def _sound(row: Sequence[float]) -> bool:
    return all(0 <= share <= 1.001 for share in row) and abs(math.fsum(row) - 1) < 1e-2


def _alike(one: Rows, other: Rows) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= SAME for first, second in zip(one, other) for a, b in zip(first, second)
    )


def texts(numbers: range, sources: Sequence[Path], path: Path, part: Part) -> None:
    """Scores texts by every backend, which must agree."""
    models = [
        (name, [backends.load(LoadedItem(bundle, entry), *how) for how in ways])
        for name, bundle, entry, ways in _ways(sources)
    ]
    readers = _readers(sources)
    for number in numbers:
        rng = random.Random(number)
        made = [text(rng) for _ in range(TOGETHER)]
        with _case(number):
            for package, plain in readers:
                if package(made) != plain(made):
                    part.note("differing scores", f"texts {number}: other tokens")
                part.add("texts read by 2 tokenizers", TOGETHER)
            for name, ways in models:
                try:
                    first, *others = [model.probabilities(made) for model in ways]
                except Exception as error:
                    part.note("tracebacks", f"texts {number}: {type(error).__name__} {name}")
                    continue
                for other in others:
                    if not _alike(first, other):
                        part.note("differing scores", f"texts {number}: {name}")
                part.add(f"texts scored by {len(ways)} backends", TOGETHER)
        part.written(f"texts {number}", path)


def _ways(sources: Sequence[Path]) -> list[tuple[str, Bundle, ItemEntry, list[tuple[str, str]]]]:
    """Items with each backend and form that has the same weights."""
    found = []
    for source in sources:
        bundle = Bundle(source)
        for entry in students(bundle.manifest.items):
            ways = [
                (backend, form)
                for backend in backends.NAMES
                if not backends.missing(backend)
                for form in backends.forms(entry, backend)
            ]
            if not any(entry.student == other[2].student for other in found):
                found.append((f"{source.name} {entry.item_id}", bundle, entry, ways))
    return found


Read = Callable[[Sequence[str]], "list[list[int]]"]


def _readers(sources: Sequence[Path]) -> list[tuple[Read, Read]]:
    """The readers of a tokenizer, whole and in parts: the package's and that of plain Python."""
    for source in sources:
        with Bundle(source) as bundle:
            for entry in students(bundle.manifest.items):
                if entry.student in ("transformer", "cross"):
                    item = LoadedItem(bundle, entry)
                    plain = PlainTokenizer(read_json(item.vectorizer().decode()))
                    package = token_reader(item)
                    return [
                        (package.encode, partial(_plain_ids, plain.encode)),
                        (package.pieces, partial(_plain_ids, plain.pieces)),
                    ]
    return []


def _plain_ids(read: Callable[[str], list[int]], made: Sequence[str]) -> list[list[int]]:
    return [*map(read, whole(made))]


class _case:  # noqa: N801
    """A case: its number is known outside, and its time is limited."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __enter__(self) -> None:
        os.write(1, b"%d\n" % self._number)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> None:
    """Arguments: kind of cases, the first and the last but one, the file to write, the sources."""
    kind, first, end, path, *sources = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    part = Part()
    numbers, found = range(int(first), int(end)), [*map(Path, sources)]
    if kind != "bytes":
        for name in NATIVE:  # which write nothing once they are there
            backends.module(name)
    run = texts if kind == "texts" else partial(bundles, kind)
    sys.addaudithook(part.watch)
    run(numbers, found, Path(path), part)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    os.write(1, json.dumps({"counts": part.counts, "odd": part.odd, "MiB": peak}).encode() + b"\n")


if __name__ == "__main__":
    main()
