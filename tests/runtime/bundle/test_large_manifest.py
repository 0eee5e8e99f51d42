"""A bundle with many items: read in parts, as if it were read whole."""

from __future__ import annotations

import json
import re
import zipfile

import pytest

import bundles_made
from damaged_bundles import zipped
from kd_edge_runtime.bundle import archive
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.bundle.large_manifest import LargeManifest, large_manifest
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.bundle.second import as_items
from kd_edge_runtime.errors import BundleError, InputError


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "many.kdz"
    bundles_made.write(path, [bundles_made.item(name, ("0", "1"), seed=1) for name in 'abc\u00e4"'])
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def text(members):
    return members[MANIFEST].decode()


@pytest.fixture
def opened(members, tmp_path, monkeypatch):
    """Opens the bundle with another manifest, as a large one."""
    monkeypatch.setattr(archive, "LARGE", 0)

    def opened(text):
        (tmp_path / "many.kdz").write_bytes(zipped({**members, MANIFEST: text.encode()}))
        return Bundle(tmp_path / "many.kdz")

    return opened


def test_it_holds_what_is_read_whole(text, opened):
    with opened(text) as bundle:
        manifest, whole = bundle.manifest, Manifest.from_json(text)
        assert isinstance(manifest, LargeManifest)
        assert manifest.whole() == whole and type(manifest.whole()) is Manifest
        assert manifest.to_json() == text and as_items(manifest) == as_items(whole)
        assert (*manifest.items,) == whole.items and manifest.items[1:3] == whole.items[1:3]
        assert len(manifest.items) == 5 and manifest.items[-1] == whole.items[-1]
        assert {**manifest.members} == whole.members and manifest.sizes == whole.sizes
        assert [*manifest.item_ids] == whole.item_ids and manifest.classes == whole.classes
        assert manifest.provenance == whole.provenance and manifest.names() == whole.names()
        assert manifest.item("c") == whole.items[2]
        with pytest.raises(InputError, match="no item 'd'"):
            manifest.item("d")
        with pytest.raises(IndexError):
            manifest.items[5]
        bundle.check()


@pytest.mark.parametrize(
    ("changed", "is_refused"),
    [
        (('"decision": "nearest-expected"', '"decision": "dice"'), "unknown decision"),
        (('"values": [\n    0,', '"values": [\n    0.5,'), "not of type int"),
        (('"parameters": ', '"parameters": ['), "item 3: not valid JSON"),
        (('"parameters": ', '"item_id": "a",\n   "parameters": '), "is given twice"),
        (('"vectorizer": "', '"vectorizer": "no'), "which the bundle does not list"),
        (('"student": "bag"', '"student": "b\\ud800"'), "item 3: not valid JSON"),
        (('"student": "bag"', '"student": "\\u001b[2J"'), "control character"),
    ],
)
def test_an_item_is_checked_before_it_is_used(text, opened, changed, is_refused):
    assert changed[0] in text
    before, third, after = re.split(
        r'(?<=\{\n)(   "item_id": "c".*?)(?=\n  \},\n)', text, flags=re.S
    )
    with opened(before + third.replace(*changed) + after) as bundle:
        assert bundle.manifest.item("a").item_id == "a"
        for use in (
            lambda: bundle.manifest.item("c"),
            lambda: [*bundle.manifest.items],
            bundle.check,
            bundle.manifest.whole,
        ):
            with pytest.raises(BundleError, match=f"many.kdz: .*{is_refused}"):
                use()
        assert bundle.manifest.item("b").item_id == "b"


def test_a_member_is_checked_before_it_is_used(text, opened):
    last = text.index(' "members"')
    one = text[:last] + text[last:].replace('"sha256": "', '"sha256": "0', 1)
    with opened(one) as bundle:
        wrong = next(iter(bundle.manifest.members))
        for use in (lambda: bundle.read(wrong), bundle.check):
            with pytest.raises(BundleError, match=r"many\.kdz: .*bytes or sha256 is not valid"):
                use()


def test_what_is_large_is_refused_before_it_is_read(text, opened, monkeypatch):
    monkeypatch.setattr(archive, "MAX_GOLDEN", 10)
    with opened(text) as bundle, pytest.raises(BundleError, match=r"golden\.json' is too large"):
        bundle.manifest.item("a")


@pytest.mark.parametrize(
    ("changed", "is_refused"),
    [
        (('"item_id": "b"', '"item_id": "a"'), "an item is listed twice"),
        (('"item_id": "b"', '"item_id": "b\\u0007"'), "control character"),
        (('"card": "card.md"', '"card": "no.md"'), "the card names the member"),
        (('"protocol": 1', '"protocol": 2'), "has protocol 2"),
        (('"bytes": ', '"bytes": 1'), "does not have the size in the manifest"),
        (('  "card.md": {', '  "cart.md": {'), "card.md' is not in the manifest|the card names"),
        (('  "card.md": {', '  "../d.md": {'), "is not in the manifest|the card names"),
    ],
)
def test_what_every_reader_needs_is_checked_at_once(text, opened, changed, is_refused):
    assert changed[0] in text
    with pytest.raises(BundleError, match=is_refused):
        opened(text.replace(*changed, 1))


def test_another_layout_is_read_whole(text, opened):
    raw = json.loads(text)
    for other in (
        json.dumps(raw),
        json.dumps(raw, indent=2),
        json.dumps({"provenance": raw.pop("provenance"), **raw}, indent=1) + "\n",
        text.replace('"card": ', '"items": [],\n "card": ', 1).replace("], ", "]", 1),
        text.replace('   "bytes": ', '   "more": 1,\n   "bytes": ', 1),
        text.replace(
            '   "item_id": "a",\n   "student": "bag",', '   "student": "bag",\n   "item_id": "a",'
        ),
    ):
        assert large_manifest(other, "x") is None, other[:300]
    with opened(json.dumps(json.loads(text))) as bundle:
        assert type(bundle.manifest) is Manifest and len(bundle.manifest.items) == 5


def test_only_large_ones_are_read_in_parts(text):
    assert len(text) < archive.LARGE <= 1 << 17


def test_many_items_score_as_one(tmp_path, monkeypatch):
    from kd_edge_runtime.scorer import Scorer

    bundles_made.write(tmp_path / "two.kdz", bundles_made.two_items())
    with Scorer.open(tmp_path / "two.kdz", "plain") as scorer:
        items = scorer.bundle.manifest.item_ids
        whole = [scorer.score("the ice melts", one) for one in items]
    monkeypatch.setattr(archive, "LARGE", 0)
    with Scorer.open(tmp_path / "two.kdz", "plain") as scorer:
        assert isinstance(scorer.bundle.manifest, LargeManifest)
        assert [scorer.score("the ice melts", one) for one in reversed(items)] == whole[::-1]
