"""Results of `kd-edge bench`, as its JSON has them."""

from __future__ import annotations

STATE = {"governor": None, "mhz": 1500, "celsius": 48.3, "throttled": "no", "load": 0.5}
LATENCY = {
    "n": 1234,
    "p50": 21.4e-6,
    "p90": 3e-5,
    "p99": 1e-4,
    "max": 0.25,
    "spread": 0.004,
    "stable": True,
    "quantiles": [[0.5, 21.4e-6]],
    "blocks": 9,
}
PLAIN = {
    "name": "plain",
    "own": True,
    "backend": "plain",
    "form": "plain-int8",
    "bytes": 34953,
    "parameters": 28044,
    "state": "works",
    "why": "",
    "import_s": 0.03,
    "load_s": 0.01,
    "first_s": 0.0004,
    "start_s": 0.0404,
    "new_text_p50_s": 5e-5,
    "rss_peak_kib": 25_600,
    "latency": LATENCY,
    "throughput": [{"batch": 1, "per_s": 50_000.4}, {"batch": 8, "per_s": 60_000.0}],
    "golden": {"rows": 9, "greatest": 5e-8, "tolerance": 1e-4, "wrong": 0, "classes_differ": 0},
    "quality": {"responses": 90, "accuracy": 0.75, "macro_f1": 0.7, "qwk": 0.8123},
    "ratios": None,
}
TEACHER = {
    **PLAIN,
    "name": "a|b/int8.onnx",
    "own": False,
    "rss_peak_kib": None,
    "parameters": None,
    "latency": {**LATENCY, "p50": 0.0215, "spread": None, "stable": False},
    "ratios": {
        "faster": 1004.67,
        "throughput": 12.34,
        "smaller": 672.1,
        "memory": None,
        "start": 9.876,
        "qwk_more": -0.0149,
    },
}
del TEACHER["golden"]
DEAD = {
    "name": "onnx",
    "own": True,
    "state": "dies",
    "why": "SIGILL",
    "ratios": None,
    "bytes": 1,
    "parameters": 1,
}
DOC = {
    "machine": {
        "device": "Raspberry Pi 4",
        "cpu": "BCM2711",
        "architecture": "armv7l",
        "cores": 4,
        "cores_there": 4,
        "system": "Raspbian 12",
        "python": "3.11.2 CPython",
    },
    "before": STATE,
    "after": {**STATE, "celsius": None, "throttled": None},
    "bundle": {
        "file": "item.kdz",
        "bytes": 83605,
        "items": 3,
        "item_id": "1",
        "student": "bag",
        "parameters": 28044,
        "forms": {"plain-int8": {"bytes": 28208, "packed": 21589}},
    },
    "texts": {"number": 300, "source": "responses", "labelled": 90, "words": {"p50": 44}},
    "threads": 1,
    "fastest": "plain",
    "rows": [PLAIN, DEAD, TEACHER],
    "sustained": None,
}
