"""A command that is asked to end stops as by Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from kd_edge.cli.stopping import stoppable

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@posix
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_signals_stop_it(number):
    sent = getattr(signal, number)
    before = signal.signal(sent, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), stoppable():
            os.kill(os.getpid(), sent)
        assert signal.getsignal(sent) == signal.SIG_DFL
        signal.signal(sent, signal.SIG_IGN)
        with stoppable():  # as under nohup
            os.kill(os.getpid(), sent)
    finally:
        signal.signal(sent, before)


def test_in_another_thread_nothing_changes():
    done = []

    def work():
        with stoppable():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
