"""Attacks by what the manifest says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from damaged_bundles import MANIFEST, zipped

Members = dict[str, bytes]
Change = Callable[[dict[str, Any], dict[str, Any]], object]


def changed(members: Members, change: Change) -> bytes:
    """A bundle after a change of the manifest and of its first item."""
    raw = json.loads(members[MANIFEST])
    change(raw, raw["items"][0])
    return zipped({**members, MANIFEST: json.dumps(raw).encode()})


def written(members: Members, text: str) -> bytes:
    """A bundle with another value in the place of the protocol, as it is written."""
    whole = members[MANIFEST].decode().replace('"protocol": 1', f'"protocol": {text}', 1)
    return zipped({**members, MANIFEST: whole.encode("utf-8", "surrogatepass")})


def _renamed(name: str) -> Change:
    return lambda _, item: item.update(item_id=name)


def _text(**values: object) -> Change:
    return lambda _, item: item["text"].update(values)


def _many_classes(_: Any, item: dict[str, Any]) -> None:
    item["classes"] = [str(at) for at in range(200_000)]
    item["values"] = [*range(200_000)]


def _many_items(raw: dict[str, Any], item: dict[str, Any]) -> None:
    raw["items"] = [{**item, "item_id": f"i{at}"} for at in range(3000)]


CHANGES: dict[str, tuple[Change, str]] = {
    "a terminal's control": (_renamed("\x1b]0;evil\x07"), "control character"),
    "a line more": (_renamed("a\nb"), "control character"),
    "values of 400 digits": (lambda _, i: i.update(values=[10**400] * 4), "more than 53 bits"),
    "200,000 classes": (_many_classes, "more than 1000 classes"),
    "3,000 items": (_many_items, "more than 2000 items"),
    "20,000 dimensions": (_text(dimensions=20_000), "text.dimensions is too large"),
    "no dimensions": (_text(dimensions=0), "size of the plain weights"),
    "sizes below nothing": (_text(sizes=[-1, 1, 1]), "does not match|size of the vectorizer"),
    "sizes of any number": (_text(sizes=[1 << 60, 0, 0]), "size of the vectorizer"),
    "sizes that are texts": (_text(sizes=["1", "2", "3"]), "text.sizes"),
    "runs as long as one likes": (_text(gram=1 << 40), "text.gram is too large"),
    "rules to come": (_text(rules=99), "needs text rules 99"),
    "another kind": (lambda _, i: i.update(student="quantum"), "kind 'quantum'"),
    "a member that is none": (lambda _, i: i.update(golden="../x"), "does not list"),
    "a class twice": (lambda _, i: i.update(classes=["a"] * 4), "a class listed twice"),
    "flags too large": (lambda _, i: i.update(flags={"longest": 10**300}), "more than 53 bits"),
    "a newer protocol": (lambda raw, _: raw.update(protocol=2), "update kd-edge-runtime"),
}
WRITTEN: dict[str, tuple[str, str]] = {
    "not a number": ("NaN", "is not valid JSON"),
    "infinity": ("-Infinity", "is not valid JSON"),
    "beyond any float": ("1e999", "no protocol number"),
    "5,000 digits": ("9" * 5000, "is not valid JSON"),
    "400 digits": ("9" * 400, "reads up to 1"),
    "deep": ("[" * 100_000 + "]" * 100_000, "is not valid JSON"),
    "half a character": ('"\\ud800"', "is not valid JSON"),
    "half a character, raw": ('"\ud800"', "is not UTF-8"),
    "100,000 references": (f"[{','.join(['{}'] * 100_000)}]", "no protocol number"),
}
