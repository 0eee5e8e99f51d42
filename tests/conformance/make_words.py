"""Writes `words-1.jsonl` and `words-2.jsonl`: texts, and their words by text rules 1 and 2.

    python tests/conformance/make_words.py

A port of the text rules reads every text as told here. Rules that have been released never change,
so neither may what is there; more texts may be added.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from kd_edge_runtime.text import KNOWN_RULES, words_by

HERE = Path(__file__).parent
SEED = 14

PHRASES = """
The ice in the scarf doesn't melt as fast.
“Well-known” facts — don’t you think…
I think it's 5 minutes, or 10 (maybe).
Größe naïve CAFÉ señor Øre Łódź Æon œuvre Straße İstanbul
Ωμέγα ΣΑΣ σας μέλι
Привет, Ёлка! Йод растворился
x = -5, not x = 5
3 - 5 = -2 and 5 − 3 = +2
-x - y < -2(3+4) or (x+1)(x-1) = x² − 1
2x² + 3x − 5 = 0, so x = (-3 ± √49)/4
0,5 kg = 0.5kg = .5 kg = 500 g
1,000,000 or 1.000.000 or 1 000 000 or 1'000'000
1,234.56 and 1.234,56 and 12.05.2020 and 1,2,3
10⁻³ mol/L, 6.02×10^23, 25 °C, 77℉, 5 µm, 5㎏
CO₂ + H₂O -> H₂CO₃; Na⁺ and Cl⁻; SO₄²⁻
a≠b a!=b a<=b a≤b a≥b a≈b ~5 ± ∞ ∑ ∫ ∈ ∉ ∠ABC ⊥ ∥
½ cup, 3⅔, ⅛ and 7÷2×3⋅4
|x| ≤ 3 ⇒ -3 ≤ x ≤ 3
f(x) = 2^(x-1); log₂8 = 3; |−4| = 4
pages 5–10, 5 – 3, –5, —5, 5—3
الثلج لا يذوب بسرعة في الوشاح
العَرَبِيَّةُ مدرسةٌ؛ على، إسلام؟ ﻻ ﷲ ٣٫١٤ ١٬٠٠٠
می‌شود که یخ آب شود ۱۲۳
הקרח לא נמס מהר. שָׁלוֹם־עולם צה״ל ג׳
बर्फ़ जल्दी नहीं पिघलती है। क़लम १२३
বরফ তাড়াতাড়ি গলে না। পানি ১২
பனிக்கட்டி உருகாது. கொடி
ಮಂಜುಗಡ್ಡೆ ಕರಗುವುದಿಲ್ಲ. മഞ്ഞുകട്ട ഉരുകില്ല.
น้ำแข็งไม่ละลายเร็วในผ้าพันคอ เด็กๆ ๑๒๓
ນ້ຳກ້ອນບໍ່ລະລາຍໄວ ໑໒
ទឹកកកមិនរលាយលឿនទេ។ ស្រី ១២
ရေခဲသည် မြန်မြန် အရည်မပျော်ပါ။ ကမ္ဘာ အင်္ဂါ ၁၂
བོད་སྐད་ཀྱི་ཡི་གེ།
얼음은 목도리 안에서 빨리 녹지 않는다. ㅋㅋ
冰在围巾里不会很快融化。水の温度は５℃・ガラス ｶﾞﾗｽ
በረዶው በፍጥነት፡አይቀልጥም።
Սառույցը չի հալվում։ ի՞նչ ՀԱՅ և
ყინული არ დნება. ᲧᲘᲜᲣᲚᲘ
ok 🙂 ok 👍🏽 №5 ™ © 𝑥² 𝟓 ﬁre ＡＢＣ１２
""".strip().splitlines()

# Code points of many blocks, for texts that nobody writes.
BLOCKS = (
    (0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x3FF), (0x400, 0x52F),
    (0x531, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0xDFF), (0xE00, 0xEFF),
    (0xF00, 0xFDA), (0x1000, 0x109F), (0x10A0, 0x11FF), (0x1200, 0x137F), (0x1780, 0x17FF),
    (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x209F), (0x2100, 0x22FF), (0x2460, 0x24FF),
    (0x3000, 0x30FF), (0x3300, 0x33FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFB00, 0xFEFF),
    (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x20000, 0x2A6DF), (0, 0x10FFFF),
)  # fmt: skip
MEANT = (
    " \u00a0;.,()-–−!~+*/=<>^√≠≈±%0123456789abxyABé'²³⁻₂\u0338水ก\u0e31เ\u1000\u1039\u1037\u103a"
)
HOSTILE = (
    "", " ", "-", "--", "(", "()", ".", "=\u0338", "\u0338", "²", "\u00ad", "\ufeff", "\0",
    "a" * 200, "1" * 200, "1," * 60, "1,000" * 30, "-(" * 50, "ก" * 90, "เ" * 60, "\u0e31" * 90,
    "\u1000\u103a" * 40, "각" * 60, "e\u0301" * 80, "x²" * 40, "a-" * 50, "𝟗" * 90,
)  # fmt: skip


def texts() -> list[str]:
    """The texts, all different, without halves of surrogate pairs."""
    rng = random.Random(SEED)
    found = [*PHRASES, *HOSTILE]
    pieces = [piece for phrase in PHRASES for piece in phrase.split(" ")]
    for _ in range(250):
        found.append(" ".join(rng.choices(pieces, k=rng.randint(1, 12))))
    for _ in range(450):
        found.append("".join(rng.choices(MEANT, k=rng.randint(1, 16))))
    for _ in range(350):
        first, last = rng.choice(BLOCKS)
        codes = (rng.randint(first, last) for _ in range(rng.randint(1, 20)))
        found.append("".join(chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF))
    return list(dict.fromkeys(found))


def lines(rules: int) -> str:
    """The corpus of one number of rules: a JSON object a line, as ASCII."""
    words = words_by(rules)
    return "".join(json.dumps({"text": text, "words": words(text)}) + "\n" for text in texts())


if __name__ == "__main__":
    for number in KNOWN_RULES:
        (HERE / f"words-{number}.jsonl").write_text(lines(number), encoding="ascii")
