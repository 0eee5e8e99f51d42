"""What `kd-edge export --c` writes, compiled here, for an ARMv6 and for a microcontroller."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import corpus_bundles
import cortex_m_board
import zig
from kd_edge.bundling import c_source
from kd_edge.bundling.c_source import CORE_SOURCES, write_c
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.flags import NAMES
from kd_edge_runtime.scorer import Scorer

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "tests" / "bundles" / "protocol-1.kdz"
STRICT = "CFLAGS=-O2 -Wall -Wextra -Werror"


# The students that a bundle of each kind has: the committed bundle's are bags of rules 1.
CORPUS = {
    "bags, rules 1": ("stove", "spoon"),
    "pairs, rules 1": ("pairs-1a", "pairs-1b"),
    "bags, rules 2": ("bag-2a", "bag-2b"),
    "pairs, rules 2": ("pairs-2a", "pairs-2b"),
}
# KB of a microcontroller's flash for the core and for the compiler's library, and of its RAM beside
# scratch and question.
LIMITS = {
    "bags, rules 1": (16, 8, 2),
    "pairs, rules 1": (20, 12, 2),
    "bags, rules 2": (54, 8, 2),
    "pairs, rules 2": (58, 12, 2),
}
STUDENTS = [(kind, name) for kind, names in CORPUS.items() for name in names]


@dataclass(frozen=True)
class Written:
    """A bundle, and the folder of C that is written of it."""

    bundle: Path
    folder: Path

    def texts(self, item, lines):
        """An item's golden inputs; with all ends of lines as spaces, if lines are asked for."""
        with Bundle(self.bundle) as opened:
            golden = json.loads(opened.read(opened.manifest.item(item).golden))["inputs"]
        return [re.sub("[\\r\\n\\0]", " ", text) if lines else text for text in golden]

    def scores(self, texts, item):
        """What plain Python gives."""
        with Scorer.open(self.bundle, backend="plain") as scorer:
            return scorer.score_many(texts, item)

    def check(self, program, item):
        """A program's output against plain Python's scores."""
        texts = self.texts(item, lines=True)
        lines = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")
        done = subprocess.run([*program, item], input=lines, capture_output=True, check=True)
        found = [line.split("\t") for line in done.stdout.decode().splitlines()]
        wanted = self.scores(texts, item)
        assert len(found) == len(wanted) >= 20
        for one, score in zip(found, wanted, strict=True):
            assert one[0] == score.predicted
            assert one[1:4] == [f"{score.expected:.4f}", f"{score.confidence:.4f}", score.flag]
            assert one[4:] == [f"{share:.7f}" for share in score.probabilities]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A function from a kind of `CORPUS` to its folder of C, which is written once."""

    @cache
    def of(kind):
        scratch = tmp_path_factory.mktemp("c")
        bundle, folder = BUNDLE, scratch / "scorer"
        if kind != "bags, rules 1":
            bundle = scratch / "made.kdz"
            corpus_bundles.write(bundle, CORPUS[kind])
        write_c(bundle, folder)
        return Written(bundle, folder)

    return of


@pytest.fixture(scope="module")
def compiled(written):
    """The same, with its program and library."""
    zig.need(shutil.which("gcc") and shutil.which("make"), "gcc and make")

    @cache
    def of(kind):
        found = written(kind)
        command = ["make", "-C", found.folder, "CC=gcc", STRICT]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return found

    return of


@pytest.mark.parametrize(("kind", "item"), STUDENTS)
def test_it_scores_as_plain_python_does(compiled, kind, item):
    found = compiled(kind)
    found.check([found.folder / "score"], item)


@pytest.mark.parametrize("kind", CORPUS)
def test_what_no_item_needs_is_left_out(written, kind):
    options = {*re.findall("-DKD_[A-Z0-9_]+", (written(kind).folder / "Makefile").read_text())}
    wanted = {"bags": {"-DKD_BAG_ONLY"}, "rules 1": {"-DKD_RULES_1"}}
    assert options == set().union(*(wanted.get(part, set()) for part in kind.split(", ")))


def test_other_languages_call_the_library(compiled, tmp_path):
    found = compiled("bags, rules 1")
    zig.need(shutil.which("nm"), "nm")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", found.folder / "libkd_edge.so"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    exported = {line.split()[2] for line in listed.splitlines()}
    assert exported == {"kd_scorer_open", "kd_scorer_score", "kd_scorer_close"}
    if not shutil.which("rustc"):
        return
    program = tmp_path / "example"
    command = ["rustc", "-o", program, found.folder / "example.rs"]
    command += ["-L", found.folder, "-l", "kd_edge"]
    subprocess.run(command, check=True, capture_output=True)
    done = subprocess.run(
        [program, "stove", "the ice melts"],
        env={"LD_LIBRARY_PATH": str(found.folder)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (wanted,) = found.scores(["the ice melts"], "stove")
    assert done.stdout.split()[:2] == [wanted.predicted, f"{wanted.expected:.4f}"]


def test_it_says_how_it_is_used(compiled):
    program = compiled("bags, rules 1").folder / "score"
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: score ITEM" in done.stderr


@pytest.mark.parametrize("kind", CORPUS)
def test_an_armv6_scores_the_same(written, kind):
    """The processor of a Pi Zero, for which there is no emulated Python."""
    zig.need_zig()
    zig.need(shutil.which("qemu-arm"), "qemu-arm")
    found = written(kind)
    program = found.folder / "score-armv6"
    options = re.findall("-DKD_[A-Z0-9_]+", (found.folder / "Makefile").read_text())
    names = ("kd_edge.c", "items.c", "scorer.c", "main.c")
    module = zig.build_wheels()
    module.zig([
        "cc", "-target", "arm-linux-musleabihf", "-mcpu=arm1176jzf_s", "-static", *module.EXACT,
        *options, "-o", program, *(found.folder / name for name in names), "-lm",
    ])  # fmt: skip
    for item in CORPUS[kind]:
        found.check(["qemu-arm", "-cpu", "arm1176", program], item)


@pytest.mark.parametrize(("kind", "item"), STUDENTS)
def test_a_microcontroller_scores_within_the_tolerance(written, kind, item):
    zig.need_zig()
    zig.need(not cortex_m_board.missing(), "qemu-system-arm")
    found = written(kind)
    texts = found.texts(item, lines=False)
    with Bundle(found.bundle) as bundle:
        classes = list(bundle.manifest.item(item).classes)
    ran = cortex_m_board.run(found.folder, texts, len(classes), CORPUS[kind].index(item))
    wanted = found.scores(texts, item)
    assert len(ran.lines) == len(wanted) >= 20
    for (place, flag, *shares), score in zip(ran.lines, wanted, strict=True):
        assert classes[place] == score.predicted
        assert ("", *NAMES)[flag] == score.flag
        assert [share / 1e7 for share in shares] == pytest.approx(score.probabilities, abs=1e-4)
    core, library, ram = (1024 * limit for limit in LIMITS[kind])
    assert ran.core <= core
    assert ran.library <= library
    assert ran.stack + ran.static <= ram
    assert ran.scratch <= 2048
    assert (ran.question > 0) == kind.startswith("pairs")


def test_the_core_is_whole(written):
    folder = written("bags, rules 1").folder
    there = {path.name for path in (ROOT / "runtime" / "core").glob("*.[ch]")}
    assert there - {"module.c", "libm.h", "pyconfig.h"} == set(CORE_SOURCES)
    assert {name for name in CORE_SOURCES if not (folder / name).is_file()} == set()
    packed = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {name for name in CORE_SOURCES if f'"runtime/core/{name}"' not in packed} == set()


def test_odd_names_are_strings_of_c():
    assert c_source._quoted('a"b\\?é1') == '"a\\042b\\134\\077\\303\\2511"'


def test_what_c_cannot_score_is_refused(small_students, tmp_path):
    from kd_edge.bundling.bundle import ExportItem

    with pytest.raises(InputError, match="kind 'rnn' cannot be C"):
        c_source.export_c([ExportItem(small_students["rnn"])], tmp_path / "c", {})
    assert not (tmp_path / "c").exists()


def test_a_file_in_its_place_is_refused_before_the_work(tmp_path):
    path = tmp_path / "scorer"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="scorer' is a file; name a folder"):
        c_source.export_c([], path, {})
    assert path.read_text(encoding="utf-8") == "mine"
