"""Bundles that are damaged, cut, or made to harm: each is refused, in words."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bundles_made
from damaged_bundles import INDEX, NAMES, declared, listed, zipped
from kd_edge_runtime.bundle import archive as bundle_module
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle, unsafe
from kd_edge_runtime.bundle.plain_zip import PlainZip, Unpacking
from kd_edge_runtime.errors import BundleError, InputError, KdEdgeError


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The bytes of a sound bundle, and its members."""
    path = tmp_path_factory.mktemp("sound") / "one.kdz"
    bundles_made.write(path)
    with zipfile.ZipFile(path) as archive:
        return path.read_bytes(), {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def members(sound):
    return dict(sound[1])


@pytest.fixture
def opened(tmp_path):
    """Opens a bundle of these bytes and reads all of it."""

    def opened(data):
        path = tmp_path / "tried.kdz"
        path.write_bytes(data)
        with Bundle(path) as bundle:
            return {name: bundle.read(name) for name in bundle.manifest.members}

    return opened


def test_a_sound_bundle_opens(sound, opened):
    data, members = sound
    found = opened(data)
    assert found == {name: one for name, one in members.items() if name != MANIFEST}
    assert opened(zipped(members)) == found
    assert opened(zipped(members, zipfile.ZIP_STORED)) == found
    assert opened(zipped(listed(members))) == found


def test_what_was_read_stays_and_no_more_is_read_after_closing(sound, tmp_path):
    (tmp_path / "one.kdz").write_bytes(sound[0])
    with Bundle(str(tmp_path / "one.kdz")) as bundle:
        data = bundle.read(INDEX)
    assert data == sound[1][INDEX]
    with pytest.raises(BundleError, match=INDEX):
        bundle.read(INDEX)
    (tmp_path / "one.kdz").unlink()  # nothing holds it


@pytest.mark.parametrize("name", ["nothing", MANIFEST, "../card.md", ""])
def test_a_member_that_the_manifest_does_not_name(sound, tmp_path, name):
    (tmp_path / "one.kdz").write_bytes(sound[0])
    with Bundle(tmp_path / "one.kdz") as bundle, pytest.raises(BundleError, match="no member"):
        bundle.read(name)


# Damage by accident


def test_cut_short_at_every_length(sound, opened):
    data = sound[0]
    for length in [*range(0, len(data), 97), *range(len(data) - 60, len(data))]:
        with pytest.raises(BundleError):
            opened(data[:length])


def whole_or_refused(sound, opened, data):
    """Damaged bytes give the sound content or an error in words, never anything else."""
    try:
        found = opened(data)
    except KdEdgeError:
        return
    assert found == {name: one for name, one in sound[1].items() if name != MANIFEST}


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(max_examples=300, suppress_health_check=["function_scoped_fixture"])
def test_one_bit_flipped(sound, opened, at, bit):
    data = bytearray(sound[0])
    data[at % len(data)] ^= 1 << bit
    whole_or_refused(sound, opened, bytes(data))


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=12))
@settings(max_examples=200, suppress_health_check=["function_scoped_fixture"])
def test_bytes_changed(sound, opened, changes):
    data = bytearray(sound[0])
    for at, byte in changes:
        data[at % len(data)] = byte
    whole_or_refused(sound, opened, bytes(data))


def test_every_byte_of_the_directory_changed(sound, opened):
    data = sound[0]
    start = data.index(b"PK\x01\x02")
    for at in range(start, len(data)):
        for byte in (0x00, data[at] ^ 0x81):
            changed = data[:at] + bytes([byte]) + data[at + 1 :]
            whole_or_refused(sound, opened, changed)


def test_every_byte_of_the_first_header_changed(sound, opened):
    data = sound[0]
    for at in range(30 + len(MANIFEST) + 8):
        for byte in (0x00, 0xFF, data[at] ^ 0x01):
            whole_or_refused(sound, opened, data[:at] + bytes([byte]) + data[at + 1 :])


@given(st.binary(max_size=300))
@settings(max_examples=100, suppress_health_check=["function_scoped_fixture"])
def test_noise(opened, data):
    with pytest.raises(BundleError):
        opened(data)


def test_what_is_no_bundle(sound, opened, tmp_path):
    for data in (
        b"",
        b"PK",
        b"response_id,text\n1,the ice\n",
        b"\0" * 100,
        b"PK\x05\x06" + bytes(18),
    ):
        with pytest.raises(BundleError, match="not a bundle"):
            opened(data)
    with pytest.raises(BundleError, match=r"it has no manifest\.json"):
        opened(zipped({"tried.kdz": sound[0]}))  # a bundle in a zip
    with pytest.raises(InputError, match="no such file"):
        Bundle(tmp_path / "none.kdz")
    with pytest.raises(InputError, match="this is a folder, not a file"):
        Bundle(tmp_path)
    with pytest.raises(KdEdgeError):
        Bundle("a\0b")


