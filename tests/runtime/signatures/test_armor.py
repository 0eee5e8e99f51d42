"""What of a zip's comment counts as a signature."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_runtime.signatures.armor import MOST, comment_of, signatures_in


def armored(data: bytes) -> bytes:
    text = base64.b64encode(data)
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    head, end = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
    return head + b"".join(line + b"\n" for line in lines) + end


@given(st.lists(st.binary(min_size=1, max_size=300).map(armored), max_size=MOST))
def test_what_is_put_in_is_found(signatures):
    assert signatures_in(comment_of(signatures)) == signatures


@given(st.binary(max_size=2000))
def test_any_comment_can_be_read(comment):
    assert all(one in comment for one in signatures_in(comment))


def test_another_comment_is_passed_over():
    one = armored(b"x" * 100)
    assert signatures_in(b"made by zip 3\n" + one + b"\0junk") == [one]
    assert signatures_in(one[:-1]) == []


def test_the_newest_are_kept():
    many = [armored(bytes([at]) * 80) for at in range(MOST + 5)]
    assert signatures_in(comment_of(many)) == many[-MOST:]
    large = [armored(bytes([at]) * 20_000) for at in range(3)]
    assert signatures_in(comment_of(large)) == large[-2:]


def test_what_is_no_signature_is_refused():
    with pytest.raises(ValueError, match="not a signature"):
        comment_of([b"hello\n"])
