"""The terms of reports and documents, explained once: the end of every report."""

from __future__ import annotations

from collections.abc import Iterator

from kd_edge.report.figures import limits
from kd_edge.report.page.blocks import Block, Fold, Heading, Points, Text

TERMS = {
    "Small model": "the model that scores responses on a device without a network. Researchers "
    "call it the student; here, students are the people who wrote the responses.",
    "Large model": "the language model that the small model was trained to imitate. It is too "
    "large for the device. Researchers call it the teacher.",
    "Small model alone": "the same small model trained on people's scores only, without the "
    "large model. The difference is what the large model contributes.",
    "People's scores": "the scores that people gave the responses; all models are compared with "
    "them. A second rater is a second person who scored the same responses independently.",
    "Marks": "what a class gets: the scores that people gave the responses that the small model "
    "flags, and its own scores of the others, which nobody looks at.",
    "On a device, in PyTorch": "the small model compressed as a device runs it, and before "
    "compression as it was trained.",
    "Exact agreement": "the share of responses with the same score from both. Adjacent agreement: "
    f"with the same score or the next one of the scale. Between people, {limits.PEOPLE_EXACT} and "
    f"{limits.PEOPLE_ADJACENT} are expected.",
    "QWK (quadratic weighted kappa)": "agreement beyond chance; a difference of two points counts "
    f"four times as much as one point. 1 is perfect, 0 is chance; {limits.QWK} is expected. Kappa: "
    "the same, with every difference counted alike. Macro F1: how well each score is recognised, "
    "averaged over the scores, so that rare ones count as much as frequent ones.",
    "Correlation": f"whether both rank the responses alike; {limits.CORRELATION} is expected. R2: "
    "the share of the differences between people's scores that is predicted. RMSE: the typical "
    "error, in points.",
    "SMD (standardized mean difference)": "how much higher a model's mean score is than people's, "
    f"in standard deviations of people's scores; {limits.SMD} is accepted. The share of responses "
    f"that get each score should be {limits.SHARE} of people's.",
    "Degradation": "a model's figure minus the second rater's; for QWK and correlation "
    f"{limits.DEGRADATION} is accepted.",
    "Disattenuated correlation, PRMSE, true-score MSE": "the model compared with the average that "
    "many raters would give, so that raters' own errors do not count against it. A PRMSE of 1 is "
    "perfect.",
    "DSM (difference of standardized means)": "how much higher a group of students stands among "
    f"the model's scores than among people's; {limits.DSM} is accepted. With fewer than 50 "
    "responses it can be outside by chance.",
    "Confidence": "the probability that the model assigns to the score it gives: the chance that "
    "this score is right. ECE (expected "
    "calibration error): how far confidence is from the actual agreement, on average. 0 is "
    "perfect; with few responses some error is chance.",
    "Expected score": "the average of the scores, weighted by their probabilities. Trimmed: "
    "limited to the score range and half a step beyond. As given: the score that a device shows.",
}
"""What each term means."""


def glossary(*sources: Block) -> Iterator[Block]:
    """The meaning of all terms, and the source of the figures, after which `sources` come."""
    yield Heading("What the terms mean", 1, "meaning")
    yield Fold("Terms, limits and sources", (*_terms(), *sources))


def _terms() -> Iterator[Block]:
    yield Text(
        "A figure marked ⚑ is outside the limits that testing programmes use. An empty cell is a "
        "figure that cannot be computed."
    )
    yield Points(tuple(f"{term}: {meaning}" for term, meaning in TERMS.items()))
    yield Text(
        "Names, formulas and limits are those of RSMTool (Madnani and Loukina 2016; Williamson, "
        "Xi and Breyer 2012; Loukina and others 2020). Responses with a score of zero count like "
        "all others.",
        "note",
    )
