"""A bundle as a page carries it: the members that the core reads, and no graphs."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.students.bag import FORM

KINDS = ("bag", "pairs")
"""The kinds of student that a page scores."""


@dataclass(frozen=True)
class PackedBundle:
    """A bundle for a page.

    Attributes:
        name: its file's name.
        sha256: of the file that it was made from.
        data: a bundle of the members that a page reads.
        items: those in it.
        seconds: those of them that have a second student, which a page does without.
        left_out: those that a page cannot score, with their kind of student.
        signed: the keys of its signatures, "" without any.
    """

    name: str
    sha256: str
    data: bytes
    items: tuple[str, ...]
    seconds: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    signed: str


def packed_bundle(path: Path) -> PackedBundle:
    """Reads a bundle, every hash of which is checked, and keeps what a page reads of it.

    Raises:
        InputError: the file cannot be read, or a page can score none of its items.
        BundleError: it is damaged or too new.
    """
    with Bundle(path) as bundle:
        bundle.check()
        manifest = bundle.manifest
        kept = [entry for entry in manifest.items if _is_scored(entry)]
        left_out = [entry for entry in manifest.items if not _is_scored(entry)]
        if not kept:
            raise InputError(
                f"{path}: a small model of kind '{left_out[0].student}' cannot be scored in a "
                "page; those of 'kd-edge run' with its default options can"
            )
        entries = tuple(
            replace(entry, forms={FORM: entry.forms[FORM]}, second=None) for entry in kept
        )
        names = [manifest.card]
        for entry in entries:
            names += [entry.forms[FORM], entry.vectorizer, entry.golden]
        cut = replace(
            manifest,
            items=entries,
            members={name: manifest.members[name] for name in dict.fromkeys(names)},
            provenance={},
        )
        data = _zipped(cut, bundle)
        signed = _signed(bundle)
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    return PackedBundle(
        path.name,
        whole,
        data,
        tuple(entry.item_id for entry in kept),
        tuple(entry.item_id for entry in kept if entry.second),
        tuple((entry.item_id, entry.student) for entry in left_out),
        signed,
    )


def _signed(bundle: Bundle) -> str:
    """The keys of a bundle's signatures, which are of the file, not of what the page has of it."""
    if not bundle.signatures:
        return ""
    from kd_edge_runtime.signatures.check import fingerprint

    keys = (fingerprint(bundle.manifest_bytes, one) for one in bundle.signatures)
    return ", ".join(dict.fromkeys(filter(None, keys)))


def _is_scored(entry: ItemEntry) -> bool:
    return entry.student in KINDS and FORM in entry.forms


def _zipped(manifest: Manifest, bundle: Bundle) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        text = json.dumps(json.loads(manifest.to_json()), ensure_ascii=False, separators=(",", ":"))
        archive.writestr(_info(MANIFEST), text.encode("utf-8"), compresslevel=9)
        for name in manifest.members:
            archive.writestr(_info(name), bundle.read(name), compresslevel=9)
    return packed.getvalue()


def _info(name: str) -> zipfile.ZipInfo:
    # The same date always, so that the same bundle gives the same page.
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
