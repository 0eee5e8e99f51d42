"""Writing bundles."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace

import pytest

import bundles_made
import seconds_made
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.bundle.manifest import PROTOCOL
from kd_edge_runtime.errors import BundleError, InputError
from kd_edge_runtime.scorer import Scorer


def test_the_same_content_is_the_same_bytes(tmp_path):
    for name in ("a.kdz", "b.kdz"):
        bundles_made.write(tmp_path / name, bundles_made.two_items())
    assert (tmp_path / "a.kdz").read_bytes() == (tmp_path / "b.kdz").read_bytes()
    bundles_made.write(tmp_path / "c.kdz")
    assert (tmp_path / "a.kdz").read_bytes() != (tmp_path / "c.kdz").read_bytes()


def test_the_zip(tmp_path):
    manifest = bundles_made.write(tmp_path / "a.kdz", bundles_made.two_items())
    with zipfile.ZipFile(tmp_path / "a.kdz") as archive:
        infos = archive.infolist()
        assert infos[0].filename == MANIFEST
        assert {info.filename for info in infos[1:]} == set(manifest.members)
        for info in infos:
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.create_system == 3
            assert info.external_attr == 0o644 << 16
            assert info.compress_type == zipfile.ZIP_DEFLATED
            if info.filename != MANIFEST:
                data = archive.read(info)
                member = manifest.members[info.filename]
                assert member.bytes == len(data)
                assert member.sha256 == hashlib.sha256(data).hexdigest()


def test_the_manifest_is_what_was_given(tmp_path):
    parts = bundles_made.two_items()
    wrote = bundles_made.write(tmp_path / "a.kdz", parts)
    with Bundle(tmp_path / "a.kdz") as bundle:
        assert bundle.manifest == wrote
        assert wrote.protocol == PROTOCOL
        assert wrote.created == bundles_made.CREATED
        assert wrote.provenance == {"made_by": "tests"}
        assert bundle.read(wrote.card).decode() == bundles_made.CARD
        for entry, part in zip(wrote.items, parts, strict=True):
            for name in (
                "item_id",
                "student",
                "classes",
                "values",
                "decision",
                "parameters",
                "text",
            ):
                assert getattr(entry, name) == getattr(part, name)
            assert bundle.read(entry.vectorizer) == part.vectorizer[1]
            assert bundle.read(entry.golden) == part.golden
            assert {name: bundle.read(one) for name, one in entry.forms.items()} == {
                name: data for name, (_, data) in part.forms.items()
            }


def test_it_replaces_a_bundle_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.kdz"
    bundles_made.write(path)
    old = path.read_bytes()
    item = bundles_made.item()
    wrong = (
        replace(item, classes=("0",)),
        replace(item, forms={}),
        replace(item, decision="by coin"),
    )
    for one in wrong:
        with pytest.raises(BundleError):
            bundles_made.write(path, [one])
    with pytest.raises(TypeError):
        bundles_made.write(path, [replace(item, golden=None)])
    with pytest.raises(BundleError, match="twice"):
        bundles_made.write(path, [item, item])
    assert path.read_bytes() == old
    assert [one.name for one in tmp_path.iterdir()] == ["a.kdz"]
    bundles_made.write(path, bundles_made.two_items())
    assert path.read_bytes() != old


def test_two_parts_of_one_name(tmp_path):
    item = bundles_made.item()
    clash = replace(item, vectorizer=("bag.int8", b"x"))
    with pytest.raises(ValueError, match=r"an item has two members 'bag\.int8'"):
        bundles_made.write(tmp_path / "a.kdz", [clash])


def test_what_json_cannot_say_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="nan"):
        write_bundle(tmp_path / "a.kdz", [bundles_made.item()], "", "", {}, {"loss": float("nan")})
    assert not [*tmp_path.iterdir()]


def test_it_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="there is a folder of that name"):
        bundles_made.write(tmp_path)


def test_beyond_ascii(tmp_path):
    item = replace(bundles_made.item(), item_id="Größe 水", classes=("ä", "b", "c", "d"))
    write_bundle(tmp_path / "a.kdz", [item], "# Größe", "", {}, {"prompt": "水"})
    with Bundle(tmp_path / "a.kdz") as bundle:
        assert bundle.manifest.items[0].item_id == "Größe 水"
        assert bundle.read("card.md").decode() == "# Größe"
    with zipfile.ZipFile(tmp_path / "a.kdz") as archive:
        assert json.loads(archive.read(MANIFEST))["provenance"] == {"prompt": "水"}


@pytest.mark.parametrize(
    ("worth", "values", "points"),
    [
        ((0, 1, 2, 3), (0, 1, 2, 3), ()),
        ((0, 5, 10, 15), (0, 5, 10, 15), ()),
        ((6, 5, 4, 3), (6, 5, 4, 3), ()),
        ((0, 0.5, 1, 1.5), (0, 1, 2, 3), (0, 0.5, 1, 1.5)),
    ],
)
def test_points_are_written_where_the_values_are_not_whole(tmp_path, worth, values, points):
    path = tmp_path / "one.kdz"
    bundles_made.write(path, [replace(bundles_made.item(), values=worth)])
    with Bundle(path) as bundle:
        (entry,) = bundle.manifest.items
        assert (entry.values, entry.points, entry.worth) == (values, points, worth)
    with zipfile.ZipFile(path) as archive:
        assert (b'"points"' in archive.read(MANIFEST)) == bool(points)
    with Scorer.open(path) as scorer:
        score = scorer.score("A scarf keeps the heat in.")
        assert score.expected == pytest.approx(
            sum(share * value for share, value in zip(score.probabilities, worth, strict=True))
        )


def test_two_students_of_an_item(tmp_path):
    """Each has its members, and a tokenizer that items share is there once."""
    one = seconds_made.item()
    other = replace(one, item_id="spoon")
    manifest = bundles_made.write(tmp_path / "a.kdz", [one, other])
    first, again = (entry.second for entry in manifest.items)
    assert first.vectorizer == again.vectorizer == "items/0/second/tokenizer.json"
    assert set(first.forms.values()) == {
        "items/0/second/int8.onnx",
        "items/0/second/fp32.onnx",
    }
    assert (first.below, first.weight, first.temperature, first.review) == (0.6, 0.75, 0.8, 0.5)
    with Bundle(tmp_path / "a.kdz") as bundle:
        bundle.check()
        assert bundle.read(first.golden) == one.second.parts.golden


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("MAX_MANIFEST", "the description of all items"),
        ("MAX_MEMBER", "'items/0/golden.json'"),
        ("MAX_TOGETHER", "all files together"),
    ],
)
def test_what_every_reader_refuses_for_its_size_is_not_written(tmp_path, monkeypatch, limit, what):
    path = tmp_path / "a.kdz"
    bundles_made.write(path)
    before = path.read_bytes()
    monkeypatch.setattr(f"kd_edge_export.bundle.{limit}", 1000)
    with pytest.raises(BundleError, match=f"{what} would have .* into several bundles"):
        bundles_made.write(path, bundles_made.two_items())
    assert path.read_bytes() == before
