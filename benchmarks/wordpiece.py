"""Whether plain Python gives the ids that the `tokenizers` package gives, and how fast.

    python -m benchmarks.wordpiece [--texts 1000000]

Random texts of words, pieces and signs of many scripts, through tokenizers with small letters and
with large ones, in every way that BERT's kind is written. Writes `results/wordpiece.json`.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import click
import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from benchmarks import record, untrained_bundle
from kd_edge_runtime.text._wordpiece_tables import COMBINING
from kd_edge_runtime.text.wordpiece import PlainTokenizer

SEED = 0
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 64
_CHUNK = 10_000
# Where code points are drawn from; some more than once, as what is rare would hardly meet.
_BLOCKS = (
    *[(0x20, 0x7F)] * 3,
    *((0x00, 0x100), (0x80, 0x250), (0x250, 0x600), (0x370, 0x530), (0x590, 0x700)),
    *((0x900, 0xE00), (0xE00, 0x1200), (0x1B00, 0x1C00), (0x1E00, 0x2000), (0x2000, 0x2070)),
    *((0x2070, 0x3000), (0x3000, 0x3100), (0x3100, 0xD800), (0xAC00, 0xD7A4), (0xE000, 0x10000)),
    *((0x10000, 0x12000), (0x1D000, 0x1D200), (0x1D400, 0x1F000), (0x1F300, 0x1FA00)),
    *((0x20000, 0x30000), (0x2F800, 0x2FA20), (0xE0000, 0x110000)),
)
_MARKS = [int(entry.partition(":")[0], 16) for entry in COMBINING.split()]
_STRIPPED = [0x300, 0x301, 0x323, 0x34F, 0x3099, 0x93C, 0x902, 0x5B0, 0x64B]


def made(uncased: bool, kind: str = "WordPiece", left: bool = False) -> Tokenizer:
    """A tokenizer of the kind that plain Python reads, with words, pieces and single signs."""
    words = sorted({word for text in untrained_bundle.sample_texts() for word in text.split()})
    rng = random.Random(SEED)
    signs = [chr(code) for low, high in _BLOCKS for code in rng.choices(range(low, high), k=60)]
    letters = [chr(code) for code in range(0x21, 0x7F)]
    pieces = [word[:3] for word in words] + ["##" + word[-3:] for word in words]
    known = [*SPECIAL, *letters, *(f"##{one}" for one in letters), *words, *pieces, *signs]
    if uncased:
        known = [one if one in SPECIAL else one.lower() for one in known]
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys(known))}
    settings = {"vocab": vocabulary, "unk_token": "[UNK]"}
    model = models.WordPiece(**settings) if kind == "WordPiece" else models.WordLevel(**settings)
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=uncased)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = (
        processors.BertProcessing(ends[1], ends[0])
        if left
        else processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    )
    tokenizer.enable_truncation(LONGEST, direction="left" if left else "right")
    tokenizer.enable_padding()
    return tokenizer


def texts(count: int, seed: int = SEED) -> Iterator[str]:
    """Random texts: words and pieces of them, signs of many scripts, marks in any order."""
    rng = random.Random(seed)
    words = [word for text in untrained_bundle.sample_texts() for word in text.split()]

    def part() -> str:
        chance = rng.random()
        if chance < 0.4:
            word = rng.choice(words)
            return rng.choice((word, word.upper(), word[:3], word + rng.choice(words)))
        if chance < 0.5:
            marks = rng.choices((*_MARKS, *_STRIPPED), k=rng.randrange(5))
            return rng.choice("aé가漢") + "".join(map(chr, marks))
        if chance < 0.52:
            return rng.choice(SPECIAL)
        if chance < 0.525:
            return rng.choice("aé漢") * rng.randrange(95, 110)
        codes = rng.choices(range(*rng.choice(_BLOCKS)), k=rng.randrange(1, 9))
        return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)

    for _ in range(count):
        yield "".join(
            part() + rng.choice((" ", " ", "", "-", ". ")) for _ in range(rng.randrange(14))
        )


def compare(tokenizer: Tokenizer, count: int, seed: int = SEED) -> dict[str, Any]:
    """Both readers on `count` random texts: how many differ, seconds for each."""
    plain = PlainTokenizer(json.loads(tokenizer.to_str()))
    tokenizer.no_padding()
    differing = tokens = 0
    seconds = {"package": 0.0, "plain": 0.0}
    drawn = texts(count, seed)
    while chunk := [text for text, _ in zip(drawn, range(_CHUNK), strict=False)]:
        started = time.perf_counter()
        wanted = [encoding.ids for encoding in tokenizer.encode_batch(chunk)]
        between = time.perf_counter()
        found = [plain.encode(text) for text in chunk]
        seconds["package"] += between - started
        seconds["plain"] += time.perf_counter() - between
        differing += sum(one != other for one, other in zip(wanted, found, strict=True))
        tokens += sum(map(len, wanted))
    return {"texts": count, "differing": differing, "tokens": tokens / count, "seconds": seconds}


@click.command()
@click.option("--texts", "count", type=click.IntRange(min=4), default=1_000_000, show_default=True)
def main(count: int) -> None:
    """Compare plain Python with the `tokenizers` package."""
    kinds = {
        "WordPiece, uncased": made(True),
        "WordPiece, cased": made(False),
        "WordPiece, uncased, last tokens kept": made(True, left=True),
        "WordLevel, uncased": made(True, "WordLevel"),
    }
    figures = {
        name: compare(tokenizer, count // len(kinds), SEED + at)
        for at, (name, tokenizer) in enumerate(kinds.items())
    }
    found = {"package": tokenizers.__version__, "kinds": figures}
    click.echo(str(record.write("wordpiece", found, SEED)))


if __name__ == "__main__":
    main()