# Made to harm


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../evil",
        "items/../../evil",
        "items/..",
        "/etc/evil",
        "//host/evil",
        "C:/evil",
        "C:evil",
        "items\\0\\evil",
        "..\\evil",
        "./evil",
        "items//evil",
        "items/0/",
        "evil:stream",
        "",
    ],
)
def test_names_that_leave_the_folder(members, opened, name):
    assert unsafe(name)
    data = zipped(listed({**members, name: b"evil"}))
    with pytest.raises(BundleError, match=r"is not allowed|is not in the manifest"):
        opened(data)


def test_a_name_with_a_nul_is_refused():
    assert unsafe("card.md\0.exe")


@pytest.mark.parametrize("name", ["card.md", "items/0/bag.int8", "a.b/..c/d...", "größe"])
def test_names_that_are_allowed(name):
    assert not unsafe(name)


def test_an_allowed_name_beyond_ascii_is_read(members, opened):
    assert opened(zipped(listed({**members, "größe.txt": b"x"})))["größe.txt"] == b"x"


def test_a_name_of_an_old_zip_is_read(members, opened):
    """One by CP 437, which a bit of the member's flags does not call UTF-8."""
    old = zipped(listed({**members, "gr#~e.txt": b"x"})).replace(b"gr#~e.txt", b"gr\x94\xe1e.txt")
    with pytest.raises(BundleError, match=r"'größe\.txt' is not in the manifest"):
        opened(old)


def test_a_member_that_the_manifest_does_not_list(members, opened):
    with pytest.raises(BundleError, match=r"'extra\.txt' is not in the manifest"):
        opened(zipped({**members, "extra.txt": b"unhashed"}))
    with pytest.raises(BundleError, match="'items/' is not in the manifest"):
        opened(zipped({**members, "items/": b""}))


def test_a_member_twice(members, opened):
    for name in (INDEX, MANIFEST):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for one, data in members.items():
                archive.writestr(one, data)
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr(name, members[name])
        with pytest.raises(BundleError, match="a member name occurs twice"):
            opened(buffer.getvalue())


def test_a_member_that_is_missing(members, opened):
    for name in set(members) - {MANIFEST}:
        rest = {one: data for one, data in members.items() if one != name}
        with pytest.raises(BundleError, match=f"'{name}' is missing"):
            opened(zipped(rest))
    del members[MANIFEST]
    with pytest.raises(BundleError, match=r"has no manifest\.json"):
        opened(zipped(members))


def test_a_member_of_another_content(members, opened):
    for name in set(members) - {MANIFEST}:
        data = members[name]
        same_size = bytes([data[0] ^ 1]) + data[1:]
        with pytest.raises(BundleError, match=f"'{name}' does not have the hash in the manifest"):
            opened(zipped({**members, name: same_size}))
        for other in (data + b"\0", data[:-1], b""):
            with pytest.raises(BundleError, match=f"'{name}' does not have the size in the"):
                opened(zipped({**members, name: other}))


def test_a_hash_in_capitals_is_another(members, opened):
    entry = json.loads(members[MANIFEST])["members"][INDEX]
    entry["sha256"] = entry["sha256"].upper()
    with pytest.raises(BundleError, match="does not have the hash"):
        opened(zipped(listed(members, **{INDEX: entry})))


def test_a_zip_that_lies_about_sizes(members, opened):
    bomb = bytes(5 << 20)
    small = {"bytes": 100, "sha256": hashlib.sha256(bomb[:100]).hexdigest()}
    data = zipped(listed({**members, "bomb": bomb}, bomb=small))
    with pytest.raises(BundleError, match="'bomb' does not have the size"):
        opened(data)  # the zip says 5 MB, the manifest 100 bytes
    with pytest.raises(BundleError, match="'bomb' is damaged"):
        opened(declared(data, "bomb", 100))  # both say 100 bytes, and 5 MB come out
    large = {"bytes": 6 << 20, "sha256": hashlib.sha256(bomb).hexdigest()}
    data = zipped(listed({**members, "bomb": bomb}, bomb=large))
    with pytest.raises(BundleError, match="'bomb'"):
        opened(declared(data, "bomb", 6 << 20))


def test_no_more_is_unpacked_than_was_declared(members, tmp_path, monkeypatch):
    read = Unpacking.read
    most = []

    def noted(self, n):
        data = read(self, n)
        most.append(len(data))
        return data

    monkeypatch.setattr(Unpacking, "read", noted)
    small = {"bytes": 100, "sha256": "0" * 64}
    data = zipped(listed({**members, "bomb": bytes(50 << 20)}, bomb=small))
    path = tmp_path / "bomb.kdz"
    path.write_bytes(declared(data, "bomb", 100))
    with Bundle(path) as bundle, pytest.raises(BundleError):
        bundle.read("bomb")
    assert max(most) < 100_000


