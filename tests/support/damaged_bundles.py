"""Bundles that are damaged, cut, or made to harm, with what has to be said of each."""

from __future__ import annotations

import hashlib
import io
import json
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from kd_edge_runtime.bundle.archive import MANIFEST
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import BundleError

INDEX = "items/0/vocabulary.bin"
ENTRY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
NAMES = (
    *("..", "../evil", "items/../../evil", "items/..", "/etc/evil", "//host/evil", "C:/evil"),
    *("C:evil", "items\\0\\evil", "./evil", "items//evil", "items/0/", "evil:stream", ""),
)


def listed(members: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:
    """The members with a manifest that vouches for all of them."""
    raw = json.loads(members[MANIFEST])
    raw["members"] = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
        if name != MANIFEST
    }
    raw["members"].update(changes)
    return {**members, MANIFEST: json.dumps(raw).encode()}


def zipped(members: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of members with names as they stand, whatever the system thinks of them.

    One that is named "link" is a symbolic link.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.filename = name
            info.compress_type = packing
            if name == "link":
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def declared(data: bytes, name: str, size: int) -> bytes:
    """The zip with another unpacked size written in both of a member's headers."""
    changed = bytearray(data)
    for mark, size_at, name_at in ((LOCAL, 22, 30), (ENTRY, 24, 46)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            if data[at + name_at :].startswith(name.encode()):
                struct.pack_into("<I", changed, at + size_at, size)
    return bytes(changed)


def refused(sound: bytes) -> Iterator[tuple[str, bytes]]:
    """What is said, and the bundle."""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for data in (b"", b"PK", b"response_id,text\n1,x\n", bytes(100), b"PK\x05\x06" + bytes(18)):
        yield "not a bundle", data
    for length in [*range(0, len(sound), 331), *range(len(sound) - 30, len(sound))]:
        yield "not a bundle", sound[:length]
    yield "it has no manifest.json", zipped({"a.kdz": sound})
    for name in NAMES:
        yield "is not allowed", zipped(listed({**members, name: b"evil"}))
    yield "'extra.txt' is not in the manifest", zipped({**members, "extra.txt": b"unhashed"})
    yield "'items/' is not in the manifest", zipped({**members, "items/": b""})
    old = zipped(listed({**members, "gr#~e.txt": b"x"})).replace(b"gr#~e.txt", b"gr\x94\xe1e.txt")
    yield "'größe.txt' is not in the manifest", old
    for name in members.keys() - {MANIFEST}:
        rest = {one: data for one, data in members.items() if one != name}
        yield f"'{name}' is missing", zipped(rest)
        data = members[name]
        other = bytes([data[0] ^ 1]) + data[1:]
        yield f"'{name}' does not have the hash", zipped({**members, name: other})
        for size in (data + b"\0", data[:-1], b""):
            yield f"'{name}' does not have the size", zipped({**members, name: size})
    yield from _made_to_harm(members)
    yield from _too_large(members)


def _made_to_harm(members: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name in (INDEX, MANIFEST):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for one, data in members.items():
                archive.writestr(one, data)
            archive.writestr(name, members[name])
        yield "a member name occurs twice", buffer.getvalue()
        encrypted = bytearray(zipped(members))
        for mark, flag_at, name_at in ((LOCAL, 6, 30), (ENTRY, 8, 46)):
            at = -1
            while (at := bytes(encrypted).find(mark, at + 1)) >= 0:
                if encrypted[at + name_at :].startswith(name.encode()):
                    encrypted[at + flag_at] |= 1
        yield f"'{name}' is encrypted, a link, or", bytes(encrypted)
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield "is encrypted, a link, or", zipped(members, packing)
    yield "'link' is encrypted, a link, or", zipped(listed({**members, "link": b"/etc/passwd"}))
    bomb = bytes(5 << 20)
    small = {"bytes": 100, "sha256": hashlib.sha256(bomb[:100]).hexdigest()}
    data = zipped(listed({**members, "bomb": bomb}, bomb=small))
    yield "'bomb' does not have the size", data
    yield "'bomb' ", declared(data, "bomb", 100)
    large = {"bytes": 6 << 20, "sha256": hashlib.sha256(bomb).hexdigest()}
    yield (
        "'bomb' ",
        declared(zipped(listed({**members, "bomb": bomb}, bomb=large)), "bomb", 6 << 20),
    )
    yield "manifest.json is too large", zipped({**members, MANIFEST: b" " * ((8 << 20) + 1)})
    lied = zipped({**members, MANIFEST: b" " * (9 << 20)})
    yield "'manifest.json' ", declared(lied, MANIFEST, 100)
    for manifest, why in (
        (b"", "is not valid JSON"),
        (b"{", "is not valid JSON"),
        (b"[]", "is not from a kd-edge bundle"),
        (b"\xff\xfe{}", "is not UTF-8"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (b"\xef\xbb\xbf" + members[MANIFEST], "is not valid JSON"),
        (b"[" * 100_000, "is not valid JSON"),
    ):
        yield f"manifest.json {why}", zipped({**members, MANIFEST: manifest})
    data = zipped(members)
    at = data.index(ENTRY)
    while at >= 0:
        one = bytearray(data)
        struct.pack_into("<I", one, at + 42, len(data) - 10)  # where the member begins
        yield "is damaged", bytes(one)
        at = data.find(ENTRY, at + 1)


def _too_large(members: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, size in (("card.md", (1 << 20) + 1), ("items/0/golden.json", (4 << 20) + 1)):
        yield f"'{name}' is too large (", zipped(listed({**members, name: bytes(size)}))
    yield "the members together are", zipped(listed({**members, "bomb": bytes(20 << 20)}))
    for changes, why in _beyond(json.loads(members[MANIFEST])):
        yield why, zipped({**members, MANIFEST: json.dumps(changes).encode()})


def _beyond(raw: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Manifests beyond the limits of FORMAT.md, section 17, and what is said of them."""
    item = raw["items"][0]
    many = [{**item, "item_id": str(at)} for at in range(2001)]
    yield {**raw, "items": many}, "more than 2000 items"
    classes = [str(at) for at in range(1001)]
    wide = {**item, "classes": classes, "values": [*range(1001)]}
    yield {**raw, "items": [wide]}, "more than 1000 classes"
    for name, value in (("parameters", 1 << 53), ("values", [-(1 << 53), *item["values"][1:]])):
        yield {**raw, "items": [{**item, name: value}]}, "53 bits"


def flipped(sound: bytes, number: int) -> list[tuple[int, int]]:
    """Bits to flip: in all of the directory's bytes, and anywhere."""
    rng = random.Random(5)
    found = [(rng.randrange(len(sound)), 1 << rng.randrange(8)) for _ in range(number)]
    start = sound.index(ENTRY)
    return found + [(at, rng.choice((1, 128, 255))) for at in range(start, len(sound))]


WRONG: tuple[Any, ...] = (None, True, 1.5, -1, "a", [1.5], ["a"], {"a": 1.5}, {}, [], 1e12, 2.0)


def _places(raw: Any) -> Iterator[tuple[str | int, ...]]:
    entries = raw.items() if isinstance(raw, dict) else enumerate(raw)
    for key, value in [*entries]:
        yield (key,)
        if isinstance(value, (dict, list)) and key != "provenance":
            yield from ((key, *rest) for rest in _places(value))


def manifests(sound: bytes) -> list[dict[str, Any]]:
    """Changed manifests as text, and whether Python reads them."""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        text = archive.read(MANIFEST).decode()
    raw = json.loads(text)
    item = raw["items"][0]
    own = ("student", "parameters", "text", "forms", "vectorizer", "golden")
    numbers = {"below": 0.5, "weight": 1, "temperature": 100, "review": 0.0}
    item["second"] = {**{name: deepcopy(item[name]) for name in own}, **numbers}
    item["points"] = [at / 2 for at in range(len(item["classes"]))]
    found = [json.dumps(raw)]
    for place in _places(raw):
        for wrong in (*WRONG, "a\x1b", "\x9f", ...):
            changed = deepcopy(raw)
            inside = changed
            for key in place[:-1]:
                inside = inside[key]
            if wrong is ...:
                del inside[place[-1]]
            else:
                inside[place[-1]] = wrong
            found.append(json.dumps(changed))
    for whole in (1 << 53, -(1 << 53), (1 << 53) - 1, 10**400):
        for name in ("parameters", "values"):
            changed = deepcopy(raw)
            one = changed["items"][0]
            one[name] = whole if name == "parameters" else [whole, *one[name][1:]]
            found.append(json.dumps(changed))
    protocol, name = '"protocol": 1', "card.md"
    assert protocol in text
    assert name in text
    for one in ("0", "2", "1.0", "1e0", "NaN"):
        found.append(text.replace(protocol, f'"protocol": {one}'))
    for one in ("\\ud800", "\\udc00\\ud800", "\\ud83d\\ude42", "\\q"):
        found.append(text.replace(name, one))
    return [{"text": one, "read": _is_read(one)} for one in dict.fromkeys(found)]


def _is_read(text: str) -> bool:
    try:
        Manifest.from_json(text)
    except BundleError:
        return False
    return True
