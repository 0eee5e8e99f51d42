"""Which backends are here, and which of them scores a bag if nobody names one."""

from __future__ import annotations

from kd_edge_runtime import backends

# The core is a distribution of its own, which a test environment may lack.
HERE = tuple(name for name in backends.NAMES if not backends.missing(name))
USUAL = next(name for name in HERE if name in ("core", "plain"))
