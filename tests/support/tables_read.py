"""What tests of tables' formats share."""

from __future__ import annotations

import pytest

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.sources import Reading, open_source

HEADER = ["id", "text", "score"]


def read(path, **named):
    """A table's header, rows by number, notes and problems."""
    with open_source(path, Reading(**named)) as table:
        rows = [pair for numbers, rows in table.batches() for pair in zip(numbers, rows)]
        return list(table.header), rows, table.notes, [p.message for p in table.problems]


def refused(path, **named):
    with pytest.raises(InputError) as caught:
        read(path, **named)
    return str(caught.value)
