from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading import encoding as textfile
from kd_edge_runtime.tables.reading.encoding import TextFile, examine, open_text


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("textfile") / "f.csv"


@pytest.fixture
def file(tmp_path: Path):
    def write(content: bytes) -> Path:
        path = tmp_path / "answers.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"", "utf-8"),
        (b"plain\n", "utf-8"),
        ("Zoë\n".encode(), "utf-8"),
        ("Zoë\n".encode("utf-8-sig"), "utf-8-sig"),
        ("Zoë “so”\n".encode("cp1252"), "cp1252"),
    ],
)
def test_finds_the_encoding(file, content, encoding):
    assert examine(file(content)).encoding == encoding


def test_reads_what_was_written_without_the_mark(file):
    with open_text(file("Zoë,1\r\n".encode("utf-8-sig"))) as stream:
        assert stream.read() == "Zoë,1\r\n"


def test_can_go_back_to_the_start_without_the_mark(file):
    with open_text(file("Zoë\nb\n".encode("utf-8-sig"))) as stream:
        assert stream.readline() == "Zoë\n"
        stream.seek(0)
        assert stream.readline() == "Zoë\n"


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "utf-16"),
        ("utf-16-be", "utf-16-be"),
        ("utf-16-le", "utf-16-le"),
        ("utf-32", "utf-32"),
    ],
)
def test_reads_utf16_with_and_without_its_mark(file, encoding, named):
    path = file("text,score\nZoë 語,1\n".encode(encoding))
    assert examine(path) == TextFile(named, True, f"encoding {named}")
    with open_text(path) as stream:
        assert stream.read() == "text,score\nZoë 語,1\n"


def test_utf16_that_breaks_off_is_refused_with_its_line(file):
    with pytest.raises(InputError, match="line 2 is not utf-16"):
        examine(file("text\n語語".encode("utf-16") + b"\xd8"))


def test_refuses_nul_bytes(file):
    with pytest.raises(InputError, match="NUL"):
        examine(file(b"text\n" + b"a" * 70_000 + b"\0"))


@pytest.mark.parametrize("byte", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_refuses_bytes_that_cp1252_leaves_undefined(file, byte):
    with pytest.raises(InputError, match=r"doubtful.*see line 2.*--encoding"):
        examine(file(b"text\n\xeb\na" + bytes([byte]) + b"\n"))


def test_refuses_a_marked_file_that_is_not_utf8(file):
    with pytest.raises(InputError, match="line 2"):
        examine(file(b"\xef\xbb\xbftext\n\xeb\n"))


def test_never_quotes_the_text(file):
    with pytest.raises(InputError) as caught:
        examine(file(b"secret \x81 words\n"))
    assert "secret" not in str(caught.value)


def test_reads_in_chunks(file, monkeypatch):
    monkeypatch.setattr(textfile, "_CHUNK", 3)  # cuts through letters and the mark's end
    assert examine(file("aëëë語\n語\n".encode())).encoding == "utf-8"
    assert examine(file("aëëë\n".encode("utf-8-sig"))).encoding == "utf-8-sig"
    with pytest.raises(InputError, match="line 2 is damaged"):
        examine(file("aëëë語\n".encode() + b"\xeb"))
    with pytest.raises(InputError, match="line 3 is damaged"):
        examine(file("aëëë\nbbbbbbb\nëë".encode() + b"\x81\n\n"))


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"nope\.csv: no such file"):
        open_text(tmp_path / "nope.csv")


def test_a_folder(tmp_path):
    with pytest.raises(InputError, match="a folder"):
        open_text(tmp_path)


def test_no_permission(file, monkeypatch):
    # The tests may run as root, whom no file's mode stops.
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    path = file(b"text\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="no permission"):
        open_text(path)


def test_an_error_of_the_disk(file, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(5, "Input/output error")

    path = file(b"text\n")
    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(InputError, match="Input/output error"):
        examine(path)


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000])
def test_a_name_that_cannot_be(name):
    with pytest.raises(InputError):
        open_text(Path(name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_refused_rather_than_emptied(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(InputError, match="not a regular file"):
        open_text(pipe)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf\xff")
def test_whatever_the_bytes_the_encoding_found_reads_them(scratch, content):
    scratch.write_bytes(content)
    try:
        encoding = examine(scratch).encoding
    except InputError:
        return
    with open_text(scratch) as stream:
        assert stream.encoding == encoding
        assert stream.read() == content.decode(encoding)


@settings(deadline=None, max_examples=100)
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_all_utf8_comes_back(scratch, text, encoding):
    text = text.lstrip("\ufeff")
    scratch.write_bytes(text.encode(encoding))
    with open_text(scratch) as stream:
        assert stream.read() == text


def test_ascii_after_half_a_letter_is_not_utf_8(tmp_path, monkeypatch):
    monkeypatch.setattr(textfile, "_CHUNK", 4)
    path = tmp_path / "r.csv"
    path.write_bytes(b"abc\xc3defg\xa9hij")
    with pytest.raises(InputError, match="see line 1"):
        examine(path)
    path.write_bytes(b"abc\xc3\xa9efg")
    assert examine(path).encoding == "utf-8"
