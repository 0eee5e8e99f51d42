"""Invented items that text rules are told apart by: signs, and scripts other than Latin.

Nobody wrote these responses: they are put together from hand-written parts, by a seed, and scored
by the parts that they are made of. They say whether a student can see a difference at all, not how
well it would score people.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.data.responses import Item, Row, Scale

SEED = 14
INEQUALITY = "inequality"

# -2x + 6 > 10: what the sides become, and what x is. A right answer turns the sign around.
_FIRST = (
    "subtract 6 from both sides, {0}", "take 6 away: {0}", "10 - 6 is 4 so {0}",
    "{0} after i moved the 6", "first you get {0}", "-6 on both sides so {0}", "I subtracted six and got {0}",
)  # fmt: skip
_STEPS = ("-2x > 4", "−2x > 4", "-2x>4", "- 2x > 4", "−2x>4")
_THEN = (
    "then divide by -2 and {0}", "dividing by −2 gives {0}", "so {0}", "that means {0}",
    "divided both sides by (-2) so {0}", "and the answer is {0}", "therefore {0}",
)  # fmt: skip
_END = ("", ".", " because of the minus", " and i checked it with a number", " done", ", i think")
_RIGHT = ("x < -2", "x<-2", "x < −2", "x<−2", "-2 > x", "−2>x")
_TURNED = ("x > -2", "x>-2", "x > −2", "x>−2", "-2 < x", "−2<x")
_WRONG = ("x < 2", "x<2", "x > 2", "2 > x", "2>x", "x>2")

# In six scripts: what comes before, the right and the wrong statement, and what comes after.
_SCRIPTS = {
    "Arabic": (
        ("أظن أن", "الجواب هو", "وجدتُ أنّ", "حسب القياس"),
        ("س = -٥", "الفرق −٥"), ("س = ٥", "الفرق ٥"), ("لأنه بارد", "درجات", "في النهاية", ""),
    ),
    "Hebrew": (
        ("אני חושב ש", "התשובה היא", "מצאתי ש", "לפי המדידה"),
        ("x = -5", "ההפרש −5"), ("x = 5", "ההפרש 5"), ("כי קר", "מעלות", "בסוף", ""),
    ),
    "Devanagari": (
        ("मुझे लगता है", "उत्तर है", "मैंने पाया", "माप के अनुसार"),
        ("x = -५", "अंतर −५"), ("x = ५", "अंतर ५"), ("क्योंकि ठंडा है।", "डिग्री।", "अंत में।", ""),
    ),
    "Hangul": (
        ("제 생각에는", "답은", "측정 결과", "계산하면"),
        ("x = -5", "차이 −5"), ("x = 5", "차이 5"), ("이기 때문이다", "도이다", "입니다", ""),
    ),
    "Thai": (
        ("ฉันคิดว่าจากการทดลองที่ทำในห้องเรียนเมื่อวาน", "จากตารางที่ครูให้มาในห้องเรียนเราสรุปได้ว่า",
         "ผลการวัดอุณหภูมิของกลุ่มเราแสดงให้เห็นว่า", "เมื่อเราเปรียบเทียบอุณหภูมิทั้งสองแก้วแล้วพบว่า",
         "หนังสือเรียนวิทยาศาสตร์บทที่สามบอกพวกเราว่า"),
        ("น้ำแข็งเย็นกว่าน้ำ",), ("น้ำเย็นกว่าน้ำแข็ง",),
        tuple(map("".join, itertools.product(("มาก", "เสมอ", "จริงๆ", ""), ("ครับ", "ค่ะ", "นะ", "")))),
    ),
    "Khmer": (
        ("ខ្ញុំគិតថាតាមការពិសោធន៍ដែលយើងបានធ្វើនៅក្នុងថ្នាក់រៀន", "តាមតារាងដែលគ្រូបានឱ្យយើងកាលពីម្សិលមិញយើងឃើញថា",
         "លទ្ធផលនៃការវាស់ទម្ងន់វត្ថុទាំងពីររបស់ក្រុមយើងបង្ហាញថា", "សៀវភៅវិទ្យាសាស្ត្រជំពូកទីបីបានប្រាប់យើងថា",
         "នៅពេលយើងប្រៀបធៀបវត្ថុទាំងពីរនោះយើងរកឃើញថា"),
        # Ice is "water" with one syllable more: pairs of clusters could not tell the order.
        ("ដែកធ្ងន់ជាងឈើ",), ("ឈើធ្ងន់ជាងដែក",),
        tuple(map("".join, itertools.product(("ណាស់", "ជានិច្ច", "មែន", ""), ("បាទ", "ចាស", "ហើយ", "")))),
    ),
}  # fmt: skip

_WITHOUT_SPACES = ("Thai", "Khmer")


@dataclass(frozen=True)
class MadeItem:
    """An invented item.

    Attributes:
        item: its responses, with scores.
        twins: pairs of responses that differ by a sign or an order alone, and in their scores.
    """

    item: Item
    twins: tuple[tuple[str, str], ...]


def made_items(seed: int = SEED) -> dict[str, MadeItem]:
    """All of them, by name; the same for the same seed."""
    rng = random.Random(seed)
    items = {INEQUALITY: _inequality(rng)}
    for name, parts in _SCRIPTS.items():
        items[name] = _in_script(name, rng, *parts)
    return items


def _inequality(rng: random.Random, number: int = 201) -> MadeItem:
    """Solve -2x + 6 > 10: 2 for x < -2, 1 where the sign was not turned around, else 0."""
    texts: dict[str, str] = {}
    twins = []
    while len(texts) < number:
        first, then = rng.choice(_FIRST).format(rng.choice(_STEPS)), rng.choice(_THEN)
        end = rng.choice(_END)
        of_scores = {
            score: f"{first}, {then.format(rng.choice(answers))}{end}"
            for score, answers in (("2", _RIGHT), ("1", _TURNED), ("0", _WRONG))
        }
        texts.update((text, score) for score, text in of_scores.items())
        at = rng.randrange(4)
        twins.append(
            (f"{first}, {then.format(_RIGHT[at % 2])}", f"{first}, {then.format(_WRONG[at % 2])}")
        )
    return MadeItem(_item(INEQUALITY, texts, ("0", "1", "2")), tuple(twins))


def _in_script(
    name: str,
    rng: random.Random,
    before: Sequence[str],
    right: Sequence[str],
    wrong: Sequence[str],
    after: Sequence[str],
) -> MadeItem:
    """Right and wrong statements between the same words; written without spaces where people do."""
    gap = "" if name in _WITHOUT_SPACES else " "
    texts: dict[str, str] = {}
    twins = []
    for first, at, last in itertools.product(before, range(len(right)), after):
        pair = tuple(gap.join((first, one[at], last)).strip() for one in (right, wrong))
        texts.update(zip(pair, "10", strict=True))
        twins.append(pair)
    shuffled = list(texts.items())
    rng.shuffle(shuffled)
    return MadeItem(_item(name, dict(shuffled), ("0", "1")), tuple(twins))


def _item(name: str, texts: dict[str, str], classes: tuple[str, ...]) -> Item:
    scale = Scale(classes, numeric=True)
    rows = tuple(
        Row(f"{name}-{at}", name, text, scale.classes.index(score))
        for at, (text, score) in enumerate(texts.items())
    )
    return Item(name, scale, rows)
