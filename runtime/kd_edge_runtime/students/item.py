"""One item's student in a bundle, in the parts that backends need."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students import bag
from kd_edge_runtime.text import KNOWN_RULES, words_by
from kd_edge_runtime.text.rules import AFTER_MARKUP, MARKUP_RULES
from kd_edge_runtime.text.vocabulary import BagVocabulary

if TYPE_CHECKING:
    from typing import Any, Callable, Protocol

    from kd_edge_runtime.students.word_cache import WordCaches

    class Members(Protocol):
        """Gives access to a bundle's members: an open `Bundle`, or members in memory."""

        def read(self, name: str) -> bytes:
            """The bytes of a member, or a `BundleError`."""
            ...


# The largest numbers of a text stage: dimensions of a bag or of pairs, and others. A word that is
# kept for the next response takes as much memory as there are dimensions.
_MOST = {"dimensions": 256}
_MOST_OTHER = 1 << 31


@dataclass(frozen=True)
class LoadedItem:
    """An item of a bundle.

    Attributes:
        bundle: where its members are read from.
        entry: its entry in the manifest.
        word_caches: what the plain backend's models of the bundle's items share; None if this
            item is loaded alone.
    """

    bundle: Members
    entry: ItemEntry
    word_caches: WordCaches | None = None

    def form(self, name: str) -> bytes:
        """The bytes of a form of the network.

        Raises:
            BackendError: the bundle does not have this form.
        """
        member = self.entry.forms.get(name)
        if member is None:
            carried = ", ".join(sorted(self.entry.forms))
            raise BackendError(
                f"item '{self.entry.item_id}' has no form '{name}' (the bundle has {carried})"
            )
        return self.bundle.read(member)

    def vectorizer(self) -> bytes:
        """The bytes of the vocabulary or tokenizer."""
        return self.bundle.read(self.entry.vectorizer)

    def number(self, name: str) -> int:
        """A whole number of the entry's `text`.

        Raises:
            BundleError: it is missing or not a number.
        """
        value = self.entry.text.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BundleError(
                f"item '{self.entry.item_id}': text.{name} is missing or not a number"
            )
        if value > _MOST.get(name, _MOST_OTHER):
            raise BundleError(f"item '{self.entry.item_id}': text.{name} is too large")
        return value

    def rules(self) -> int:
        """The number of the text rules; 1 for an item that names none.

        Raises:
            BundleError: this version does not know them.
        """
        if "rules" not in self.entry.text:
            return KNOWN_RULES[0]
        rules = self.number("rules") - (AFTER_MARKUP if self.markup else 0)
        if rules not in KNOWN_RULES:
            raise BundleError(
                f"item '{self.entry.item_id}' needs text rules {rules}; this version has "
                f"{' and '.join(map(str, KNOWN_RULES))}: update kd-edge-runtime on this device"
            )
        return rules

    def reader(self) -> Callable[[str], list[str]]:
        """The function from a response to its words."""
        return words_by(self.rules())

    @property
    def markup(self) -> bool:
        """Whether responses are rich text, to be turned to plain text before anything else.

        Raises:
            BundleError: by markup rules that this version does not know.
        """
        rules = self.entry.text.get("markup", 0)
        if rules not in (0, MARKUP_RULES) or isinstance(rules, bool):
            raise BundleError(
                f"item '{self.entry.item_id}' needs markup rules {rules}; this version has "
                f"{MARKUP_RULES}: update kd-edge-runtime on this device"
            )
        return bool(rules)

    def plain_text(self) -> Callable[[str], str] | None:
        """A function that turns rich text to plain text; None if responses are plain."""
        if not self.markup:
            return None
        from kd_edge_runtime.text.markup import plain_text

        return plain_text

    def sizes(self) -> tuple[int, ...]:
        """The numbers of words, grams and pairs in the vocabulary of an n-gram student.

        Raises:
            BundleError: they are missing, or the item uses text rules that this version does not
                know.
        """
        self.number("rules")
        self.rules()
        sizes: list[Any] | None = self.entry.text.get("sizes")
        if not isinstance(sizes, list) or not all(isinstance(size, int) for size in sizes):
            raise BundleError(
                f"item '{self.entry.item_id}': text.sizes is missing or not a list of numbers"
            )
        return (*sizes,)

    def vocabulary(self) -> BagVocabulary:
        """The vocabulary of a bag student.

        Raises:
            BundleError: it is damaged, or uses text rules that this version does not know.
        """
        gram, sizes = self.number("gram"), [*self.sizes()]
        return BagVocabulary.from_bytes(self.vectorizer(), gram, sizes, self.rules())

    def bag(self, form: str = bag.FORM) -> bag.BagStudent:
        """The complete bag student, from its plain form."""
        vocabulary = self.vocabulary()
        weights = bag.BagWeights.from_bytes(
            self.form(form),
            vocabulary.size,
            self.number("dimensions"),
            len(self.entry.classes),
        )
        return bag.BagStudent(vocabulary, weights)
