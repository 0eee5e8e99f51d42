"""How much of a response a student does not know: its n-grams, or its word pieces.

Not needed for scoring: `kd-edge watch` compares it with what held-out responses had.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bundle.manifest import read_json
from kd_edge_runtime.students.bag import FORM
from kd_edge_runtime.students.pairs import read as read_pairs
from kd_edge_runtime.students.word_cache import WordCaches
from kd_edge_runtime.text.known_ngrams import Known
from kd_edge_runtime.text.vocabulary import MAX_WORD

if TYPE_CHECKING:
    from typing import Any, Callable

    from kd_edge_runtime.students.item import LoadedItem
    from kd_edge_runtime.text.vocabulary import BagVocabulary

    # Of a response: how many are unknown, and how many there are.
    Unknown = Callable[[str], "tuple[int, int]"]


def unknown_ngrams(item: LoadedItem) -> Unknown | None:
    """A function that counts what an item's student does not know of a response.

    Of a `bag` and of `pairs` all n-grams of FORMAT.md, section 4, are counted: words, runs and
    neighbours. Of other students tokens are, but for those around a response, and the unknown ones
    are those that stand for any unknown word.

    Returns:
        None where the student's tokenizer has no token for what it does not know, or the bundle
        lacks the form that holds the vocabulary of `pairs`.

    Raises:
        BackendError: only the `tokenizers` package reads its tokenizer, which is not here.
        BundleError: the bundle is damaged.
    """
    plain, entry = item.plain_text(), item.entry
    count: Unknown | None
    if entry.student == "bag":
        count = _of_vocabulary(item, item.vocabulary())
    elif entry.student == "pairs":
        if FORM not in entry.forms:
            return None
        count = _of_vocabulary(item, read_pairs(item, FORM).vocabulary)
    else:
        count = _of_tokenizer(item)
    if count is None or plain is None:
        return count
    counted, to_plain = count, plain
    return lambda text: counted(to_plain(text))


def _of_vocabulary(item: LoadedItem, vocabulary: BagVocabulary) -> Unknown:
    words, known = item.reader(), Known(vocabulary)
    caches, gram = item.word_caches or WordCaches(), vocabulary.gram

    def count(text: str) -> tuple[int, int]:
        found = words(text)
        total = len(found) + max(0, len(found) - 1)
        if gram:
            total += sum(max(0, min(len(word), MAX_WORD) + 3 - gram) for word in found)
        caches.room(known, 1)
        return total - known.count(found), total

    return count


def _of_tokenizer(item: LoadedItem) -> Unknown | None:
    from kd_edge_runtime.backends.token_ids import token_reader

    reader = token_reader(item)  # which refuses what is no tokenizer
    tokenizer: Any = read_json(item.vectorizer().decode("utf-8"))
    model = tokenizer["model"]
    unknown = model.get("unk_id")
    if unknown is None and isinstance(model["vocab"], dict):
        unknown = model["vocab"].get(model.get("unk_token"))
    if unknown is None:
        return None
    around = {token["id"] for token in tokenizer.get("added_tokens") or ()} - {unknown}

    def count(text: str) -> tuple[int, int]:
        ids = [one for one in reader.encode([text])[0] if one not in around]
        return ids.count(unknown), len(ids)

    return count
