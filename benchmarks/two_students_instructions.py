"""What two students of an item cost an emulated 64-bit Raspberry Pi, in instructions.

    make devices
    python -m benchmarks.two_students_instructions asap-sas-1 1 --work WORK

`WORK` holds the run of `benchmarks.agreement … --student both`. Its bundle, and one of its second
student alone, are verified and installed on the device. Counted are (a) `kd-edge score` of one
response, from the start of Python to its end, and (b) one more response in a process that has
scored the same before, a mean over the item's held-out responses. Writes
`results/two_students_instructions.json`.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from benchmarks.emulated import Device
from benchmarks.emulated.runtime import build_wheel, unpack
from benchmarks.emulated.setups import SETUPS
from benchmarks.instruction_counter import InstructionCounter, absent_tools
from benchmarks.raspberry_pi import HERTZ, INSTRUCTIONS_PER_CYCLE, PROGRAM
from kd_edge.console.tables import markdown
from kd_edge.runs.folder import BUNDLE, item_folder
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge_export.bundle import student_of_entry, write_bundle
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.scorer import Scorer

KIND = "pi-64"
RESPONSES = 40
_NAME = "two_students_instructions"
_TOKENIZERS = "tokenizers"
_BAG, _SECOND, _BOTH = "bag alone", "cut transformer alone", "both"

# Keeps the outcome that the installation would come to, for which an emulated device is too slow.
_PROBE = """
import sys
from pathlib import Path
from kd_edge_runtime import backends
from kd_edge_runtime.backends.probe import probe
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.students.item import LoadedItem
path, cache = map(Path, sys.argv[1:])
with Bundle(path) as bundle:
    for entry in students(bundle.manifest.items):
        if entry.student in ("transformer", "cross"):
            (form,) = backends.forms(entry, "onnx")
            outcome = probe("onnx", LoadedItem(bundle, entry), form, cache, timeout=3600)
            assert outcome.usable, str(outcome)
"""

_WARM = """
import json, sys
from pathlib import Path
from kd_edge_runtime.slots.installed import open_installed
root, responses, first_only, rounds = sys.argv[1:]
texts = json.loads(Path(responses).read_text("utf-8"))
with open_installed(Path(root), first_only=first_only == "yes") as scorer:
    second = scorer.second()
    assert first_only == "yes" or second is None or second.backend == "onnx", second
    for _ in range(int(rounds)):
        for text in texts:
            scorer.score(text)
"""


@dataclass(frozen=True)
class Case:
    """One way to score.

    Attributes:
        name: what it is called in the table.
        root: the folder with the installed bundle.
        first_only: whether the first of two students scores alone.
        cold: the response that a process of its own scores.
    """

    name: str
    root: Path
    first_only: bool
    cold: str


@click.command()
@click.argument("name")
@click.argument("item")
@click.option("--work", type=click.Path(path_type=Path, exists=True), required=True)
def main(name: str, item: str, work: Path) -> None:
    """Count for the run NAME in the work folder, of the item ITEM."""
    if absent := absent_tools():
        raise click.ClickException(f"{', '.join(absent)}: not found")
    if missing := Device(KIND).missing:
        raise click.ClickException(missing)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(work / name, item, Path(folder))
    click.echo(str(record.write(_NAME, {"item": name, **figures}, 0)))


def measure(run: Path, item: str, folder: Path) -> dict[str, Any]:
    """All figures.

    Args:
        run: the run's folder.
        item: the item.
        folder: an empty folder to work in.
    """
    both, alone = (run / BUNDLE).resolve(), folder / "second.kdz"
    with Bundle(both) as bundle:
        classes = bundle.manifest.item(item).classes
        write_second(bundle, item, alone)
    texts = read_scored(item_folder(run, item) / FILE, classes).texts[:RESPONSES]
    sure, unsure = _by_confidence(both, item, texts)
    device = _OnDevice(folder)
    roots = {path: device.install(path, folder / f"{path.stem}-root") for path in (both, alone)}
    cases = [
        Case(_BAG, roots[both], True, sure[0]),
        Case(_SECOND, roots[alone], False, unsure[0]),
        Case(_BOTH, roots[both], False, unsure[0]),
    ]
    return {
        "emulator_device": KIND,
        "responses": len(texts),
        "asked": len(unsure),
        "assumed": {"hertz": HERTZ[KIND], "instructions_per_cycle": INSTRUCTIONS_PER_CYCLE},
        "verified": {
            with_packages: device.verified(both, with_packages == _TOKENIZERS)
            for with_packages in (_TOKENIZERS, "WordPiece in plain Python")
        },
        "rows": {case.name: device.counted(case, texts) for case in cases},
    }


def write_second(bundle: Bundle, item: str, path: Path) -> None:
    """Writes a bundle whose only student is the second of an item."""
    entry = of_second(bundle.manifest.item(item))
    assert entry is not None, "the item has two students"

    def member(name: str) -> tuple[str, bytes]:
        return Path(name).name, bundle.read(name)

    forms = {form: member(name) for form, name in entry.forms.items()}
    golden = bundle.read(entry.golden)
    parts = student_of_entry(entry, item, member(entry.vectorizer), forms, golden)
    write_bundle(path, [parts], "", bundle.manifest.created, {}, {})


def _by_confidence(path: Path, item: str, texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The responses that the first student scores alone, and those about which both are asked."""
    with Scorer.open(path, first_only=True) as scorer:
        second = scorer.bundle.manifest.item(item).second
        assert second is not None, "the item has two students"
        confident = [
            one.confidence >= second.below for one in scorer.score_many(texts, item_id=item)
        ]
    chosen = list(zip(texts, confident, strict=True))
    return [text for text, is_sure in chosen if is_sure], [
        text for text, sure in chosen if not sure
    ]


