"""Knows what is spoken to the port by mistake, or by a web page in a browser of this device."""

from __future__ import annotations

import re

# The first line of an HTTP request, of any method; a header or a body follows, which a web page
# may choose. The method has none of JSON's signs.
_HTTP = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ ]* HTTP/[0-9.]+\r?")
_TLS = b"\x16\x03"


def other_protocol(line: bytes | bytearray) -> str:
    """The name of the protocol that begins with a line, "" if it may be a request of ours."""
    if line.startswith(_TLS):
        return "TLS"
    return "HTTP" if _HTTP.fullmatch(line) else ""
