"""The cached words of a bundle's items, within one limit."""

from __future__ import annotations

from _thread import allocate_lock

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.students.word_sums import INDEX_BYTES, Indexed, IndexedWords
from kd_edge_runtime.text.vocabulary import GramHashes

if TYPE_CHECKING:
    from typing import Callable, Protocol, TypeVar

    from kd_edge_runtime.students.bag import BagStudent
    from kd_edge_runtime.students.sorted_words import SortedWords

    class Words(Protocol):
        """Cached words: the bytes granted that are free, and whether new ones are kept."""

        room: int
        full: bool

    W = TypeVar("W", bound=Words, covariant=True)

    class Cache(Protocol[W]):
        """One item's cached words, and how many texts all had scored when it was used last."""

        used: int

        @property
        def words(self) -> W:
            """The cached words, which `forget` replaces or empties."""
            ...

        def forget(self) -> None:
            """Empties the cache."""
            ...


LIMIT = 80_000_000
"""The bytes that the cached words of all items of a bundle may take together."""

# The same for each item of a bundle of few.
_OF_ONE = 20_000_000

# The bytes that an item is granted at once.
_GRANT = 4096

# An item that none of the last so many texts answered, nor of four times as many as there are
# items, is emptied first. A table that jumps between its items comes back to each of them sooner.
_IDLE = 4000


class WordCache:
    """One item's cached words.

    Args:
        student: the item's student.
        caches: those that share the limit.

    Attributes:
        words: the cache, which `forget` replaces: whoever is using it goes on with the old one.
        used: the number of texts that all items had scored when this one was used last.
    """

    def __init__(self, student: BagStudent, caches: WordCaches) -> None:
        known = student.vocabulary
        hashes = GramHashes(known.gram if known.grams else 0)
        self._empty: Callable[[], IndexedWords | SortedWords]
        if caches.may_index(known.size):
            indexed = Indexed(student)
            self._empty = lambda: IndexedWords(indexed, hashes)
        else:
            from kd_edge_runtime.students.sorted_words import Sorted, SortedWords

            searched = Sorted(student)
            self._empty = lambda: SortedWords(searched, hashes)
        self.used = 0
        self.forget()

    def forget(self) -> None:
        """Empties the cache."""
        self.words = self._empty()


class WordCaches:
    """The caches of a bundle's items, which share a limit.

    Where it is used up, an item's cache is emptied for another's: the one that was not used
    longest, if that is long ago; or one that has more than its share, for one that has less. If
    there is none, an item that is used among others goes on with the words that it has.

    Args:
        items: the number of items.

    Attributes:
        shared: whether there is more than one item.
    """

    def __init__(self, items: int = 1) -> None:
        self.shared = items > 1
        self._items = items
        self._limit = self._free = min(LIMIT, items * _OF_ONE)
        # The bytes granted to each, the most recently used last.
        self._granted: dict[Cache[Words], int] = {}
        self._latest: Cache[Words] | None = None
        self._texts = 0
        self._lock = allocate_lock()

    def may_index(self, ngrams: int) -> bool:
        """Whether students of so many n-grams can all be indexed in half of the limit."""
        return self._items == 1 or self._items * ngrams * INDEX_BYTES <= LIMIT // 2

    def use(self, cache: Cache[Words], texts: int) -> None:
        """Notes that a cache is used now, for so many texts."""
        self._texts += texts
        cache.used = self._texts
        if cache is not self._latest:
            with self._lock:
                self._granted[cache] = self._granted.pop(cache, 0)
                self._latest = cache

    def room(self, cache: Cache[W], texts: int) -> None:
        """Notes that a cache is used now, for so many texts, and grants room for what it holds."""
        self.use(cache, texts)
        if cache.words.room < 0:
            self.words(cache)

    def words(self, cache: Cache[W]) -> W:
        """A cache's words with more room if there is any, else full; emptied if it is alone."""
        with self._lock:
            words = cache.words
            while words.room < 0:
                granted = self._granted.get(cache, 0)
                if self._free >= _GRANT or self._evict(cache, granted):
                    self._free -= _GRANT
                    self._granted[cache] = granted + _GRANT
                    words.room += _GRANT
                elif granted + self._free < self._limit:
                    words.full = True
                    return words
                else:
                    self._free += self._granted.pop(cache, 0)
                    cache.forget()
                    words = cache.words
            words.full = False
            return words

    def _evict(self, user: Cache[Words], granted: int) -> bool:
        """Empties other caches until there is a grant; False if they are to be left."""
        idle = self._texts - max(_IDLE, 4 * self._items)
        share = self._limit // self._items
        poor = granted + _GRANT <= share
        for cache, size in self._granted.items():
            if cache is not user and size and (cache.used < idle or (poor and size > share)):
                break
            if cache.used >= idle and not poor:
                return False  # those that follow were used later
        else:
            return False
        self._free += self._granted.pop(cache)
        cache.forget()
        return self._free >= _GRANT or self._evict(user, granted)
