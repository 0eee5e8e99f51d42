"""From a bundle to a folder of C: the core, the items as arrays, and a small library on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions
from kd_edge.bundling.core_folder import (
    export_folder,
    refuse_kind,
    refuse_unwritable,
    write_files,
)
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.flags import NAMES
from kd_edge_runtime.students.bag import FORM
from kd_edge_runtime.students.item import LoadedItem

_FILES = Path(__file__).parent / "c_files"
_LANGUAGE = "C"
_KINDS = {"bag": "KD_BAG", "pairs": "KD_PAIRS"}
_PER_LINE = 24

CORE_SOURCES = (
    "kd_edge.c",
    "kd_edge.h",
    "decision.h",
    "flags.h",
    "memo.h",
    "network.h",
    "ngrams.h",
    "pairs.h",
    "reader.h",
    "tables.h",
    "text.h",
    "text2.h",
)
"""The core's files, which an installed kd-edge has too."""


def export_c(
    items: Sequence[ExportItem],
    folder: Path,
    provenance: Mapping[str, Any],
    options: ExportOptions | None = None,
) -> Exported:
    """Like `bundle.export`, but writes what `write_c` writes in place of a bundle.

    The only form is plain int8, whatever `options` says.
    """
    return export_folder(_LANGUAGE, write_c, items, folder, provenance, options)


def write_c(bundle: Path, folder: Path) -> list[str]:
    """Writes a folder that scores a bundle's items with any C compiler.

    Args:
        bundle: the `.kdz`.
        folder: made if it is not there; files of the same names are replaced.

    Returns:
        The files' names.

    Raises:
        InputError: an item is of a kind that the core does not score, or its responses are HTML;
            or the folder cannot be written.
    """
    refuse_unwritable(folder)
    with Bundle(bundle) as opened:
        items = [LoadedItem(opened, entry) for entry in opened.manifest.items]
        for item in items:
            refuse_kind(_LANGUAGE, item.entry.item_id, item.entry.student)
            _refuse_markup(item)
        files = {"items.c": "".join(_items_c(items)).encode("utf-8")}
        options = " -DKD_RULES_1" if all(item.rules() == 1 for item in items) else ""
        options += " -DKD_BAG_ONLY" if all(one.entry.student == "bag" for one in items) else ""
    core = _core()
    files |= {name: (core / name).read_bytes() for name in CORE_SOURCES}
    for path in sorted(_FILES.iterdir()):
        text = path.read_text(encoding="utf-8")
        files[path.name] = text.replace("@OPTIONS@", options).encode("utf-8")
    return write_files(folder, files)


def _core() -> Path:
    """The folder with the core: in the package where it is installed, else in the checkout."""
    inside = Path(__file__).with_name("c_core")
    return inside if inside.is_dir() else Path(__file__).parents[2] / "runtime" / "core"


def _refuse_markup(item: LoadedItem) -> None:
    if item.markup:
        raise InputError(
            f"item '{item.entry.item_id}' reads HTML, which C does not: distil it without "
            "--markup html"
        )


def _items_c(items: Sequence[LoadedItem]) -> Iterator[str]:
    yield '/* Written by kd-edge: see items.h. */\n#include "items.h"\n\n'
    names = ", ".join(map(_quoted, ("", *NAMES)))
    yield f"const char *const kd_flag_names[8] = {{{names}}};\n\n"
    weights: dict[bytes, int] = {}
    entries = []
    for number, item in enumerate(items):
        data = item.form(FORM)
        if data not in weights:
            weights[data] = number
            yield from _array(f"weights_{number}", "uint8_t", data)
        yield from _array(f"vectorizer_{number}", "uint8_t", item.vectorizer())
        entry = item.entry
        yield from _array(f"worth_{number}", "double", [float(one).hex() for one in entry.worth])
        yield from _array(f"classes_{number}", "char *const", [*map(_quoted, entry.classes)])
        if entry.flags.prompt:
            yield from _array(f"prompt_{number}", "uint16_t", sorted(set(entry.flags.prompt)))
        entries.append(_entry(item, number, weights[data]))
    yield f"\nconst kd_entry kd_items[] = {{\n{','.join(entries)}\n}};\n"
    yield f"const uint32_t kd_item_count = {len(entries)};\n"


def _entry(item: LoadedItem, number: int, weights: int) -> str:
    words, grams, pairs = item.sizes()
    entry, flags = item.entry, item.entry.flags
    usual, low, high = flags.known or (0.0, 0.0, 0.0)
    fields = {
        "student": _KINDS[entry.student],
        "rules": item.rules(),
        "gram": item.number("gram"),
        "words": words,
        "grams": grams,
        "pairs": pairs,
        "dimensions": item.number("dimensions"),
        "classes": len(entry.classes),
        "worth": f"worth_{number}",
        "decision": "KD_NEAREST_EXPECTED"
        if entry.decision == NEAREST_EXPECTED
        else "KD_MOST_PROBABLE",
        "review": float(flags.review).hex(),
        "distinct": float(flags.distinct).hex(),
        "longest": flags.longest,
        "has_known": int(bool(flags.known)),
        "usual": float(usual).hex(),
        "low": float(low).hex(),
        "high": float(high).hex(),
        "prompt": f"prompt_{number}" if flags.prompt else "NULL",
        "prompts": len(set(flags.prompt)),
    }
    inside = ",\n      ".join(f".{name} = {value}" for name, value in fields.items())
    members = f"vectorizer_{number}, weights_{weights}"
    sizes = f"{len(item.vectorizer())}, {len(item.form(FORM))}"
    return (
        f"\n    {{ {_quoted(entry.item_id)}, classes_{number},\n    {{ {inside} }},\n"
        f"      {members}, {sizes} }}"
    )


def _array(name: str, kind: str, values: Sequence[object] | bytes) -> Iterator[str]:
    """A constant array; an empty one, which C does not have, gets a zero."""
    yield f"static const {kind} {name}[] = {{"
    texts = [*map(str, values)] or ["0"]
    for start in range(0, len(texts), _PER_LINE):
        yield "\n" + ",".join(texts[start : start + _PER_LINE]) + ","
    yield "\n};\n"


def _quoted(text: str) -> str:
    """A string of C in UTF-8: what is not plain ASCII, or special in C, as octal numbers."""
    plain = ""
    for byte in text.encode("utf-8"):
        letter = chr(byte)
        simple = 32 <= byte < 127 and letter not in '"\\?'
        plain += letter if simple else f"\\{byte:03o}"
    return f'"{plain}"'
