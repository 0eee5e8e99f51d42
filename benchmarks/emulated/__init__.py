"""Raspberry Pis emulated on this machine, for tests and benchmarks.

`make devices` (`python -m benchmarks.emulated`) builds them from Debian's and PyPI's own ARM
packages; `Device` runs their Python under qemu-user, without a root's rights and without binfmt.
"""

from __future__ import annotations

from benchmarks.emulated.device import KINDS, Device

__all__ = ["KINDS", "Device"]
