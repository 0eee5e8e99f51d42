"""What tests of kits share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssh_devices import bare_python


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a `python3` that has no package at all."""
    return bare_python(tmp_path_factory.mktemp("bare") / "venv").parent
