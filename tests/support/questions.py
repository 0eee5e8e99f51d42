"""Questions with reference answers, as SemEval-2013 Task 7 writes them; made up for the tests."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from xml.sax.saxutils import escape

CLASSES = ("contradictory", "incorrect", "correct")

# Question, what answers it, and what would contradict that.
_QUESTIONS = {
    "KETTLE": ("Why does the kettle whistle?", "steam leaves through the small hole", "cold"),
    "SHADOW": ("Why is a shadow long at dusk?", "the sun is low in the sky", "high"),
    "ROOTS": ("What do roots do for a plant?", "roots take water from the soil", "leaves"),
    "FERRY": ("Why does a ferry float?", "it pushes away as much water as it weighs", "sink"),
}
NAMES = tuple(_QUESTIONS)
_LEAD = ("I think", "because", "maybe", "so", "well")
_OTHER = ("it is nice", "I do not know", "someone painted it", "that is magic", "we saw it")


def answers(name: str, number: int, seed: int = 0) -> list[tuple[str, str]]:
    """Texts and classes of made-up answers to a question."""
    rng = random.Random(f"{name} {seed}")
    _, right, against = _QUESTIONS[name]
    made = []
    for at in range(number):
        label = CLASSES[at % 3]
        said = right if label != "incorrect" else rng.choice(_OTHER)
        if label == "contradictory":
            said = f"no, {said.replace('the', 'not the')} {against}"
        kept = [word for word in said.split() if rng.random() < 0.85]
        made.append((" ".join([rng.choice(_LEAD), *kept]), label))
    return made


def write_tables(folder: Path, numbers: dict[str, int], more: tuple[str, ...]) -> tuple[Path, Path]:
    """Writes a table of answers, and one of the questions with two reference answers each.

    Args:
        folder: where.
        numbers: of answers by question.
        more: questions that are in the second table alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = folder / "answers.csv", folder / "questions.csv"
    rows = [(name, *one) for name, number in numbers.items() for one in answers(name, number)]
    about = [(name, *_QUESTIONS[name][:2]) for name in (*numbers, *more)]
    about += [(name, "", f"Since {right}") for name, _, right in about]
    for path, header, lines in (
        (tables[0], ("item_id", "response", "score"), rows),
        (tables[1], ("item_id", "question", "reference"), about),
    ):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *lines])
    return tables


def write_question(folder: Path, name: str, number: int, seed: int = 0, more: str = "") -> Path:
    """Writes a question's file.

    Args:
        folder: where.
        name: one of `NAMES`.
        number: of answers.
        seed: of the answers; part of their ids.
        more: a word to put into two of the answers.
    """
    question, right, _ = _QUESTIONS[name]
    rows = "\n".join(
        f'    <studentAnswer id="{name}.{seed}.{at}" accuracy="{label}">'
        f"{escape(f'{text} {more}' if at in (1, 4) else text)}</studentAnswer>"
        for at, (text, label) in enumerate(answers(name, number, seed))
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.xml"
    path.write_text(
        f"""<?xml version="1.0"?>
<question id="{name}" module="tests">
  <questionText>{question}</questionText>
  <referenceAnswers>
    <referenceAnswer id="{name}-a1">{right.capitalize()}.</referenceAnswer>
    <referenceAnswer id="{name}-a2">Since {right}</referenceAnswer>
  </referenceAnswers>
  <studentAnswers>
{rows}
  </studentAnswers>
</question>
""",
        encoding="utf-8",
    )
    return path
