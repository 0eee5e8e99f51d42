"""`tables.h` and `packed.h` are what their scripts write from the text rules."""

from __future__ import annotations

import sys
from pathlib import Path

CORE = Path(__file__).resolve().parents[3] / "runtime" / "core"


def test_the_tables_are_those_of_the_rules(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(CORE), *sys.path])
    import make_tables

    written = (CORE / "tables.h").read_text(encoding="ascii")
    assert written == "\n".join(make_tables.lines()) + "\n"


def test_the_packed_tables_are_those_of_the_rules(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(CORE), *sys.path])
    import make_packed

    written = (CORE / "wasm" / "packed.h").read_text(encoding="ascii")
    assert written == "\n".join(make_packed.lines()) + "\n"
