"""Which items a table names; of an installed bundle no others are checked."""

from __future__ import annotations

import zipfile

import pytest

import bundles_made
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots
from kd_edge_runtime.tables import named_items as module
from kd_edge_runtime.tables.named_items import named_items
from kd_edge_runtime.tables.score import Request, score_responses

NAMES = ("spoon", "stove", "scarf")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("three") / "three.kdz"
    bundles_made.write(path, [bundles_made.item(name, seed=at) for at, name in enumerate(NAMES)])
    return path


@pytest.fixture
def manifest(bundle):
    with Bundle(bundle) as opened:
        yield opened.manifest


def _table(path, *items):
    path.write_text("item,text\n" + "".join(f"{item},It gets warm.\n" for item in items))
    return path


def test_the_items_of_each_shape_of_table(manifest, tmp_path, monkeypatch):
    def named(path, **options):
        return named_items(Request(path, **options), manifest)

    table = _table(tmp_path / "long.csv", "scarf", " scarf ", "unknown")
    assert named(table) == ["spoon", "scarf"]
    wide = tmp_path / "wide.csv"
    wide.write_text("id,stove,spoon\n1,It is hot.,It is long.\n")
    assert named(wide, wide=True) == ["spoon", "stove"]
    assert named("-") is None
    assert named(tmp_path / "absent.csv") is None
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert named(tmp_path / "other.csv") is None
    monkeypatch.setattr(module, "_MOST_BYTES", 10)
    assert named(table) is None, "a long table is not read twice"


def test_an_item_that_is_not_scored_may_be_damaged(bundle, tmp_path, capsys):
    slots = Slots(tmp_path / "root")
    switch.install(slots, bundle)
    bundles_made.write(
        tmp_path / "new.kdz",
        [bundles_made.item(name, seed=at + 7) for at, name in enumerate(NAMES)],
    )
    switch.install(slots, tmp_path / "new.kdz")
    current = slots.root / "slot2.kdz"
    with zipfile.ZipFile(current) as archive:
        at = archive.getinfo("items/1/bag.int8").header_offset + 100
    data = bytearray(current.read_bytes())
    data[at] ^= 1
    current.write_bytes(data)

    def warned(*items):
        table = _table(tmp_path / "table.csv", *items)
        score_responses(Request(table, root=slots.root, output=tmp_path / "out.csv"))
        return "slot2.kdz" in capsys.readouterr().err

    assert not warned("scarf", "spoon")
    assert warned("scarf", "stove")
