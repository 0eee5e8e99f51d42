"""Lists of names that no bundle may keep."""

from __future__ import annotations

import pytest

from kd_edge.students.kept_out import KeptOut, kept_out, read_kept_out
from kd_edge_runtime.errors import InputError, TableError
from kd_edge_runtime.text import words_by

NAMES = kept_out(["Zoë", "O'Brien", "José María", "STRAUSS"])


@pytest.mark.parametrize(
    "word",
    ["zoë", "ZOE", "Zoe\u0308", "zoes", "obrien", "O\u2019Brien", "brien", "jose", "MARIA",
     "Strauß", "strauss"],
)  # fmt: skip
def test_case_and_accents_do_not_matter(word):
    assert word in NAMES


@pytest.mark.parametrize("word", ["zo", "zoen", "mar", "", "ice", "'", 3])
def test_other_words_may_stay(word):
    assert word not in NAMES


def test_an_empty_list_keeps_nothing_out():
    assert not KeptOut()
    assert "" not in KeptOut()
    assert KeptOut().without(str.split)(["a"]) == ["a"]
    assert KeptOut().cut_from("Zoë  melts") == "Zoë  melts"


def test_words_are_taken_out_by_any_reader():
    for words in (words_by(1), words_by(2), str.split):
        read = words("the ice of zoe and JOSÉ melts")
        assert NAMES.without(words)(read) == ["the", "ice", "of", None, "and", None, "melts"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Zoë melts", "  melts"),
        ("it is Zoe's ice", "it is   ice"),
        ("ice-zoe", "ice"),
        ("José’s friend O’Brien said: don't!", "  friend   said: don't!"),
        ("zoenology 5.5", "zoenology 5.5"),
    ],
)
def test_a_text_without_them(text, left):
    assert NAMES.cut_from(text) == left


def test_the_hash_depends_on_the_words_alone():
    assert kept_out(["Zoë", "Ann"]).sha256 == kept_out(["ANN", "", "zoe"]).sha256
    assert kept_out(["Zoë"]).sha256 != kept_out(["Zoë", "Ann"]).sha256


def test_a_file_is_read(tmp_path):
    path = tmp_path / "names.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "Zoë\r\n\r\n José  María \n".encode())
    assert read_kept_out(path).words == ("Zoë", "José", "María")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"Ann\n\xe9l\xe8ve\n", "line 2 is no text in UTF-8"),
        (b"Ann\n\n" + b"x" * 300, "line 3 has 300 characters"),
        (b"Ann\n-- ;\n", "line 2 has no letter or digit"),
        (b"Ann\0", "line 1 holds a character"),
        (b" \n", "there is no name or word in it"),
    ],
)
def test_a_wrong_file_is_refused_by_line(tmp_path, data, said):
    path = tmp_path / "names.txt"
    path.write_bytes(data)
    with pytest.raises(TableError, match=said) as error:
        read_kept_out(path)
    assert "names.txt" in str(error.value)
    assert "Ann" not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"names\.txt"):
        read_kept_out(tmp_path / "names.txt")
    with pytest.raises(InputError, match="folder"):
        read_kept_out(tmp_path)
