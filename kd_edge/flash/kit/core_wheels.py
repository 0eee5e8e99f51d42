"""The core's wheels for a kit: from a folder that `make wheels` has filled."""

from __future__ import annotations

from pathlib import Path

import kd_edge
from kd_edge.flash.kit.platforms import Platform
from kd_edge_runtime._version import __version__
from kd_edge_runtime.errors import InputError

# Where `make wheels` puts them, in the checkout that this package runs from.
_DIST = Path(kd_edge.__file__).resolve().parents[1] / "dist"


def core_wheels(platform: Platform, folder: Path | None = None) -> dict[str, bytes]:
    """Reads the core's wheels for one kind of device.

    Args:
        platform: the kind of device. Its wheels may be several, of which each device takes its own.
        folder: where they are; None for the folder of `make wheels`, which need not be there.

    Returns:
        The wheels of this version by their files' names; empty if there are none.

    Raises:
        InputError: the folder that was named has none of this version for the platform.
    """
    wheels = sorted((folder or _DIST).glob(f"kd_edge_core-{__version__}-cp39-abi3-*linux*.whl"))
    endings = tuple(f"_{machine}" for machine in platform.core_machines)
    fitting = {path.name: path.read_bytes() for path in wheels if path.stem.endswith(endings)}
    if folder and not fitting:
        raise InputError(
            f"{folder}: there is no wheel of kd-edge-core {__version__} for {platform.name}; "
            "'make wheels' builds them into dist"
        )
    return fitting
