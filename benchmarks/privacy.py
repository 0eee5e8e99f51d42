"""What whoever has a bundle can find out: its words, names among them, and who was in training.

    python -m benchmarks.privacy --words words.txt --data ../shared/data

`words.txt` holds the attacker's words, the commonest first, one a line: 30,000 English words of the
package wordfreq 3.1.1, `top_n_list("en", 30_000)`. Vocabularies are those of a run, of the rows
that students learn from. For who was in training a bag is trained from the committed soft labels of
the responses, without variants. Writes `results/privacy.json`: numbers, no text.
"""

from __future__ import annotations

import itertools
import random
import string
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks import record
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import Split, split_item
from kd_edge.distillation.distil import train_student
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.students import registry
from kd_edge.students.bag import BagOptions
from kd_edge.students.base import TextSources
from kd_edge.students.kept_out import kept_out
from kd_edge.students.sharing import Sharing
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.vocabulary import BagVocabulary, hash_gram, hash_word

NAME, SEED = "privacy", 0
SAMPLE = Path(__file__).parent.parent / "kd_edge" / "sample"
_RULES = 2
# Invented: common first names and surnames, each pair planted in so many responses.
_FIRST = ("anna", "ben", "chloe", "david", "emma", "felix", "grace", "hugo", "ines", "jonas")
_LAST = ("miller", "smith", "garcia", "fischer", "nguyen", "kaya", "rossi", "novak", "okafor",
         "lindqvist")  # fmt: skip


