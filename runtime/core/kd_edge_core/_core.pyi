from collections.abc import Sequence
from typing import Any

class Core:
    def __init__(
        self,
        student: int,
        rules: int,
        gram: int,
        sizes: tuple[int, ...],
        dimensions: int,
        classes: tuple[str, ...],
        worth: tuple[float, ...],
        nearest: bool,
        review: float,
        longest: int,
        distinct: float,
        known: tuple[float, ...],
        prompt: tuple[int, ...],
        vectorizer: bytes,
        weights: bytes,
        shared: Core | None,
    ) -> None: ...
    def set_up(self, score_type: type[tuple[Any, ...]], review: float, /) -> None: ...
    def score(self, text: str) -> Any: ...
    def score_many(self, texts: Sequence[str]) -> list[Any]: ...
    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]: ...
    def counts(self, texts: Sequence[str]) -> list[tuple[int, int, int]]: ...
    def explain(self, text: str) -> list[tuple[list[str], bool, tuple[float, ...]]]: ...

def words(rules: int, text: str) -> list[tuple[str, int]]: ...
def row(parts: tuple[bytes, ...], score: tuple[Any, ...]) -> str | None: ...
