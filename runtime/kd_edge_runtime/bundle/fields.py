"""Reading the JSON of a bundle: valid, and with fields of the right types."""

from __future__ import annotations

import json
import sys

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import BundleError, steers

if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    _T = TypeVar("_T")

_BITS_53 = 1 << 53
_MOST_DIGITS = 4300  # as in Python from 3.11 on


class Fields:
    """Reads fields of a JSON object and refuses those of the wrong type.

    Args:
        raw: the object.
        where: its name in messages.

    Raises:
        BundleError: also by every method, where a field is not as it must be.
    """

    def __init__(self, raw: Any, where: str) -> None:
        if not isinstance(raw, dict):
            raise BundleError(f"{where} is not an object")
        self._raw: dict[str, Any] = raw
        self._where = where

    def default(self, **values: Any) -> None:
        """Sets the values of optional fields that are missing."""
        self._raw = {**values, **self._raw}

    def __call__(self, name: str, kind: type[_T]) -> _T:
        """A field."""
        value: Any = self._raw.get(name)
        if not _has_type(value, kind):
            raise BundleError(f"{self._where}: '{name}' is missing or not of type {kind.__name__}")
        if kind is int:
            self._refuse_large(name, value, value)
        refuse_controls(value, self._where)
        checked: _T = value
        return checked

    def list_of(self, name: str, kind: type[_T]) -> tuple[_T, ...]:
        """A list of values of one type."""
        values: list[Any] = self(name, list)
        if not all(_has_type(value, kind) for value in values):
            raise BundleError(f"{self._where}: '{name}' has a value not of type {kind.__name__}")
        if kind is int and values:
            self._refuse_large(name, min(values), max(values))
        for value in values:
            refuse_controls(value, self._where)
        return tuple(values)

    def _refuse_large(self, name: str, least: int, most: int) -> None:
        """Refuses whole numbers that not every reader holds exactly."""
        if not -_BITS_53 < least <= most < _BITS_53:
            raise BundleError(f"{self._where}: '{name}' holds a number of more than 53 bits")

    def map_of(self, name: str, kind: type[_T]) -> dict[str, _T]:
        """An object with values of one type."""
        values: dict[str, Any] = self(name, dict)
        if not all(isinstance(value, kind) for value in values.values()):
            raise BundleError(f"{self._where}: '{name}' has a value not of type {kind.__name__}")
        for one in (*values, *values.values()):
            refuse_controls(one, self._where)
        return values


def _has_type(value: Any, kind: type) -> bool:
    """Whether a JSON value has a type: integers are floats too, booleans are not numbers."""
    kinds = (int, float) if kind is float else kind
    return isinstance(value, kinds) and not isinstance(value, bool)


def refuse_controls(value: Any, where: str) -> None:
    """Refuses a name that could steer a terminal, or add a line to what is printed there."""
    if isinstance(value, str) and not value.isprintable():
        for character in value:
            if steers(character):
                raise BundleError(f"{where}: a name holds a control character ({character!a})")


def read_json(text: str, fields: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Reads JSON of a bundle.

    Args:
        text: the JSON.
        fields: makes an object of its fields; None for a dictionary.

    Raises:
        ValueError, RecursionError: it is not valid; NaN, infinity, or far too long a number.
    """
    if hasattr(sys, "get_int_max_str_digits"):
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=fields)
    # Without that limit, a number of a million digits is read for minutes.
    return json.loads(
        text, parse_constant=_no_constant, parse_int=_short_int, object_pairs_hook=fields
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _short_int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def read_part(
    text: str, fields: Callable[[list[tuple[str, Any]]], Any] | None = None, what: str = ""
) -> Any:
    """Reads a manifest's JSON, or that of a part of it.

    Args:
        text: the JSON.
        fields: see `read_json`.
        what: the part, for messages; "" for all of it.

    Raises:
        BundleError: it is not valid.
    """
    try:
        raw = read_json(text, fields)
        # Half a surrogate pair is not valid text: it can be neither printed nor written.
        if "\\ud" in text or "\\uD" in text:
            json.dumps(raw, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        part = f"manifest.json, {what}:" if what else "manifest.json is"
        raise BundleError(f"{part} not valid JSON: copy the bundle again") from None
    return raw
