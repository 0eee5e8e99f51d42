"""What the service counts, as Prometheus reads it."""

from __future__ import annotations

from kd_edge_runtime.scorer import Score
from kd_edge_runtime.serve.counters import Counters


def test_the_text():
    counters = Counters()
    assert counters.text({}).count("\n") == 3
    scores = [Score("1", 1.0, confidence, "", (0.0, 1.0)) for confidence in (0.1, 0.15, 1.0)]
    counters.scored('a "b"\\\n', scores)
    counters.refused("json")
    text = counters.text({"connections": 2})
    assert 'kd_edge_responses_total{item="a \\"b\\"\\\\\\n",predicted="1",flag=""} 3\n' in text
    assert [line.rsplit(" ", 1)[1] for line in text.splitlines() if "_bucket" in line] == [
        *("1", "2", "2", "2", "2", "2", "2", "2", "2", "3", "3")
    ]
    assert "_sum{" in text and " 1.250000\n" in text
    assert text.endswith("# TYPE kd_edge_connections gauge\nkd_edge_connections 2\n")
