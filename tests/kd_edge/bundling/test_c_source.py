"""What `kd-edge export --c` writes, compiled here, for an ARMv6 and for a microcontroller."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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


def inputs(bundle, item, lines):
    """An item's golden inputs: those that are one line, if lines are asked for."""
    with Bundle(bundle) as opened:
        golden = json.loads(opened.read(opened.manifest.item(item).golden))["inputs"]
    return [text for text in golden if not lines or not re.search("[\\r\\n\\0]", text)]


def items_of(bundle):
    with Bundle(bundle) as opened:
        return [entry.item_id for entry in opened.manifest.items]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("c") / "scorer"
    write_c(BUNDLE, folder)
    return folder


@pytest.fixture(scope="module")
def compiled(folder):
    zig.need(shutil.which("gcc") and shutil.which("make"), "gcc and make")
    done = subprocess.run(["make", "-C", folder, "CC=gcc", STRICT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def check(program, item):
    """A program's output against plain Python's scores."""
    texts = inputs(BUNDLE, item, lines=True)
    lines = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")
    done = subprocess.run([*program, item], input=lines, capture_output=True, check=True)
    found = [line.split("\t") for line in done.stdout.decode().splitlines()]
    with Scorer.open(BUNDLE, backend="plain") as scorer:
        wanted = scorer.score_many(texts, item)
    assert len(found) == len(wanted) >= 15
    for one, score in zip(found, wanted, strict=True):
        assert one[0] == score.predicted
        assert one[1:4] == [f"{score.expected:.4f}", f"{score.confidence:.4f}", score.flag]
        assert one[4:] == [f"{share:.7f}" for share in score.probabilities]


@pytest.mark.parametrize("item", items_of(BUNDLE))
def test_it_scores_as_plain_python_does(compiled, item):
    check([compiled / "score"], item)


def test_other_languages_call_the_library(compiled, tmp_path):
    zig.need(shutil.which("nm"), "nm")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", compiled / "libkd_edge.so"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    exported = {line.split()[2] for line in listed.splitlines()}
    assert exported == {"kd_scorer_open", "kd_scorer_score", "kd_scorer_close"}
    if not shutil.which("rustc"):
        return
    program = tmp_path / "example"
    command = ["rustc", "-o", program, compiled / "example.rs", "-L", compiled, "-l", "kd_edge"]
    subprocess.run(command, check=True, capture_output=True)
    done = subprocess.run(
        [program, items_of(BUNDLE)[0], "the ice melts"],
        env={"LD_LIBRARY_PATH": str(compiled)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with Scorer.open(BUNDLE, backend="plain") as scorer:
        wanted = scorer.score("the ice melts", items_of(BUNDLE)[0])
    assert done.stdout.split()[:2] == [wanted.predicted, f"{wanted.expected:.4f}"]


def test_it_says_how_it_is_used(compiled):
    done = subprocess.run([compiled / "score"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: score ITEM" in done.stderr


def test_an_armv6_scores_the_same(folder):
    """The processor of a Pi Zero, for which there is no emulated Python."""
    zig.need_zig()
    zig.need(shutil.which("qemu-arm"), "qemu-arm")
    program = folder / "score-armv6"
    options = re.findall("-DKD_[A-Z0-9_]+", (folder / "Makefile").read_text())
    names = ("kd_edge.c", "items.c", "scorer.c", "main.c")
    module = zig.build_wheels()
    module.zig([
        "cc", "-target", "arm-linux-musleabihf", "-mcpu=arm1176jzf_s", "-static", *module.EXACT,
        *options, "-o", program, *(folder / name for name in names), "-lm",
    ])  # fmt: skip
    for item in items_of(BUNDLE):
        check(["qemu-arm", "-cpu", "arm1176", program], item)


@pytest.mark.parametrize("number", range(len(items_of(BUNDLE))))
def test_a_microcontroller_scores_within_the_tolerance(folder, number):
    zig.need_zig()
    zig.need(not cortex_m_board.missing(), "qemu-system-arm")
    item = items_of(BUNDLE)[number]
    texts = inputs(BUNDLE, item, lines=False)
    with Scorer.open(BUNDLE, backend="plain") as scorer:
        wanted = scorer.score_many(texts, item)
    with Bundle(BUNDLE) as bundle:
        classes = list(bundle.manifest.item(item).classes)
    ran = cortex_m_board.run(folder, texts, len(classes), number)
    assert len(ran.lines) == len(wanted) >= 20
    for (place, flag, *shares), score in zip(ran.lines, wanted, strict=True):
        assert classes[place] == score.predicted
        assert ("", *NAMES)[flag] == score.flag
        assert [share / 1e7 for share in shares] == pytest.approx(score.probabilities, abs=1e-4)
    assert ran.core <= 16 * 1024
    assert ran.library <= 8 * 1024
    assert ran.stack + ran.static <= 2048
    assert ran.scratch <= 2048


def test_the_core_is_whole(folder):
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
