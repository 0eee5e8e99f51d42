"""Bytes as text for a page, seven bits in a character: an eighth more, where base64 takes a third.

A page has all its data in its text, and most of its size is data. Of the characters of ASCII, all
but three come out of an HTML file as they went in; those three are written as others, of two bytes.
"""

from __future__ import annotations

# NUL becomes another character in HTML, a carriage return a line feed, and "<" may begin a tag.
_KEPT_AS = {0x00: "\x80", 0x0D: "\x81", 0x3C: "\x82"}


def as_text(data: bytes) -> str:
    """What `app/seven_bits.mjs` reads: how many bytes fill up the last seven, and all bytes."""
    filling = -len(data) % 7
    data += bytes(filling)
    columns = [data[at::7] for at in range(7)]
    text = bytearray(len(data) // 7 * 8)
    for at in range(8):
        # The last bits of one byte, and the first of the next.
        before = _shifted(columns[at - 1], 7 - at) if at else bytes(len(columns[0]))
        after = _shifted(columns[at], -1 - at) if at < 7 else bytes(len(columns[0]))
        text[at::8] = _either(before, after)
    return f"{filling}{text.decode('ascii').translate(_KEPT_AS)}"


def _shifted(column: bytes, left: int) -> bytes:
    """Seven bits of each byte, shifted to the left, or to the right below 0."""
    table = bytes(((byte << left) if left >= 0 else (byte >> -left)) & 0x7F for byte in range(256))
    return column.translate(table)


def _either(one: bytes, other: bytes) -> bytes:
    """All bits of two columns. As whole numbers they are joined at once."""
    bits = int.from_bytes(one, "big") | int.from_bytes(other, "big")
    return bits.to_bytes(len(one), "big")
