"""The virtual environments of contenders that the workshop's own Python does not have."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from kd_edge.console.progress import say
from kd_edge.files import write_json

_MADE = "made.json"


class AbsentError(Exception):
    """Something that a contender needs cannot be had here; the message says what, in words."""


@dataclass(frozen=True)
class Env:
    """A virtual environment.

    Attributes:
        name: its folder's name.
        packages: requirements as pip takes them.
        shares: whether it sees the workshop's packages where it has none of its own.
    """

    name: str
    packages: tuple[str, ...]
    shares: bool = False


# As built wheels: 0.9.3, built here, trains to NaN with 16 dimensions.
FASTTEXT = Env("fasttext", ("fasttext-wheel==0.9.2", "numpy<2"))
STATIC = Env("model2vec", ("model2vec[distill]==0.10.0",), shares=True)
SETFIT = Env(
    "setfit",
    # Its 1.2.0 does not run with transformers 5, and PyTorch is to be the workshop's.
    ("setfit==1.2.0", "transformers<5", "sentence-transformers"),
    shares=True,
)


def python(env: Env | None, folder: Path) -> Path:
    """The Python of an environment, which is made if it is not there.

    Args:
        env: the environment; None for the one that this runs in.
        folder: where environments are kept.

    Raises:
        AbsentError: a package cannot be installed.
    """
    if env is None:
        return Path(sys.executable)
    place = (folder / env.name).resolve()
    found = place / "bin" / "python"
    if _made(place) != list(env.packages) or not found.exists():
        say(f"installing {', '.join(env.packages)}")
        shutil.rmtree(place, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(place)], place, env)
        if env.shares:
            workshop = sysconfig.get_path("purelib")
            (own,) = place.glob("lib/python*/site-packages")
            (own / "workshop.pth").write_text(
                f"{workshop}\nimport site; site.addsitedir({workshop!r})\n", encoding="utf-8"
            )
        torch = [f"torch=={_workshop_torch()}"] if env.shares else []
        pip = [sys.executable, "-m", "pip", "--python", str(found), "install", "-q"]
        _run([*pip, *env.packages, *torch], place, env)
        write_json(place / _MADE, list(env.packages))
    return found


def fetched(packages: tuple[str, ...], folder: Path) -> list[Path]:
    """Wheels of packages, downloaded if they are not there, in the order of their names.

    Raises:
        AbsentError: they cannot be had.
    """
    if not (folder / _MADE).exists():
        say(f"fetching {', '.join(packages)}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
        _run([*command, *packages], folder, Env(packages[0], packages))
        write_json(folder / _MADE, list(packages))
    return sorted(folder.glob("*.whl"))


def _made(place: Path) -> object:
    try:
        return json.loads((place / _MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _run(command: list[str], place: Path, env: Env) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        place.mkdir(parents=True, exist_ok=True)
        log = place / "log.txt"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        say(f"{env.name}: see {log}")
        raise AbsentError(f"{env.packages[0]} could not be installed")


def _workshop_torch() -> str:
    from importlib.metadata import version

    return version("torch").partition("+")[0]