@click.command()
@click.option("--words", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--data", type=click.Path(path_type=Path), help="The folder with asap-sas.")
def main(words: Path, data: Path | None) -> None:
    """Measure what a bundle tells."""
    listed = words.read_text(encoding="utf-8").split()
    figures: dict[str, Any] = {"dictionary": len(listed)}
    for name, split, labels in _items(data):
        figures[name] = _measure(split, labels, listed)
        click.echo(f"{name}: {figures[name]}")
    click.echo(str(record.write(NAME, figures, SEED)))


def _items(data: Path | None) -> Iterator[tuple[str, Split, Path]]:
    options = TeacherOptions()

    def split(item: Item) -> Split:
        return split_item(item, None, options.validation, options.seed)

    for name in ("wool-ice", "pond-web"):
        item = read_responses(SAMPLE / name / "responses.csv").items[0]
        yield f"sample {name}", split(item), record.RESULTS / f"labels-sample-{name}.csv"
    if data is not None:
        item = read_responses(data / "asap-sas" / "train.tsv", only_items=("1",)).items[0]
        yield "ASAP-SAS 1", split(item), record.RESULTS / "labels-asap-sas-1.csv"


def _measure(split: Split, labels: Path, listed: Sequence[str]) -> dict[str, Any]:
    texts = [row.text for row in split.train]
    vocabulary = choose_vocabulary(texts, BagOptions())
    return {
        "responses": len(texts),
        "n-grams": dict(zip(("words", "runs", "pairs"), vocabulary.sizes, strict=True)),
        "turned back": turned_back(vocabulary, listed),
        "names": names(texts, listed),
        "in training": in_training(split, labels, vocabulary),
    }


def turned_back(vocabulary: BagVocabulary, listed: Sequence[str]) -> dict[str, float]:
    """The share of a vocabulary that an attacker turns back into text, by what they try.

    Args:
        vocabulary: as a bundle holds it: hashes.
        listed: the attacker's words.
    """
    found = {"list": guessed(vocabulary, listed)}
    short = (
        "".join(letters)
        for length in range(1, 5)
        for letters in itertools.product(string.ascii_lowercase, repeat=length)
    )
    found["list, and all words of four letters"] = found["list"] | guessed(vocabulary, short)
    shares: dict[str, float] = {}
    for how, words in found.items():
        pairs = [{code >> 16, code & 0xFFFF} for code in vocabulary.pairs]
        shares[f"words, {how}"] = len(words) / max(1, len(vocabulary.words))
        shares[f"pairs, {how}"] = sum(pair <= words for pair in pairs) / max(1, len(pairs))
    letters = f"<>{string.ascii_lowercase}{string.digits}"
    runs = {*vocabulary.grams}
    known = sum(
        hash_gram("".join(run)) in runs
        for run in itertools.product(letters, repeat=vocabulary.gram)
    )
    shares["runs, all of ASCII's"] = known / max(1, len(runs))
    return shares


def guessed(vocabulary: BagVocabulary, words: Collection[str] | Iterator[str]) -> set[int]:
    """The places of a vocabulary's words whose hashes are those of some of these words."""
    place = {code: at for at, code in enumerate(vocabulary.words)}
    return {place[code] for code in map(hash_word, words) if code in place}


def names(texts: Sequence[str], listed: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of names planted in two or three responses each, the share that is turned back.

    Args:
        texts: the responses.
        listed: the attacker's words.

    Returns:
        For each way the share of first names, and of pairs of first name and surname.
    """
    planted = list(zip(_FIRST, _LAST, strict=True))
    found = {}
    for how, count, never in (
        ("in two responses", 2, ()),
        ("in three", 3, ()),
        ("in three, kept out by --never", 3, (*_FIRST, *_LAST)),
    ):
        more = [*texts]
        random.Random(SEED).shuffle(more)
        for at, (first, last) in enumerate(planted * count):
            more[at] += f" {first} {last} said so"
        options = BagOptions(ngrams=60_000)
        vocabulary = choose_vocabulary(more, options, Sharing(kept_out=kept_out(never)))
        codes = {vocabulary.words[at] for at in guessed(vocabulary, listed)}
        pairs = {
            (vocabulary.words[code >> 16], vocabulary.words[code & 0xFFFF])
            for code in vocabulary.pairs
        }
        known = [[hash_word(word) in codes for word in pair] for pair in planted]
        both = [
            all(one) and tuple(map(hash_word, pair)) in pairs
            for one, pair in zip(known, planted, strict=True)
        ]
        found[how] = {
            "names": float(np.mean([one[0] for one in known])),
            "with surnames": float(np.mean(both)),
        }
    return found


def in_training(split: Split, labels: Path, vocabulary: BagVocabulary) -> dict[str, float]:
    """How well an attacker tells training responses from test responses: AUC, 0.5 is chance.

    Args:
        split: the responses.
        labels: soft labels, by which a bag is trained.
        vocabulary: the bag's.
    """
    rows = [*split.train, *split.test]
    inside = [1] * len(split.train) + [0] * len(split.test)
    probabilities = _bag(split, labels).probabilities([row.text for row in rows])
    scores = np.array([row.score for row in rows])

    def auc(values: Sequence[float] | np.ndarray) -> float:
        return float(roc_auc_score(inside, values))

    return {
        "confidence": auc(probabilities.max(1)),
        "probability of the score": auc(probabilities[np.arange(len(rows)), scores]),
        "known words and pairs": auc([_known(row, vocabulary) for row in rows]),
    }


def _bag(split: Split, path: Path) -> Any:
    options = DistilOptions()
    kind = registry.get("bag")
    labels = labels_by_id(path, split.item.scale.classes, split.train)
    text = kind.learn_text(TextSources([row.text for row in split.train]), kind.options())
    with tempfile.TemporaryDirectory() as work:
        return train_student(
            split.item,
            with_soft_labels(split.train, labels, None),
            split.validation,
            text,
            options,
            Path(work),
            "training a bag",
        )


def _known(row: Row, vocabulary: BagVocabulary) -> float:
    """The share of a response's words and pairs of neighbours that a vocabulary has."""
    codes = [hash_word(word) for word in words_by(_RULES)(row.text)]
    place = {code: at for at, code in enumerate(vocabulary.words)}
    pairs = {*vocabulary.pairs}
    found = [code in place for code in codes]
    found += [
        a in place and b in place and place[a] << 16 | place[b] in pairs
        for a, b in itertools.pairwise(codes)
    ]
    return float(np.mean(found)) if found else 0.0


def sample_table() -> str:
    """What bundles of sample items tell."""
    return _table("sample")


def real_table() -> str:
    """What a bundle of an item with real responses tells."""
    return _table("ASAP-SAS")


def _table(begins: str) -> str:
    figures = record.read(NAME)["figures"]
    items = {
        name.removeprefix("sample "): one
        for name, one in figures.items()
        if name.startswith(begins)
    }

    def row(said: str, value: Callable[[dict[str, Any]], str]) -> list[str]:
        return [said, *(value(one) for one in items.values())]

    def share(said: str, name: str) -> list[str]:
        return row(said, lambda one: f"{one['turned back'][name]:.0%}")

    def auc(said: str, name: str) -> list[str]:
        return row(said, lambda one: f"{one['in training'][name]:.2f}")

    def named(how: str) -> list[str]:
        said = f"first name and surname {how}"
        return row(said, lambda one: f"{one['names'][how]['with surnames']:.0%}")

    count = f"{figures['dictionary']:,}"
    return markdown(
        ["an attacker finds", *items],
        [
            row("training responses", lambda one: f"{one['responses']:,}"),
            row(
                "words, pairs",
                lambda one: f"{one['n-grams']['words']:,}, {one['n-grams']['pairs']:,}",
            ),
            share(f"words by a list of {count}", "words, list"),
            share("and all of four letters", "words, list, and all words of four letters"),
            share("pairs by both", "pairs, list, and all words of four letters"),
            share("runs of four letters", "runs, all of ASCII's"),
            named("in two responses"),
            named("in three"),
            named("in three, kept out by --never"),
            auc("in training? by confidence (AUC)", "confidence"),
            auc("by the probability of its score", "probability of the score"),
            auc("by its known words and pairs", "known words and pairs"),
        ],
    )


if __name__ == "__main__":
    main()
