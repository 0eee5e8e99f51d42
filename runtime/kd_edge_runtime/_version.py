"""The version of kd-edge: of its packages and of both distributions, which read it here."""

from __future__ import annotations

__version__ = "0.2.0"
