"""Which servers get responses, and which keys they get."""

from __future__ import annotations

import pytest

from kd_edge.llm.endpoint import api_key, parse_endpoint, refuse_unnamed
from kd_edge_runtime.errors import InputError


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:11434/v1",
        "https://LOCALHOST",
        "http://127.0.0.1:8000",
        "http://127.9.8.7",
        "http://[::1]:8080/v1",
    ],
)
def test_this_machine(url):
    refuse_unnamed(parse_endpoint(url), None)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://localhost.example.com",
        "http://localhost.",
        "http://127.0.0.1.example.com",
        "http://127.1",
        "http://2130706433",
        "http://0.0.0.0:11434",
        "http://[::]:1",
        "http://192.168.0.7",
        "http://[fe80::1]",
        "http://gpu-box:8000/v1",
    ],
)
def test_another_machine(url):
    endpoint = parse_endpoint(url)
    with pytest.raises(InputError, match="is not this machine") as raised:
        refuse_unnamed(endpoint, None)
    assert f"--send-responses-to {endpoint.host}" in str(raised.value)
    refuse_unnamed(endpoint, endpoint.host)
    for other in ("", "*", "example.com", f"{endpoint.host}x", f"x{endpoint.host}", "localhost"):
        with pytest.raises(InputError, match="nothing was sent"):
            refuse_unnamed(endpoint, other)


def test_a_host_that_was_named_and_is_not_asked():
    with pytest.raises(
        InputError, match=r"names 'api\.example\.com', and --llm leads to 'localhost'"
    ):
        refuse_unnamed(parse_endpoint("http://localhost"), "api.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "ftp://localhost",
        "file:///etc/passwd",
        "http://",
        "http://local host",
        "http://localhost:99999",
        "http://localhost:x",
        "http://localhost/v1?key=secret",
        "http://localhost/v1#x",
        "http://[::1%25eth0]",
        "http://[::1",
        "http://bücher.example",
        " http://localhost",
        "http://localhost/\r\nX: y",
    ],
)
def test_no_address(url):
    with pytest.raises(InputError, match="not the address of an API"):
        parse_endpoint(url)


@pytest.mark.parametrize(
    "url", ["http://me:secret@localhost", "http://localhost\\secret@example.com"]
)
def test_no_key_in_an_address(url):
    with pytest.raises(InputError, match="can be read by others") as raised:
        parse_endpoint(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://gpu:8000", "http://gpu:8000/v1"),
        ("http://gpu:8000/", "http://gpu:8000/v1"),
        ("http://gpu:8000/v1/", "http://gpu:8000/v1"),
        ("http://gpu:8000/v1/chat/completions", "http://gpu:8000/v1"),
        ("https://gpu/api/v2", "https://gpu/api/v2"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
    ],
)
def test_bases(url, base):
    assert parse_endpoint(url).bases == (base,)


def test_localhost_is_both_its_addresses():
    assert parse_endpoint("http://localhost:1/v1").bases == (
        "http://127.0.0.1:1/v1",
        "http://[::1]:1/v1",
    )


OPENAI, LOCAL = parse_endpoint("https://api.openai.com/v1"), parse_endpoint("http://localhost")


def test_keys(tmp_path):
    both = {"KD_EDGE_API_KEY": "own", "OPENAI_API_KEY": "openais"}
    assert api_key(None, OPENAI, both) == "own"
    assert api_key(None, OPENAI, {"OPENAI_API_KEY": "openais"}) == "openais"
    assert api_key(None, LOCAL, {"OPENAI_API_KEY": "openais"}) is None
    assert api_key(None, LOCAL, {}) is None
    (tmp_path / "key").write_text("in-file\n")
    assert api_key(tmp_path / "key", LOCAL, both) == "in-file"


@pytest.mark.parametrize("key", ["two words", "sécret", "a\r\nHost: x", ""])
def test_no_key(tmp_path, key):
    (tmp_path / "key").write_text(key)
    with pytest.raises(InputError, match="no API key") as raised:
        api_key(tmp_path / "key", LOCAL, {})
    assert not key or key not in str(raised.value)
