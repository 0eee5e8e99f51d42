"""The version of kd-edge, shared by all its packages and both distributions."""

from __future__ import annotations

__version__ = "0.2.0"
