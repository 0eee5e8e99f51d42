"""How messages name what the caller can give: an option of a command, or an argument in Python.

Imported only where there is something to say.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_in_python = ContextVar("_in_python", default=False)
# The others have the option's own name.
_ARGUMENTS = {"--item": "item_id"}


@contextmanager
def in_python() -> Iterator[None]:
    """Within the block, messages are for a caller in Python."""
    token = _in_python.set(True)
    try:
        yield
    finally:
        _in_python.reset(token)


def is_in_python() -> bool:
    """Whether messages are for a caller in Python, who has neither options nor a row 1."""
    return _in_python.get()


def argument(option: str, value: str = "") -> str:
    """An option, with a value if there is one, as the caller writes it.

    Args:
        option: as commands have it, like "--item".
        value: like "NAME".

    Returns:
        `--item NAME`, or `item_id='NAME'`.
    """
    if not is_in_python():
        return f"{option} {value}".rstrip()
    name = _ARGUMENTS.get(option, option.lstrip("-").replace("-", "_"))
    return f"{name}={value!r}" if value else name
