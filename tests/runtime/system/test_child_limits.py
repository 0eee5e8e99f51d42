"""A child process with limits: what it may not do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from kd_edge_runtime.system import child_limits

pytest.importorskip("resource")

CHILD = """
import sys
sys.path[:] = sys.argv[1:]
from kd_edge_runtime.system import child_limits
child_limits.MEMORY = 200 << 20
child_limits.limit({seconds})
{then}
"""


def ended(then, seconds=5):
    return subprocess.run(
        [sys.executable, "-c", CHILD.format(seconds=seconds, then=then), *sys.path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_usual_work_goes_on():
    assert ended("print(len(bytes(50 << 20)))").stdout == f"{50 << 20}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="others do not count memory so")
def test_too_much_memory():
    assert "MemoryError" in ended("bytes(400 << 20)").stderr


def test_too_much_time():
    assert ended("while True: pass", seconds=0).returncode < 0


def test_no_dump():
    then = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert ended(then).stdout == "(0, 0)\n"


def test_enough_for_what_is_written():
    assert child_limits.MEMORY >= 1 << 30


def test_no_file_is_written(tmp_path):
    then = f"child_limits.drop_rights(); open({str(tmp_path / 'a')!r}, 'wb', 0).write(b'a')"
    assert "File too large" in ended(then).stderr


ROOT = pytest.mark.skipif(
    getattr(os, "geteuid", lambda: 1)() != 0, reason="only an administrator gives up rights"
)


@ROOT
def test_an_administrator_gives_up_rights(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    drop = (
        "import os; sys.path[:] = ['/usr']; child_limits._loaded = list; "
        "child_limits.drop_rights(); print(os.getuid())"
    )
    assert ended(drop).stdout == "65534\n"
    assert "PermissionError" in ended(f"{drop}; open({str(secret)!r})").stderr
    again = f"{drop}; os.setuid(0)"
    assert "PermissionError" in ended(again).stderr


@ROOT
def test_rights_that_packages_need_are_kept(tmp_path):
    tmp_path.chmod(0o700)
    drop = f"import os; sys.path[:] = [{str(tmp_path)!r}]; child_limits.drop_rights()"
    assert ended(f"{drop}; print(os.getuid())").stdout == "0\n"


@pytest.mark.skipif(not hasattr(os, "WCOREDUMP"), reason="a system without dumps")
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_crash_leaves_no_dump_of_what_was_read(tmp_path, debug):
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    code = (
        f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, ({hard}, {hard}));"
        "canary = 'zqx' + 'canary' * 9;"
        "from kd_edge_runtime.system.child_limits import no_dumps; no_dumps(); os.abort()"
    )
    child = os.fork()
    if not child:
        os.chdir(tmp_path)
        os.environ["KD_EDGE_DEBUG"] = debug
        os.execv(sys.executable, [sys.executable, "-c", code])
    status = os.waitpid(child, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGABRT
    if not debug:
        assert not os.WCOREDUMP(status)
        assert [*tmp_path.iterdir()] == []
    elif not os.WCOREDUMP(status):
        pytest.skip("this system keeps no dumps")
