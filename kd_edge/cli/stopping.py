"""A command that the system asks to end stops as by Ctrl-C: it saves what it has, and tidies up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

# What `kill`, a service's manager and a terminal that is closed send. Windows has not all.
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise a KeyboardInterrupt in the block, unless they are ignored."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    changed = []
    try:
        for number in _SIGNALS:
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, stop)
                changed.append(number)
    except ValueError:  # not the main thread, which alone may say so
        pass
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
