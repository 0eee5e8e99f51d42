"""What a device installs: the runtime's wheel, built from this checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "runtime"


def build_wheel(folder: Path) -> Path:
    """Builds the runtime's wheel in an empty folder."""
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", folder, SOURCE]
    subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(wheel: Path, folder: Path) -> Path:
    """Unpacks a wheel into a folder for PYTHONPATH, and gives the folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder
