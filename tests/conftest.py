"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Two busy cores: how long an example takes says nothing.
settings.register_profile("kd-edge", deadline=None)
settings.load_profile("kd-edge")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real responses, which may not be copied into this repository."""
    beside = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("KD_EDGE_DATA", beside)).resolve()
    if not (folder / "asap-sas").is_dir():
        pytest.skip(f"no real data in {folder} (KD_EDGE_DATA names another folder)")
    return folder