class _OnDevice:
    """The emulated device with the runtime's wheel.

    Args:
        folder: for what is written.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "wheel").mkdir()
        self._folder = folder
        self._setup = SETUPS["pi-64, LiteRT and ONNX Runtime"]
        self._path = self._setup.path(unpack(build_wheel(folder / "wheel"), folder / "runtime"))
        self._counter = InstructionCounter(folder)

    def install(self, bundle: Path, root: Path) -> Path:
        """Installs a bundle; gives the folder in which it is."""
        root.mkdir()
        self._run(["-c", _PROBE, bundle, root / "probe.json"], self._path)
        self._run([*PROGRAM, "install", bundle, "--root", root], self._path)
        return root

    def verified(self, bundle: Path, tokenizers: bool) -> bool:
        """Whether every backend here reproduces the golden rows.

        Args:
            bundle: the bundle.
            tokenizers: whether the package is there.
        """
        path = self._path if tokenizers else self._without_tokenizers()
        said = json.loads(self._run([*PROGRAM, "verify", bundle, "--json"], path))
        checked = {one["backend"] for one in said["results"]}
        assert "onnx" in checked, "ONNX Runtime is there"
        return bool(said["ok"])

    def counted(self, case: Case, texts: Sequence[str]) -> Mapping[str, int]:
        """Instructions of one response in a process of its own, and of one more."""
        table, responses = self._folder / "one.csv", self._folder / "responses.json"
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["response_id", "text"], ["1", case.cold]])
        responses.write_text(json.dumps(list(texts)), encoding="utf-8")
        out = self._folder / "scores.csv"
        only = ["--first-only"] if case.first_only else []
        cold = [*PROGRAM, "score", table, "--root", case.root, "-o", out, "-q", *only]
        self._count(cold)  # writes the byte code
        least = min(self._count(cold) for _ in range(3))
        warm = ["-c", _WARM, case.root, responses, "yes" if case.first_only else "no"]
        self._count([*warm, 0])  # likewise
        once, twice = (self._count([*warm, rounds]) for rounds in (1, 2))
        counts = {"cold": least, "warm": round((twice - once) / len(texts))}
        click.echo(f"{case.name}: {counts}", err=True)
        return counts

    def _count(self, arguments: list[object]) -> int:
        return self._counter.count(self._setup.device, arguments, self._path)

    def _run(self, arguments: list[object], path: Sequence[Path]) -> str:
        done = self._setup.device.run(arguments, path=path)
        if done.returncode:
            raise click.ClickException(f"a program failed on the device: {done.stderr}")
        return done.stdout

    def _without_tokenizers(self) -> list[Path]:
        """The packages of the device but one."""
        *others, current = self._path
        folder = self._folder / "without"
        folder.mkdir()
        for package in current.iterdir():
            if not package.name.startswith(_TOKENIZERS):
                (folder / package.name).symlink_to(package)
        return [*others, folder]


def table() -> str:
    """Instructions of both students, and the seconds that they may take."""
    figures = record.read(_NAME)["figures"]
    assumed = figures["assumed"]
    second = assumed["hertz"] * assumed["instructions_per_cycle"]
    rows = [
        [
            name,
            f"{one['cold'] / 1e6:.0f}",
            f"{one['cold'] / second:.2f}",
            f"{one['warm'] / 1e6:.2f}",
            f"{one['warm'] / second * 1e3:.1f}",
        ]
        for name, one in figures["rows"].items()
    ]
    header = [
        "64-bit, cortex-a53",
        "cold, million instructions",
        "estimate, s",
        "one more, million instructions",
        "estimate, ms",
    ]
    return markdown(header, rows)


TABLES: dict[str, Callable[[], str]] = {"two-students-device": table}

if __name__ == "__main__":
    main()
