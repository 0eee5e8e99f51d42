"""Attacks by the zip that a bundle is."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile

from damaged_bundles import ENTRY, INDEX, LOCAL, MANIFEST, declared, listed, zipped

END = b"PK\x05\x06"
Members = dict[str, bytes]


def changed_header(data: bytes, mark: bytes, at: int, number: int, code: str = "<H") -> bytes:
    """A number in the first header of a kind."""
    changed = bytearray(data)
    struct.pack_into(code, changed, data.index(mark) + at, number)
    return bytes(changed)


def name_twice(members: Members) -> bytes:
    data = zipped({**members, "items/0/vocabulary.biX": members[INDEX]})
    return data.replace(b"items/0/vocabulary.biX", INDEX.encode())


def absolute(members: Members) -> bytes:
    return zipped(listed({**members, "/etc/evil": b"x"}))


def upwards(members: Members) -> bytes:
    return zipped(listed({**members, "../../evil": b"x"}))


def link(members: Members) -> bytes:
    return zipped(listed({**members, "link": b"/etc/passwd"}))


def device(members: Members) -> bytes:
    """A member that is a device; nothing is unpacked, so it is a name like another."""
    data = zipped(listed({**members, "card.md": b"# x\n"}))
    attributes = (stat.S_IFCHR | 0o666) << 16
    return changed_header(data, ENTRY, 38, attributes, "<I")


def encrypted(members: Members) -> bytes:
    return changed_header(zipped(members), ENTRY, 8, 1)


def strongly_encrypted(members: Members) -> bytes:
    return changed_header(zipped(members), ENTRY, 8, 0x41)


def other_packing(members: Members) -> bytes:
    return zipped(members, zipfile.ZIP_LZMA)


def unknown_packing(members: Members) -> bytes:
    return changed_header(zipped(members), ENTRY, 10, 97)


def newer_version(members: Members) -> bytes:
    return changed_header(zipped(members), ENTRY, 6, 99)


def patched(members: Members) -> bytes:
    return changed_header(zipped(members), LOCAL, 6, 0x20)


def bomb(members: Members) -> bytes:
    return zipped(listed({**members, "bomb": bytes(20 << 20)}))


def bomb_that_lies(members: Members) -> bytes:
    bytes_and_hash = {"bytes": 100, "sha256": "0" * 64}
    data = zipped(listed({**members, "bomb": bytes(5 << 20)}, bomb=bytes_and_hash))
    return declared(data, "bomb", 100)


def overlapping(members: Members) -> bytes:
    """Two members that are the same bytes of the file."""
    data = zipped(listed({**members, "a.bin": b"same", "b.bin": b"same"}))
    first = data.index(LOCAL, data.index(b"a.bin") - 40)
    second = data.rindex(b"b.bin") - 46
    changed = bytearray(data)
    struct.pack_into("<I", changed, second + 42, first)
    return bytes(changed)


def beyond_the_end(members: Members) -> bytes:
    return changed_header(zipped(members), ENTRY, 42, 0xFFFFFFF0, "<I")


def many_disks(members: Members) -> bytes:
    return changed_header(zipped(members), END, 4, 7)


def zip64(members: Members) -> bytes:
    """The end says that sizes are elsewhere, where there is nothing."""
    return changed_header(zipped(members), END, 16, 0xFFFFFFFF, "<I")


def end_in_the_comment(members: Members) -> bytes:
    """Another zip's end in the comment: readers may take one or the other."""
    data = zipped(members)
    inner = zipped({MANIFEST: b"{}"})
    comment = inner[-22:]
    return changed_header(data, END, 20, len(comment)) + comment


def another_zip_behind(members: Members) -> bytes:
    return zipped(members) + zipped({MANIFEST: b"{}"})


def before_the_zip(members: Members) -> bytes:
    return b"#!/bin/sh\nexit\n" + zipped(members)


def manifest_that_is_large(members: Members) -> bytes:
    return zipped({**members, MANIFEST: b" " * ((8 << 20) + 1)})


def many_names(members: Members) -> bytes:
    return zipped({**members, **{f"n{at}": b"" for at in range(20_000)}})


def many_members(members: Members) -> bytes:
    return zipped(listed({**members, **{f"n{at}": b"" for at in range(20_000)}}))


def data_descriptors(members: Members) -> bytes:
    """Sizes behind the members, as from a pipe: allowed."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return pipe.data


def comment(members: Members) -> bytes:
    return changed_header(zipped(members), END, 20, 5) + b"PK\x05\x06!"


def keys_twice(members: Members) -> bytes:
    """A field twice: the last counts, in all readers."""
    text = members[MANIFEST].decode()
    assert json.loads(text)["format"]
    return zipped({**members, MANIFEST: text.replace("{", '{"format": "x",', 1).encode()})


REFUSED = {
    name_twice: "occurs twice",
    absolute: "is not allowed",
    upwards: "is not allowed",
    link: "is encrypted, a link",
    encrypted: "is encrypted",
    strongly_encrypted: "is encrypted",
    other_packing: "unsupported way",
    unknown_packing: "unsupported way",
    newer_version: "not a bundle",
    bomb: "the members together are",
    bomb_that_lies: "'bomb' ",
    beyond_the_end: "not a bundle|is damaged",
    zip64: "not a bundle|is damaged",
    end_in_the_comment: "not a bundle|has no manifest",
    another_zip_behind: "not a bundle|not from a kd-edge|is not valid",
    manifest_that_is_large: "too large",
    many_names: "is not in the manifest",
}
# Odd, and sound all the same: refused, or the scores of the sound bundle.
ODD = (
    *(device, overlapping, many_disks, before_the_zip, data_descriptors, comment, keys_twice),
    *(many_members, patched),
)
