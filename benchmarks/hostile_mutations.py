"""Bundles that are changed at random: their bytes, or their members with every hash made right.

Nothing here reads a bundle with the code that is tried.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

MANIFEST = "manifest.json"
Members = dict[str, bytes]

# Numbers at which readers break: ends of what holds them, and beyond.
_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_WHOLE = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_FLOATS = (0.0, -0.0, 1e-38, 1.0, -1.0, 3.4e38, float("inf"), float("-inf"), float("nan"))
# Values in the place of others, as they are written in JSON.
_WRITTEN = (
    *("null", "true", "0", "-1", "1", "0.5", "1e400", "-1e400", "NaN", "Infinity", "1e-400"),
    *("255", "257", "65536", "2147483648", "9007199254740993", "9" * 400, '""', '"a"', '"\\ud800"'),
    *(
        '"\\u0000"',
        '"../a"',
        f'"{"x" * 2000}"',
        "[]",
        "{}",
        "[0]",
        '{"a":1}',
        "[" * 300 + "]" * 300,
    ),
    f"[{','.join('0' * 500)}]",
)
_MARKS = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")


def members_of(bundle: bytes) -> Members:
    """The members of a bundle, the manifest among them."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed_bytes(bundle: bytes, rng: random.Random) -> bytes:
    """The bundle with a few bytes changed, cut out, put in, or repeated."""
    data = bytearray(bundle)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        rng.choice(_CHANGES)(data, rng)
    return bytes(data)


def _flip(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice(_BYTES)


def _number(data: bytearray, rng: random.Random) -> None:
    """A whole number of four bytes, in a header as often as not."""
    at = rng.randrange(max(len(data) - 4, 1))
    if rng.random() < 0.5:
        start = bytes(data).rfind(rng.choice(_MARKS), 0, rng.randrange(len(data) + 1))
        at = max(start, 0) + rng.randrange(46)
    struct.pack_into("<I", data, min(at, max(len(data) - 4, 0)), rng.choice(_WHOLE)) if len(
        data
    ) >= 4 else None


def _float(data: bytearray, rng: random.Random) -> None:
    if len(data) >= 4:
        at = rng.randrange(len(data) - 3)
        struct.pack_into("<f", data, at - at % 4 * (rng.random() < 0.8), rng.choice(_FLOATS))


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _remove(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 2, 4, 30, 300))]


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 4, 30)))


def _repeat(data: bytearray, rng: random.Random) -> None:
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 4, 46, 300))
    data[at:at] = data[at : at + size]


def _move(data: bytearray, rng: random.Random) -> None:
    at, to, size = (rng.randrange(len(data) + 1) for _ in range(3))
    data[to : to + size % 64] = data[at : at + size % 64]


_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _flip, _set, _number, _number, _float, _cut, _remove, _insert, _repeat, _move),
)
_IN_PLACE = (_flip, _flip, _set, _number, _float, _float, _move)


def rehashed(members: Members, rng: random.Random) -> tuple[bytes, str]:
    """A bundle with a changed member and right hashes and sizes, and the member's name."""
    name = rng.choice([*members, *[MANIFEST] * (len(members) // 2)])
    data = members[name]
    if name.endswith(".json"):
        changed = _changed_json(data, rng)
    else:
        inside = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 4))):
            rng.choice(_IN_PLACE if rng.random() < 0.85 else _CHANGES)(inside, rng)
        changed = bytes(inside)
    return zipped(hashed({**members, name: changed})), name


def hashed(members: Members) -> Members:
    """The members with a manifest that vouches for them, as far as it still is one."""
    try:
        raw = json.loads(members[MANIFEST])
        listed = raw["members"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return members
    if not isinstance(listed, dict):
        return members
    text = members[MANIFEST].decode("utf-8", "surrogatepass")
    for name, entry in listed.items():
        if name in members and isinstance(entry, dict):
            before, place, after = text.partition(f"{json.dumps(name)}: {{")
            digest = hashlib.sha256(members[name]).hexdigest()
            after = after.replace(str(entry.get("sha256")), digest, 1)
            old, new = f'"bytes": {entry.get("bytes")}', f'"bytes": {len(members[name])}'
            text = before + place + after.replace(old, new, 1)
    return {**members, MANIFEST: text.encode("utf-8", "surrogatepass")}


def _changed_json(data: bytes, rng: random.Random) -> bytes:
    """JSON with values replaced, left out, or repeated; as text, so that any number may stand."""
    raw = json.loads(data)
    marks: dict[str, str] = {}
    for number in range(rng.choice((1, 1, 1, 2, 3))):
        where, key = _place(raw, rng)
        if where is None:
            continue
        action = rng.random()
        if action < 0.12:
            del where[key]
        elif action < 0.2 and isinstance(where, list):
            where[key:key] = [where[key]] * rng.choice((1, 2, 50))
        elif action < 0.3 and isinstance(where[key], int):
            where[key] += rng.choice((-1, 1, 2, 100))
        else:
            mark = f"\x01{number}\x01"
            marks[json.dumps(mark)] = rng.choice(_WRITTEN)
            where[key] = mark
    text = json.dumps(raw, indent=1, ensure_ascii=False)
    for mark, written in marks.items():
        text = text.replace(mark, written)
    return text.encode("utf-8", "surrogatepass")


def _place(raw: Any, rng: random.Random) -> tuple[Any, Any]:
    """A container in JSON and a key of it, each depth as likely as the next."""
    found: tuple[Any, Any] = (None, None)
    while isinstance(raw, (dict, list)) and raw:
        key: Any = rng.choice([*raw]) if isinstance(raw, dict) else rng.randrange(len(raw))
        found, raw = (raw, key), raw[key]
        if rng.random() < 0.15:
            break
    return found


def zipped(members: Members) -> bytes:
    """A zip of the members as they stand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()
