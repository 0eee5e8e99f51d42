"""Reads the blocks of a page as `app/seven_bits.mjs` does, but slowly."""

from __future__ import annotations

_NOT_KEPT = {0x80: 0x00, 0x81: 0x0D, 0x82: 0x3C}


def bytes_of(text):
    """The bytes of a block's text."""
    codes = [_NOT_KEPT.get(ord(char), ord(char)) for char in text[1:]]
    bits = "".join(f"{code:07b}" for code in codes)
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    return data[: len(data) - int(text[0])]
