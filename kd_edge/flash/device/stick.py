"""Installs the kit and the bundle on a stick onto the device that it is plugged into."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from pathlib import Path

from kd_edge.flash.device.bundles import current_file, default_root, launcher, switch
from kd_edge.flash.device.disk import Refused, hash_uncached, make_folder
from kd_edge.flash.device.kit import RUNTIME, open_kit
from kd_edge.flash.device.runtime import Say, install_runtime
from kd_edge.flash.device.signers import ALLOWED, put_signers, require_signed


def install(source: Path, root: Path | None, say: Say = print) -> None:
    """Installs runtime and bundle.

    Args:
        source: the stick's folder: slots, and the kit in `kit`.
        root: the device's folder; None for the runtime's default.
        say: shows a line of progress.

    Raises:
        Refused: there is a problem that a person has to solve.
        OSError: a disk fails.
    """
    kit = open_kit(source / "kit")
    if root is None:
        wheel = next(name for name in kit if name.startswith(RUNTIME))
        root = default_root(source / "kit" / wheel)
    root.parent.mkdir(parents=True, exist_ok=True)
    make_folder(root)
    require_signed(kit, root)
    with contextlib.suppress(FileNotFoundError):
        put_signers(root, (source / ALLOWED).read_bytes())
    install_runtime(kit, root, say)
    file = current_file(launcher(root), source)
    if not file:
        raise Refused(f"there is no intact bundle in {source}: flash it again")
    say("checking the bundle")
    allow_older = bool(os.environ.get("KD_EDGE_ALLOW_OLDER"))  # see install.sh
    if switch(launcher(root), source / file, root, allow_older) != hash_uncached(source / file):
        raise Refused("the disk returns other data than was written")
    run = " ".join(map(shlex.quote, launcher(root)))
    say(f"ready: {run} score RESPONSES.csv")


def main(source: str, root: str = "") -> None:
    """Runs `install`; an error is shown as one line.

    Args:
        source: see `install`.
        root: see `install`; "" for none.
    """
    try:
        install(Path(source), Path(os.path.abspath(root)) if root else None)  # noqa: PTH100
    except Refused as error:
        sys.exit(f"Error: {error}")
    except OSError as error:
        sys.exit(f"Error: {error.filename or 'the disk'}: {error.strerror}")