def test_a_huge_manifest(members, opened, monkeypatch):
    with pytest.raises(BundleError, match="manifest\\.json is too large"):
        opened(zipped({**members, MANIFEST: b" " * ((8 << 20) + 1)}))
    lied = declared(zipped({**members, MANIFEST: b" " * (9 << 20)}), MANIFEST, 100)
    with pytest.raises(BundleError, match=r"'manifest\.json' is damaged"):
        opened(lied)
    monkeypatch.setattr(bundle_module, "MAX_MANIFEST", len(members[MANIFEST]))
    assert opened(zipped(members))
    monkeypatch.setattr(bundle_module, "MAX_MANIFEST", len(members[MANIFEST]) - 1)
    with pytest.raises(BundleError, match="manifest\\.json is too large"):
        opened(zipped(members))


def test_a_huge_member(members, opened, monkeypatch):
    largest_form = max(
        len(members[name]) for name in members if name.endswith((".onnx", ".tflite"))
    )
    monkeypatch.setattr(bundle_module, "MAX_MEMBER", largest_form - 1)
    with pytest.raises(BundleError, match=f"is too large .{largest_form:,} bytes; the limit is"):
        opened(zipped(members))


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        ("MAX_CARD", "card.md"),
        ("MAX_GOLDEN", "items/0/golden.json"),
        ("MAX_VECTORIZER", "items/0/vocabulary.bin"),
    ],
)
def test_members_that_are_read_as_a_whole(members, opened, monkeypatch, limit, name):
    monkeypatch.setattr(bundle_module, limit, len(members[name]))
    assert opened(zipped(members))
    monkeypatch.setattr(bundle_module, limit, len(members[name]) - 1)
    with pytest.raises(BundleError, match=f"'{name}' is too large"):
        opened(zipped(members))


def test_members_that_are_large_together(members, opened, monkeypatch):
    together = sum(len(data) for name, data in members.items() if name != MANIFEST)
    monkeypatch.setattr(bundle_module, "MAX_TOGETHER", together)
    assert opened(zipped(members))
    monkeypatch.setattr(bundle_module, "MAX_TOGETHER", together - 1)
    with pytest.raises(BundleError, match="the members together are larger than"):
        opened(zipped(members))


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (b"", "is not valid JSON"),
        (b"{", "is not valid JSON"),
        (b"[]", "is not from a kd-edge bundle"),
        (b"\xff\xfe{}", "is not UTF-8"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (b"[" * 1_000_000, "is not valid JSON"),
    ],
)
def test_a_manifest_that_is_none(members, opened, manifest, why):
    with pytest.raises(BundleError, match=rf"tried\.kdz: manifest\.json {why}"):
        opened(zipped({**members, MANIFEST: manifest}))


@pytest.mark.parametrize("name", [INDEX, MANIFEST])
def test_an_encrypted_member(members, opened, name):
    data = bytearray(zipped(members))
    for mark, flag_at, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = -1
        while (at := bytes(data).find(mark, at + 1)) >= 0:
            if data[at + name_at :].startswith(name.encode()):
                data[at + flag_at] |= 1
    with pytest.raises(BundleError, match=f"'{name}' is encrypted, a link, or"):
        opened(bytes(data))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_small_readers_lack(members, opened, packing):
    with pytest.raises(BundleError, match="is encrypted, a link, or"):
        opened(zipped(members, packing))


def test_a_link(members, opened):
    with pytest.raises(BundleError, match="'link' is encrypted, a link, or"):
        opened(zipped(listed({**members, "link": b"/etc/passwd"})))


def test_the_file_is_closed_when_it_is_refused(members, tmp_path, monkeypatch):
    path = tmp_path / "tried.kdz"
    path.write_bytes(zipped({**members, MANIFEST: b"{}"}))
    closed = []
    close = PlainZip.close
    monkeypatch.setattr(PlainZip, "close", lambda self: (closed.append(1), close(self)))
    with pytest.raises(BundleError) as caught:
        Bundle(path)
    assert closed  # and not for want of whoever holds it: the traceback does
    assert caught.traceback


def test_a_directory_that_points_past_the_end(sound, opened):
    data = bytearray(sound[0])
    at = data.index(b"PK\x01\x02")
    while at >= 0:
        one = bytearray(data)
        struct.pack_into("<I", one, at + 42, len(data) - 10)  # where the member begins
        with pytest.raises(BundleError):
            opened(bytes(one))
        at = data.find(b"PK\x01\x02", at + 1)


def test_messages_name_the_bundle(members, tmp_path):
    path = tmp_path / "which.kdz"
    path.write_bytes(zipped({**members, INDEX: b"x"}))
    with pytest.raises(BundleError, match=r"which\.kdz: "):
        Bundle(path)


def test_names_are_looked_at_together_as_one_by_one():
    safe = ["a", "items/0/b", ".hidden", "a..b", "a/.b/c"]
    assert not bundle_module._any_unsafe(safe) and not any(map(unsafe, safe))
    for name in NAMES:
        assert unsafe(name) and bundle_module._any_unsafe([*safe, name, *safe])
