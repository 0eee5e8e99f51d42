from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bundles_made
from benchmarks import everywhere, record
from benchmarks.everywhere_combinations import (
    NEWEST,
    PYTHONS,
    CannotBeHadError,
    Combination,
    Runner,
    combinations,
)
from wrong_bundles import with_wrong_rows


def test_every_combination_is_stated_once():
    wanted = combinations()
    assert len(wanted) == len(set(wanted))
    assert {(one.processor, one.python) for one in wanted} >= {
        (processor, python) for processor in ("aarch64", "armv7l") for python in PYTHONS
    }
    rows = record.read("everywhere")["figures"]["rows"]
    stated = [(one["processor"], one["python"]) for one in rows]
    assert stated == [(one.processor, one.python) for one in wanted]


def test_nothing_differed():
    rows = record.read("everywhere")["figures"]["rows"]
    compared = [one for one in rows if "untested" not in one]
    assert not [one for one in compared if "failed" in one]
    assert len(compared) >= 20
    for one in compared:
        assert one["backends"]["plain"]["rows"] >= 90
        assert not [each for each in one["backends"].values() if each["differing"]]
        corpus = one.get("corpus", {"differing": 0})
        # A last bit of the C library's exponentials; never a word, a class or a flag.
        assert not corpus["differing"] or corpus["greatest"] < 1e-14


@pytest.mark.slow
def test_a_row_that_differs_is_seen(tmp_path):
    path = tmp_path / "wrong.kdz"
    bundles_made.write(path, [with_wrong_rows(bundles_made.item(), "plain-int8", (4,))])
    done = subprocess.run(
        [sys.executable, everywhere.CHILD, path], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["backends"]["plain"]["differing"] == 1


def test_what_is_not_there_has_a_reason():
    with pytest.raises(CannotBeHadError, match=r"no release|no emulated|not installed"):
        Runner(Combination(NEWEST, "aarch64"), Path(), Path())
