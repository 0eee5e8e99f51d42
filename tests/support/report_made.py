"""What a report says beside figures, made up."""

from __future__ import annotations

from kd_edge.report.figures.facts import BundleFacts, RowFacts
from kd_edge.report.page.verdict import Front

BUNDLE = BundleFacts("2026-11-29T09:24:00+00:00", "5f" * 32, 81_000, {"kd-edge": "0.2.0"})
FRONT = Front(RowFacts(166, 29, ("A pond.\n\nWhat happens to the algae?", "Two points.")), BUNDLE)
