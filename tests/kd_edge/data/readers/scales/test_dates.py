from __future__ import annotations

import pytest

from kd_edge.data.readers.scales.dates import is_date, is_serial

DATES = """
1-Jan|01-Jan|Jan-02|Jan 02|2-Feb-26|1. Feb|01. Mrz.|3-März|4-août|5-ene|01.02.2026|1.2.26|01.02.
1/2/2026|01-02-2026|2026-02-01|2026-02-01 00:00:00|2026-02-01T00:00:00|2026/2/1|1月2日|2026年1月2日
"""


@pytest.mark.parametrize("cell", DATES.strip().replace("\n", "|").split("|"))
def test_dates(cell):
    assert is_date(cell)


@pytest.mark.parametrize(
    "cell", ["1", "1.2", "2/4", "1-2", "may", "3 marks", "mark", "1.2.3.4", ""]
)
def test_others(cell):
    assert not is_date(cell)


def test_serials():
    assert is_serial(45000)
    assert not any(map(is_serial, (3, 100, 45000.5, 99999)))
