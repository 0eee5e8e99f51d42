"""What the names of figures mean: the end of every report."""

from __future__ import annotations

from collections.abc import Iterator

from kd_edge.report.figures.limits import (
    CORRELATION,
    DEGRADATION,
    DSM,
    PEOPLE_ADJACENT,
    PEOPLE_EXACT,
    QWK,
    SHARE,
    SMD,
)
from kd_edge.report.page.blocks import Block, Heading, Points, Text

_TERMS = (
    "Exact agreement: the share of responses with the same score from both. Adjacent: the same or "
    f"one point apart. Between people, {PEOPLE_EXACT.said} and {PEOPLE_ADJACENT.said} are asked "
    "for.",
    "QWK, quadratic weighted kappa: agreement beyond chance, where a miss by two points counts "
    f"four times a miss by one. 1 is perfect, 0 is chance; {QWK.said} is asked for. Kappa: the "
    "same with every miss alike. Macro F1: the mean over the scores, rare ones like frequent ones, "
    "of how well each is found.",
    f"Correlation: whether both put responses into the same order; {CORRELATION.said} is asked "
    "for. R2: the share of the differences between people's scores that is foretold. RMSE: the "
    "typical miss, in points.",
    "SMD, standardized mean difference: how much higher the machine's mean is, in standard "
    f"deviations of people's scores; {SMD.said} is accepted.",
    f"Shares of a score that differ from people's should stay {SHARE.said}.",
    "Degradation: figures of a machine less those of a second rater; for QWK and correlation "
    f"{DEGRADATION.said} is accepted.",
    "Disattenuated correlation, PRMSE and true-score MSE: how well the machine does against the "
    "score that many raters would give on average, so that the raters' own error does not count "
    "against it. A PRMSE of 1 is perfect.",
    "DSM, difference of standardized means: how much higher a group stands among the machine's "
    f"scores than among people's; {DSM.said} is accepted. In a group of fewer than 50 "
    "responses it can leave that by chance.",
    "ECE, expected calibration error: how far, on average, the share of right scores is from how "
    "sure the machine was. 0 is perfect; with few responses some of it is chance.",
    "Expected score: the mean of the scores, each weighted by its probability. Trimmed: kept "
    "within the scale and half a point around it, which an expected score never leaves. As "
    "given out: the score that a device shows.",
)


def glossary() -> Iterator[Block]:
    """What the names of figures mean, and where they come from."""
    yield Heading("What the figures mean", 1, "meaning")
    yield Text(
        "A figure marked ⚑ leaves the limits that testing programmes use. Where a figure is not "
        "defined, its place is empty."
    )
    yield Points(_TERMS)
    yield Text(
        "Names, formulas and limits are those of RSMTool (Madnani and Loukina 2016; Williamson, "
        "Xi and Breyer 2012; Loukina and others 2020). Responses with a score of zero count like "
        "all others.",
        "note",
    )
