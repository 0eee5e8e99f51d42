"""Golden rows: inputs with the outputs that a device must reproduce.

They never contain a student's words: only neutral sentences, the item's own prompt and rubric,
and generated strings.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence

from kd_edge_export.onnx.int8_static import has_products

Rows = Sequence[Sequence[float]]

# The largest difference in a probability that a device's arithmetic may cause.
TOLERANCE = 1e-4

# The same for a form with products in 8 bits, where the last bit of a float may decide between
# two integers.
PRODUCTS_TOLERANCE = 0.02

_NEUTRAL = (
    "",
    "I do not know.",
    "The answer is yes because of the first reason.",
    "It is not the same, since the second one is larger than the first one.",
    "No",
    "They would need to know how much there was at the start and at the end.",
    "It doesn't change; it can't change. IT WILL NOT CHANGE!",
    "First it goes up, then it goes down, and in the end there is 1/2 or 50% left.",
    "12.5 + 37.5 = 50, so 3 \u00d7 4 ÷ 2 = 6",
    "Größe naïve café señor Ωμέγα Привет 日本語 🙂",
    "\tspaces   and\nlines\r\nand tabs\t",
    "a" * 60 + " " + "b " * 40,
)
# What text rules 2 read otherwise than rules 1.
_SIGNS_AND_SCRIPTS = (
    "x = -5, so -2x + 6 \u2260 10 \u2212 3(x + 1), 2x\u00b2 > 1,000.5",
    "10\u207b\u00b3 \u2192 ~0,001, 5kg, (a-b)(c-d), \u221a2 \u2013 3",
    "العَرَبِيَّة שָׁלוֹם हिन्दी \u0958 한국어 ქართული ＡＢ１ ٣٫١٤",
    "น้ำแข็งเย็นกว่าน้ำ ទឹកត្រជាក់ជាងទឹកកក မြန်မာ",
)
_MOST_SENTENCES = 24
_GENERATED = 8


def golden_inputs(sources: Sequence[str], seed: int = 0, rules: int = 1) -> tuple[str, ...]:
    """Inputs for golden rows.

    Args:
        sources: the item's prompt, rubric and reference answers, where there are any.
        seed: seed of the generated strings.
        rules: the number of the item's text rules.

    Returns:
        About twenty to forty texts, no two alike.
    """
    sentences = [
        sentence
        for source in sources
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", source.strip())
        if sentence.strip()
    ][:_MOST_SENTENCES]
    rng = random.Random(seed)
    pool = " ".join([*sentences, *_NEUTRAL]).split()
    generated = [" ".join(rng.choices(pool, k=rng.randint(5, 120))) for _ in range(_GENERATED)]
    more = _SIGNS_AND_SCRIPTS if rules > 1 else ()
    return tuple(dict.fromkeys([*_NEUTRAL, *sentences, *generated, *more]))


def tolerances(forms: Mapping[str, tuple[str, bytes]]) -> dict[str, float]:
    """The tolerance of each form for which it is not `TOLERANCE`.

    Args:
        forms: file name and bytes by form.
    """
    return {
        form: PRODUCTS_TOLERANCE
        for form, (name, data) in forms.items()
        if name.endswith(".onnx") and has_products(data)
    }


def golden_json(
    inputs: Sequence[str],
    outputs: Mapping[str, Rows],
    tolerances: Mapping[str, float] | None = None,
) -> bytes:
    """The golden member.

    Args:
        inputs: M texts.
        outputs: each form's probabilities, [M, K].
        tolerances: by form, where it is not `TOLERANCE`.
    """
    by_form = dict.fromkeys(outputs, TOLERANCE) | dict(tolerances or {})
    content = {
        # A reader that does not know tolerances by form takes the greatest.
        "tolerance": max(by_form.values(), default=TOLERANCE),
        **({"tolerances": by_form} if tolerances else {}),
        "inputs": list(inputs),
        "outputs": {
            form: [[round(float(share), 7) for share in row] for row in rows]
            for form, rows in outputs.items()
        },
    }
    return (json.dumps(content, ensure_ascii=False, indent=0) + "\n").encode("utf-8")
