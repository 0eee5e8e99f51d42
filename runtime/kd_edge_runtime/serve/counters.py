"""What `kd-edge serve` counts, in Prometheus's text format: sums alone, and no response."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from kd_edge_runtime.scorer import Score

# Upper bounds of the confidence's histogram.
_BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Counters:
    """Sums since the service started, of what was answered."""

    def __init__(self) -> None:
        self._scores: dict[tuple[str, str, str], int] = {}
        self._confidence: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        self._errors: dict[str, int] = {}

    def scored(self, item_id: str, scores: Iterable[Score]) -> None:
        """Counts the scores of responses to an item."""
        buckets = self._confidence.setdefault(item_id, [0] * (len(_BOUNDS) + 1))
        for score in scores:
            key = item_id, score.predicted, score.flag
            self._scores[key] = self._scores.get(key, 0) + 1
            buckets[bisect_left(_BOUNDS, score.confidence)] += 1
            self._sums[item_id] = self._sums.get(item_id, 0.0) + score.confidence

    def refused(self, code: str) -> None:
        """Counts a request that was answered with an error."""
        self._errors[code] = self._errors.get(code, 0) + 1

    def text(self, gauges: Mapping[str, float]) -> str:
        """All of them.

        Args:
            gauges: numbers of the moment by name, written with them.

        Returns:
            Text format 0.0.4; flags are "" for responses without one.
        """
        lines = ["# TYPE kd_edge_responses_total counter"]
        for (item_id, predicted, flag), count in self._scores.items():
            labels = _labels(item=item_id, predicted=predicted, flag=flag)
            lines.append(f"kd_edge_responses_total{labels} {count}")
        lines.append("# TYPE kd_edge_confidence histogram")
        for item_id, buckets in self._confidence.items():
            total = 0
            for bound, count in zip((*map(str, _BOUNDS), "+Inf"), buckets):
                total += count
                labels = _labels(item=item_id, le=bound)
                lines.append(f"kd_edge_confidence_bucket{labels} {total}")
            labels = _labels(item=item_id)
            lines.append(f"kd_edge_confidence_sum{labels} {self._sums.get(item_id, 0.0):.6f}")
            lines.append(f"kd_edge_confidence_count{labels} {total}")
        lines.append("# TYPE kd_edge_errors_total counter")
        lines += [
            f"kd_edge_errors_total{_labels(code=code)} {count}"
            for code, count in self._errors.items()
        ]
        for name, value in gauges.items():
            lines += [f"# TYPE kd_edge_{name} gauge", f"kd_edge_{name} {value:g}"]
        return "\n".join(lines) + "\n"


def _labels(**values: str) -> str:
    pairs = (
        name + '="' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        for name, value in values.items()
    )
    return "{" + ",".join(pairs) + "}"
