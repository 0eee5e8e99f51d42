"""When the next request may be sent: limits of a server, and the time to wait after a refusal."""

from __future__ import annotations

import email.utils
import random
import threading
import time
from datetime import datetime, timezone

LONGEST_WAIT_S = 60.0
"""The most seconds between two tries, unless the server asks for more."""


class HaltedError(Exception):
    """The work was stopped while a request waited for its turn."""


class Pace:
    """Lets requests of several threads pass one by one.

    Args:
        per_minute: the most requests a minute, > 0; None for as many as can be.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0  # monotonic time at which the next request may start
        self._halted = threading.Event()

    def take_turn(self) -> None:
        """Wait for the turn of a request.

        Raises:
            HaltedError: `halt` was called.
        """
        with self._lock:
            start = max(self._next, time.monotonic())
            self._next = start + self._gap
        self.sleep(start - time.monotonic())

    def hold(self, seconds: float) -> None:
        """Let no request start for some seconds, since the server asked for it."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait, unless `halt` is called.

        Raises:
            HaltedError: it was.
        """
        if self._halted.wait(max(0.0, seconds)):
            raise HaltedError

    def halt(self) -> None:
        """Let no request start any more."""
        self._halted.set()


def backoff(attempt: int, first: float = 1.0) -> float:
    """Seconds to wait after a try that failed: twice as long each time, and not all at once.

    Args:
        attempt: the number of the try, from 1.
        first: the most seconds after the first.
    """
    return min(LONGEST_WAIT_S, first * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def retry_after(value: str | None) -> float:
    """The seconds that a header Retry-After asks for, in either of its forms; 0 for none."""
    text = (value or "").strip()
    try:
        return max(0.0, min(float(text), 1e6))
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())
