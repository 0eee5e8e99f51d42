"""A catalogue of the bundles in a folder: what each is, and whether it is intact."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kd_edge.console.progress import track
from kd_edge.files import write_json
from kd_edge.report.page.blocks import Block, Cell, Heading, Points, Table, Text
from kd_edge.report.page.render import html
from kd_edge.stages.record import hash_file
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, KdEdgeError, printable, read_error
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.slots.allowed import signed_by

JSON, PAGE = "catalogue.json", "catalogue.html"

# The card has a heading for each item, and a line of figures for each scorer.
_ITEM = re.compile(r"^## Item (.*)$", re.MULTILINE)
_QWK = re.compile(r"^\| (?:two small models|small model) \| (-?\d+\.\d+) \|", re.MULTILINE)
# More items than a page shows of one bundle; the JSON has all.
_SHOWN = 12


@dataclass(frozen=True)
class IndexedItem:
    """An item of a bundle: its name, kind of student, classes, and QWK on test responses."""

    item_id: str
    student: str
    classes: tuple[str, ...]
    qwk: float | None


@dataclass(frozen=True)
class Indexed:
    """A bundle.

    Attributes:
        file: its path below the folder, with slashes.
        bytes: its size.
        sha256: of the file; "" if it cannot be read.
        problem: why it is not to be used, "" for nothing; the fields below are then empty.
        protocol: of its format.
        created: when it was written, ISO 8601.
        signer: who signed it, "" for nobody; a key proves nothing where this machine has no list.
        items: its items.
    """

    file: str
    bytes: int
    sha256: str
    problem: str = ""
    protocol: int | None = None
    created: str = ""
    signer: str = ""
    items: tuple[IndexedItem, ...] = ()


def index(folder: Path) -> list[Indexed]:
    """Looks at all bundles below a folder, every byte of each.

    Args:
        folder: the folder.

    Returns:
        The bundles by their paths, those that are damaged too; and folders that cannot be read.

    Raises:
        InputError: the folder does not exist or cannot be read, or holds no bundle.
    """
    paths, found = _bundles(folder)
    if not paths and not found:
        raise InputError(f"'{folder}' holds no bundle: no file there has a name that ends in .kdz")
    with track("looking at bundles", len(paths)) as tracker:
        for path in paths:
            found.append(_indexed(folder, path))
            tracker.advance()
    return sorted(found, key=lambda one: one.file)


def write_catalogue(bundles: Sequence[Indexed], folder: Path) -> tuple[Path, Path]:
    """Writes `catalogue.json` and `catalogue.html` into a folder, each whole or not at all."""
    data, page = folder / JSON, folder / PAGE
    write_json(data, {"bundles": [as_json(one) for one in bundles]})
    with atomic_write(page, encoding="utf-8") as file:
        file.write(html("Bundles", _blocks(bundles)))
    return data, page


def as_json(bundle: Indexed) -> dict[str, object]:
    """A bundle in JSON types."""
    return {**vars(bundle), "items": [vars(item) for item in bundle.items]}


def _bundles(folder: Path) -> tuple[list[Path], list[Indexed]]:
    """The bundles below a folder; and the folders there whose bundles nobody can know."""
    closed = []

    def keep(error: OSError) -> None:
        path = Path(error.filename or folder)
        if path == folder:
            raise read_error(path, error, "folder") from None
        name = printable(path.relative_to(folder).as_posix())
        closed.append(Indexed(name, 0, "", _reason(path, read_error(path, error, "folder"))))

    found = []
    for parent, folders, names in os.walk(folder, onerror=keep):
        folders.sort()
        found += [Path(parent, name) for name in names if name.lower().endswith(".kdz")]
    return sorted(path for path in found if not path.is_dir()), closed


def _reason(path: Path, error: KdEdgeError) -> str:
    return printable(str(error).removeprefix(f"{path}: "))


def _indexed(folder: Path, path: Path) -> Indexed:
    name, size, sha256 = printable(path.relative_to(folder).as_posix()), 0, ""
    try:
        if not path.is_file():  # a pipe would be waited for
            return Indexed(name, size, sha256, "not a file, or a link that leads nowhere")
        size = path.stat().st_size
        sha256 = hash_file(path)
        with Bundle(path) as bundle:
            bundle.check()
            manifest = bundle.manifest.whole()
            card = bundle.read(manifest.card).decode("utf-8", "replace")
            signer = signed_by(bundle)
    except KdEdgeError as error:
        return Indexed(name, size, sha256, _reason(path, error))
    except OSError as error:
        return Indexed(name, size, sha256, _reason(path, read_error(path, error)))
    qwk = _qwk(card)
    items = tuple(
        IndexedItem(item.item_id, item.student, item.classes, qwk.get(item.item_id))
        for item in manifest.items
    )
    return Indexed(
        name, size, sha256, "", manifest.protocol, printable(manifest.created), signer, items
    )


def _qwk(card: str) -> dict[str, float]:
    """The QWK that a card states of what scores each item."""
    parts = _ITEM.split(card)
    found = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        figures = _QWK.findall(text)
        if figures:
            both = "| two small models |" in text
            found[name.strip()] = float(figures[-1] if both else figures[0])
    return found


def _blocks(bundles: Sequence[Indexed]) -> list[Block]:
    damaged = [one for one in bundles if one.problem]
    sound = [one for one in bundles if not one.problem]
    items = sum(len(one.items) for one in sound)
    blocks: list[Block] = [Text(f"{len(sound)} bundles with {items} items in all.", "lead")]
    if damaged:
        blocks.append(Heading("Not to be used"))
        blocks.append(Points(tuple(f"{one.file}: {one.problem}" for one in damaged), flagged=True))
    if sound:
        blocks.append(Heading("Bundles"))
        head = ("file", "items", "QWK", "created", "protocol", "bytes", "signed by", "SHA-256")
        blocks.append(Table("Intact bundles", head, tuple(map(_row, sound))))
        blocks.append(
            Text("QWK is the agreement with people's scores that the bundle's own card states: of "
                 "several items, the least and the greatest.", "note")
        )  # fmt: skip
    return blocks


def _row(one: Indexed) -> tuple[Cell, ...]:
    names = ", ".join(item.item_id for item in one.items[:_SHOWN])
    more = len(one.items) - _SHOWN
    qwk = sorted(item.qwk for item in one.items if item.qwk is not None)
    span = f"{qwk[0]:.2f} to {qwk[-1]:.2f}" if len(qwk) > 1 else f"{qwk[0]:.2f}" if qwk else ""
    cells = (
        one.file,
        names + (f" and {more} more" if more > 0 else ""),
        span,
        one.created,
        str(one.protocol),
        f"{one.bytes:,}",
        one.signer,
        one.sha256[:16],
    )
    return tuple(map(Cell, cells))
