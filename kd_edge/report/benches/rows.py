"""Reads and checks the files that `kd-edge bench` wrote."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from kd_edge_runtime.bench.run import FORMAT, VERSION
from kd_edge_runtime.bench.show import place
from kd_edge_runtime.errors import InputError

_T = TypeVar("_T")


@dataclass(frozen=True)
class BenchRow:
    """The results of a backend, or of a model compared with it, on one device.

    Attributes:
        device: the device; of several of a kind, with the name of the file.
        file: the file's name.
        bundle: the bundle's file.
        item_id: the item.
        name: the backend, or the model.
        own: whether it is a backend of the bundle.
        fastest: whether it is the fastest backend of the bundle that scores correctly.
        state: "works", or the problem.
        bytes: what a device reads to score with it.
        parameters: number of parameters; None where unknown.
        start_s: from the first import to the first score, seconds.
        p50: median latency of one response, seconds.
        p90: 90th percentile of latency, seconds.
        p99: 99th percentile of latency, seconds.
        quantiles: (share, seconds) of the distribution of latency.
        per_s: responses a second in batches of the best size.
        rss_kib: peak memory; None where unknown.
        accuracy: exact agreement with people's scores, 0 to 1; None without scores.
        qwk: quadratic weighted kappa, -1 to 1; None without scores.
        faster: how many times as fast the fastest of the run is; None for that one.

    Figures are None, and `quantiles` is empty, where it does not work on the device.
    """

    device: str
    file: str
    bundle: str
    item_id: str
    name: str
    own: bool
    fastest: bool
    state: str
    bytes: int
    parameters: int | None
    start_s: float | None = None
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    quantiles: tuple[tuple[float, float], ...] = ()
    per_s: float | None = None
    rss_kib: int | None = None
    accuracy: float | None = None
    qwk: float | None = None
    faster: float | None = None

    @property
    def good(self) -> bool:
        """Whether it works and scores correctly."""
        return self.state == "works"


def read_benches(files: Sequence[Path]) -> list[tuple[BenchRow, ...]]:
    """The rows of each file.

    Raises:
        InputError: `kd-edge bench` did not write a file, or it is damaged.
    """
    opened = [_File(path) for path in files]
    names = [place(file.get("machine", dict)) for file in opened]
    counts = Counter(names)
    return [
        file.rows(f"{name} ({file.path.stem})" if counts[name] > 1 else name)
        for file, name in zip(opened, names, strict=True)
    ]


class _File:
    """One file, read field by field; an error names the field."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            raw = json.loads(path.read_bytes(), parse_constant=_no_constant)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError):
            raise InputError(f"{path}: this is not JSON") from None
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise InputError(f"{path}: 'kd-edge bench -o FILE' did not write this")
        self._raw = raw
        if self.get("version", int) > VERSION:
            raise InputError(
                f"{path}: written by a newer version of 'kd-edge bench': update kd-edge"
            )
        machine = self.get("machine", dict)
        for name in ("device", "cpu", "architecture"):
            self.of(machine, name, str, "machine", none=name != "architecture")

    def rows(self, device: str) -> tuple[BenchRow, ...]:
        """The rows, for a device of this name."""
        bundle = self.get("bundle", dict)
        shared: dict[str, Any] = {
            "device": device,
            "file": self.path.name,
            "bundle": self.of(bundle, "file", str, "bundle"),
            "item_id": self.of(bundle, "item_id", str, "bundle"),
        }
        fastest = self.of(self._raw, "fastest", str, "", none=True)
        return tuple(
            self._row(raw, f"rows[{at}]", shared, fastest)
            for at, raw in enumerate(self.get("rows", list))
        )

    def get(self, name: str, kind: type[_T]) -> _T:
        """A field of the top level."""
        return cast(_T, self.of(self._raw, name, kind, ""))

    def of(
        self, raw: Any, name: str, kind: type[Any], where: str, none: bool = False, least: float = 0
    ) -> Any:
        """A field of an object; a number is at least `least`; `none` allows null."""
        value = raw.get(name) if isinstance(raw, dict) else None
        if value is None and none and isinstance(raw, dict) and name in raw:
            return None
        kinds = (int, float) if kind is float else kind
        bad = isinstance(value, bool) and kind is not bool
        if not isinstance(value, kinds) or bad:
            field = f"{where}.{name}" if where else name
            raise InputError(
                f"{self.path}: '{field}' is missing or not of type {kind.__name__}: the file is "
                "damaged"
            )
        if kind in (int, float) and not least <= value < math.inf:
            raise InputError(
                f"{self.path}: '{where}.{name}' cannot be {value:g}: the file is damaged"
            )
        return value

    def _row(
        self, raw: Any, where: str, shared: Mapping[str, Any], fastest: str | None
    ) -> BenchRow:
        name = self.of(raw, "name", str, where)
        own = self.of(raw, "own", bool, where)
        measured = self._measured(raw, where) if "latency" in raw else {}
        return BenchRow(
            **shared,
            name=name,
            own=own,
            fastest=own and name == fastest,
            state=self.of(raw, "state", str, where),
            bytes=self.of(raw, "bytes", int, where),
            parameters=self.of(raw, "parameters", int, where, none=True),
            **measured,
        )

    def _measured(self, raw: Any, where: str) -> dict[str, Any]:
        latency = self.of(raw, "latency", dict, where)
        inner = f"{where}.latency"
        rates = [
            self.of(one, "per_s", float, f"{where}.throughput")
            for one in self.of(raw, "throughput", list, where)
        ]
        quality = self.of(raw, "quality", dict, where, none=True)
        ratios = self.of(raw, "ratios", dict, where, none=True)
        quantiles = self.of(latency, "quantiles", list, inner)
        if not all(_pair(pair) for pair in quantiles):
            raise InputError(f"{self.path}: '{inner}.quantiles' are not pairs of numbers")
        return {
            "start_s": self.of(raw, "start_s", float, where),
            **{name: self.of(latency, name, float, inner) for name in ("p50", "p90", "p99")},
            "quantiles": tuple((float(share), float(took)) for share, took in quantiles),
            "per_s": max(rates, default=None),
            "rss_kib": self.of(raw, "rss_peak_kib", int, where, none=True),
            "accuracy": quality and self.of(quality, "accuracy", float, f"{where}.quality"),
            "qwk": quality and self.of(quality, "qwk", float, f"{where}.quality", least=-1),
            "faster": ratios and self.of(ratios, "faster", float, f"{where}.ratios"),
        }


def _pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(part, (int, float)) and math.isfinite(part) for part in value)
        and value[1] > 0
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")
