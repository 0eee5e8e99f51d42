"""The zip reader of bundles gives what the standard library's gives, or leaves it to that."""

from __future__ import annotations

import random
import zipfile
import zlib
from contextlib import suppress

import pytest

import bundles_made
from attacks import zips
from damaged_bundles import MANIFEST
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.odd_zip import OddZip
from kd_edge_runtime.bundle.plain_zip import plain_zip
from kd_edge_runtime.errors import BundleError


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "one.kdz"
    bundles_made.write(path)
    return path


def contents(archive):
    """Every member's bytes, read in pieces of several sizes."""
    found = {}
    for name, size in archive.sizes.items():
        with archive.open(name) as stream:
            data = b""
            while piece := stream.read(random.Random(len(data)).choice([1, 100, size + 1])):
                data += piece
        if len(data) != size:
            raise ValueError("a size that a bundle's reader refuses")
        found[name] = data
    return found


def read(path, plain):
    """What is read of a zip; None where it is refused or damaged."""
    with path.open("rb") as file, suppress(ValueError, OSError, zlib.error, EOFError):
        archive = plain_zip(file) if plain else OddZip(file)
        return archive and (contents(archive), archive.sizes, archive.packed(), archive.comment)
    return None


def test_both_read_the_same(path, tmp_path):
    assert read(path, plain=True) == read(path, plain=False) is not None
    stored = tmp_path / "stored.kdz"
    with zipfile.ZipFile(stored, "w") as archive:
        for at, size in enumerate((0, 1, 70_000, 200_000)):
            packing = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[at % 2]
            archive.writestr(f"{at}", random.Random(at).randbytes(size), packing)
            archive.writestr(f"deflated {at}", bytes(size), zipfile.ZIP_DEFLATED)
        archive.comment = b"PK and more"
    assert read(stored, plain=True) == read(stored, plain=False) is not None


def test_what_is_unusual_is_left_to_the_other(path, tmp_path):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for attack in (
        *(zips.name_twice, zips.link, zips.encrypted, zips.other_packing, zips.newer_version),
        *(zips.many_disks, zips.zip64, zips.end_in_the_comment, zips.before_the_zip),
        *(zips.data_descriptors,),
    ):
        (tmp_path / "odd.kdz").write_bytes(attack(members))
        with (tmp_path / "odd.kdz").open("rb") as file:
            assert plain_zip(file) is None, attack.__name__
    names = tmp_path / "names.kdz"
    with zipfile.ZipFile(names, "w") as archive:
        archive.writestr("\u00e4", b"")
    with names.open("rb") as file:
        assert plain_zip(file) is None


def test_changed_bytes_are_never_read_otherwise(path, tmp_path):
    """What it reads of a changed zip is what the standard library reads of it."""
    sound, rng, other = path.read_bytes(), random.Random(0), tmp_path / "changed.kdz"
    differing = 0
    for _ in range(300):
        data = bytearray(sound)
        for _ in range(rng.choice([1, 1, 3])):
            at = rng.choice([rng.randrange(len(data)), len(data) - 1 - rng.randrange(400)])
            data[at] = rng.randrange(256)
        other.write_bytes(data)
        found = read(other, plain=True)
        if found is not None:
            assert found == read(other, plain=False)
        differing += found is None
    assert differing > 0


def test_a_file_without_anything_is_refused(tmp_path):
    (tmp_path / "empty.kdz").write_bytes(b"")
    with pytest.raises(BundleError, match="not a bundle"), Bundle(tmp_path / "empty.kdz"):
        pass


def test_threads_read_one_bundle(path):
    from concurrent.futures import ThreadPoolExecutor

    with Bundle(path) as bundle, ThreadPoolExecutor(4) as pool:
        names = [*bundle.manifest.members] * 50
        assert len({*zip(names, pool.map(bundle.read, names), strict=True)}) == len({*names})
        assert MANIFEST not in names
