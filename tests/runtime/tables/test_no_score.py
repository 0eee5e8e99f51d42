from __future__ import annotations

import pytest

from kd_edge_runtime.tables.no_score import means_no_score

NO_SCORE = """
N/A|n/a|NA|n. a.|absent|Absent|abs.|not yet marked|Not yet graded|-|--|—|–|−|?|??|ungraded|missing
nan|NULL|#N/A|#DIV/0!|#NAME?|#NV|#WERT!|- / 3|-- / 10|/ 3|...|EX|pending|Needs grading
nicht bewertet|k. A.|fehlt|entfällt|non noté|NON ÉVALUÉ|absente|en attente|à corriger
sin calificar|No presentado|ausente|değerlendirilmedi|DEĞERLENDİRİLMEDİ|notlandırılmadı
"""
SCORES = (
    "0|1|2,5|-1|−1|1/2|3 / 3|75 %|A|F|wrong|poor|good|partly|#1|1.|.5|½|x|incomplete|u|richtig|*|+"
)


@pytest.mark.parametrize("cell", ["", "  ", *NO_SCORE.strip().replace("\n", "|").split("|")])
def test_no_score(cell):
    assert means_no_score(cell)
    assert means_no_score(f" {cell} ")


@pytest.mark.parametrize("cell", SCORES.split("|"))
def test_a_score(cell):
    assert not means_no_score(cell)
