"""The items that are measured: real ones, and the samples, whose responses and raters are invented.

A table holds one kind or the other, never both.
"""

from __future__ import annotations

from typing import Any

from benchmarks import record

REAL = {
    "asap-sas-1": "ASAP-SAS 1 (science)",
    "asap-sas-2": "ASAP-SAS 2 (science)",
    "asap-sas-3": "ASAP-SAS 3 (reading)",
    "asap-sas-5": "ASAP-SAS 5 (biology)",
    "asap-sas-7": "ASAP-SAS 7 (reading)",
    "asap-sas-9": "ASAP-SAS 9 (reading)",
}
SAMPLES = {
    "sample-wool-ice": "wool-ice",
    "sample-pond-web": "pond-web",
    "sample-percent-back": "percent-back",
}


def figures(name: str) -> dict[str, Any]:
    """What `benchmarks.agreement` measured on an item."""
    item: dict[str, Any] = record.read(f"agreement-{name}")["figures"]["item"]
    return item


def agreement(item: dict[str, Any], scorer: str) -> dict[str, Any]:
    """A scorer's agreement with people; empty where it was not measured."""
    lines = item["lines"]
    return next((line["agreement"] for line in lines if line["name"] == scorer), {})
