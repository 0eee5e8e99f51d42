"""The version is in one place, `kd_edge_runtime/_version.py`."""

from __future__ import annotations

import re
from pathlib import Path

import kd_edge
import kd_edge_runtime

ROOT = Path(__file__).resolve().parents[1]


def test_all_packages_have_the_same_version():
    assert kd_edge.__version__ == kd_edge_runtime.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", kd_edge.__version__)


def test_the_workshop_needs_the_runtime_of_its_own_version():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"kd-edge-runtime=={kd_edge_runtime.__version__}"' in text


def test_neither_distribution_states_a_version_of_its_own():
    for path in (ROOT / "pyproject.toml", ROOT / "runtime" / "pyproject.toml"):
        text = path.read_text(encoding="utf-8")
        assert '\ndynamic = ["version"]\n' in text
        assert not re.search(r"^version\b", text, re.MULTILINE)
