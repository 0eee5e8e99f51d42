"""Reads and checks the files that `kd-edge bench` wrote."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge_runtime.bench.run import FORMAT, VERSION
from kd_edge_runtime.bench.show import place
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.system.whole_file import read_whole

_MOST = 64 << 20  # bytes of a file


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
        p50, p90, p99: percentiles of the latency of one response, seconds.
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
    opened = [_opened(path) for path in files]
    names = [place(file.get("machine", dict)) for file in opened]
    counts = Counter(names)
    return [
        _rows(file, f"{name} ({file.path.stem})" if counts[name] > 1 else name)
        for file, name in zip(opened, names, strict=True)
    ]


@dataclass(frozen=True)
class _Object:
    """An object in a file, read field by field; an error names the file and the field."""

    path: Path
    raw: Any
    where: str = ""

    def get(self, name: str, kind: type[Any], none: bool = False, least: float = 0) -> Any:
        """A field; a number is at least `least`; `none` allows null."""
        fields = self.raw if isinstance(self.raw, dict) else {}
        value = fields.get(name)
        if none and name in fields and value is None:
            return None
        kinds = (int, float) if kind is float else kind
        if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
            raise InputError(
                f"{self.path}: '{self.where}{name}' is missing or not of type {kind.__name__}: the "
                "file is damaged"
            )
        if kind in (int, float) and not least <= value < math.inf:
            raise InputError(
                f"{self.path}: '{self.where}{name}' cannot be {value:g}: the file is damaged"
            )
        return value

    def inner(self, name: str) -> _Object:
        """A field that is an object."""
        return _Object(self.path, self.get(name, dict), f"{self.where}{name}.")

    def optional(self, name: str) -> _Object | None:
        """A field that is an object or null."""
        return None if self.get(name, dict, none=True) is None else self.inner(name)

    def each(self, name: str) -> list[_Object]:
        """The objects of a field that is a list."""
        values = enumerate(self.get(name, list))
        return [_Object(self.path, raw, f"{self.where}{name}[{at}].") for at, raw in values]


def _opened(path: Path) -> _Object:
    try:
        raw = json.loads(read_whole(path, _MOST), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: this is not JSON") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise InputError(f"{path}: 'kd-edge bench -o FILE' did not write this")
    file = _Object(path, raw)
    if file.get("version", int) > VERSION:
        raise InputError(f"{path}: written by a newer version of 'kd-edge bench': update kd-edge")
    for name in ("device", "cpu", "architecture"):
        file.inner("machine").get(name, str, none=name != "architecture")
    return file


def _rows(file: _Object, device: str) -> tuple[BenchRow, ...]:
    bundle = file.inner("bundle")
    bundle_file, item_id = bundle.get("file", str), bundle.get("item_id", str)
    fastest = file.get("fastest", str, none=True)
    return tuple(
        BenchRow(
            device=device,
            file=file.path.name,
            bundle=bundle_file,
            item_id=item_id,
            name=row.get("name", str),
            own=row.get("own", bool),
            fastest=row.get("own", bool) and row.get("name", str) == fastest,
            state=row.get("state", str),
            bytes=row.get("bytes", int),
            parameters=row.get("parameters", int, none=True),
            **(_measured(row) if "latency" in row.raw else {}),
        )
        for row in file.each("rows")
    )


def _measured(row: _Object) -> dict[str, Any]:
    latency, quality, ratios = row.inner("latency"), row.optional("quality"), row.optional("ratios")
    quantiles = latency.get("quantiles", list)
    if not all(map(_is_pair, quantiles)):
        raise InputError(f"{row.path}: '{latency.where}quantiles' are not pairs of numbers")
    return {
        "start_s": row.get("start_s", float),
        **{name: latency.get(name, float) for name in ("p50", "p90", "p99")},
        "quantiles": tuple((float(share), float(seconds)) for share, seconds in quantiles),
        "per_s": max((rate.get("per_s", float) for rate in row.each("throughput")), default=None),
        "rss_kib": row.get("rss_peak_kib", int, none=True),
        "accuracy": quality.get("accuracy", float) if quality else None,
        "qwk": quality.get("qwk", float, least=-1) if quality else None,
        "faster": ratios.get("faster", float) if ratios else None,
    }


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(part, (int, float)) and math.isfinite(part) for part in value)
        and value[1] > 0
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")
