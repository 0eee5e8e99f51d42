"""Small tables as schools have them, each with what must come of it.

`data/tables/PART/expected.json` says of each file beside it: the options as typed, and either what
is read ("items", "notes") or what the refusal says ("refused"); HERE in an option is the folder.
"score" is the number of rows that a device scores. All tables are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from kd_edge.cli.reading import read, reading_options
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.sources import Reading, open_source

FOLDER = Path(__file__).parent / "data" / "tables"
CASES = {
    f"{expected.parent.name}/{name}": (expected.parent / name, case)
    for expected in sorted(FOLDER.glob("*/expected.json"))
    for name, case in json.loads(expected.read_text(encoding="utf-8")).items()
}


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@reading_options
def read_as_typed(path: Path, **options: Any) -> Any:
    return read(path, options)


def named(name: str) -> tuple[Path, dict[str, Any]]:
    """The file of a case; a case may name its own, so that a table can be read in several ways."""
    path, case = CASES[name]
    return path.parent / case.get("file", path.name), case


@pytest.mark.parametrize("name", CASES)
def test_what_is_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a list of skipped rows goes into the current folder
    path, case = named(name)
    options = [one.replace("HERE", str(path.parent)) for one in case.get("options", [])]
    arguments = [str(path), *options]
    if "refused" in case:
        with pytest.raises((InputError, click.ClickException)) as refusal:
            read_as_typed.main(arguments, standalone_mode=False)
        error = refusal.value
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        assert [part for part in case["refused"] if part not in text] == [], text
        return
    responses = read_as_typed.main(arguments, standalone_mode=False)
    found = {
        item.item_id: {
            "rows": len(item.rows),
            "scored": sum(row.score is not None for row in item.rows),
            "scale": str(item.scale),
        }
        for item in responses.items
    }
    assert found == case["items"]
    told = "\n".join(responses.notes)
    assert [part for part in case.get("notes", []) if part not in told] == [], told


def reading_of(options: list[str]) -> Reading:
    """What the options say of the file, which a device needs to know too."""
    told = dict(zip(options, options[1:]))
    return Reading(told.get("--encoding"), told.get("--sheet"), told.get("--quoting", "auto"))


@pytest.mark.parametrize("name", [name for name, (_, case) in CASES.items() if "score" in case])
def test_what_a_device_reads(name):
    path, case = named(name)
    reading = reading_of(case.get("options", []))
    with open_source(path, reading) as table:
        rows = sum(len(rows) for _, rows in table.batches())
    assert (table.problems, rows) == ([], case["score"])


def test_each_table_has_its_expectation():
    beside = {path for path in FOLDER.glob("*/*") if path.name != "expected.json"}
    assert beside == {named(name)[0] for name in CASES}
