"""No command opens a connection, or leaves a file in the home: watched from outside.

Each runs in a network namespace without a network, with a new home and a library before libc's
that notes every attempt, by native code too. Where `unshare` may not make such a namespace, or
there is no C compiler, the tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import click
import pytest

import bundles_made
from kd_edge.runs.verdict import EXIT_CODE
from kd_edge_runtime.backends import NAMES
from kd_edge_runtime.cli.group import cli
from preloaded import WORKSHOP, preloaded
from ssh_keys import make_key
from workshop import item_of, write_table

# ONNX Runtime sends some ten seconds after its first session.
_SERVED_S = 14

_SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void note(const char *what, const char *whom) {
    const char *path = getenv("KD_EDGE_WATCH");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (file >= 0) { dprintf(file, "%s %s\n", what, whom ? whom : ""); close(file); }
}

int connect(int fd, const struct sockaddr *to, socklen_t size) {
    static int (*real)(int, const struct sockaddr *, socklen_t);
    if (!real) real = dlsym(RTLD_NEXT, "connect");
    if (to->sa_family == AF_INET || to->sa_family == AF_INET6) note("connect", "");
    return real(fd, to, size);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
    note("getaddrinfo", host);
    return real(host, service, hints, found);
}
"""
_KD_EDGE = str(Path(sys.executable).with_name("kd-edge"))


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """The library that notes connections."""
    unshare, compiler = shutil.which("unshare"), shutil.which("cc") or shutil.which("gcc")
    if not unshare or subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode:
        pytest.skip("no network namespace can be made here (unshare -rn): nothing was watched")
    if not compiler:
        pytest.skip("there is no C compiler here: nothing was watched")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(_SHIM)
    command = [compiler, "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c", "-ldl"]
    subprocess.run(command, check=True)
    return folder / "shim.so"


class Watched:
    """Runs commands, and knows what they left and tried."""

    def __init__(self, shim: Path, folder: Path) -> None:
        self.home, self.log, self.folder = folder / "home", folder / "log", folder
        self.home.mkdir()
        keep = {name: value for name, value in os.environ.items() if name not in _TELLING}
        self.env = {
            **keep,
            "HOME": str(self.home),
            "KD_EDGE_ROOT": str(folder / "root"),
            "KD_EDGE_WATCH": str(self.log),
            "LD_PRELOAD": str(shim),
        }

    def start(self, *command: object, **env: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["unshare", "-rn", *map(str, command)],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *command: object, codes: tuple[int, ...] = (0,), **env: str) -> None:
        process = self.start(*command, **env)
        out, err = process.communicate(timeout=600)
        assert process.returncode in codes, (command, out, err)

    @property
    def left(self) -> list[str]:
        """The files in the home."""
        return [str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file()]

    @property
    def tried(self) -> list[str]:
        """The connections and look-ups of names."""
        return self.log.read_text().splitlines() if self.log.exists() else []


# Each verb, and what runs it without a network; a new one needs a line and a test.
WATCHED = {
    **dict.fromkeys(("score", "verify", "inspect", "doctor", "install", "status", "rollback"),
                    "test_what_a_device_does"),
    "bench": "test_bench",
    "serve": "test_serve",
    "export": "test_export",
    **dict.fromkeys(("check", "suggest", "run", "report", "forget", "teacher", "label", "distill",
                     "page", "flash", "sign", "index", "watch"), "test_what_the_workshop_does"),
}  # fmt: skip


def test_every_verb_is_watched():
    assert set(cli.list_commands(click.Context(cli))) == set(WATCHED)
    assert set(WATCHED.values()) <= set(globals())


# By which a package may see that it is watched, or is told to be still.
_TELLING = {"ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS", "XDG_CACHE_HOME", "XDG_DATA_HOME"}


@pytest.fixture
def watched(shim, tmp_path):
    return Watched(shim, tmp_path)


@pytest.fixture
def bundle(tmp_path):
    bundles_made.write(tmp_path / "item.kdz")
    (tmp_path / "new.csv").write_text("text\nthe ice melts\n\nthe spoon gets warm\n")
    return tmp_path / "item.kdz"


def sends() -> bool:
    """Whether the ONNX Runtime that is installed here reports if nobody stops it."""
    return tuple(map(int, version("onnxruntime").split(".")[:2])) >= (1, 29)


def test_the_watch_sees_a_connection(watched):
    code = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError: pass"
    watched.run(sys.executable, "-c", code)
    assert any(line.startswith("connect") for line in watched.tried)


@pytest.mark.skipif(not sends(), reason="this ONNX Runtime sends nothing")
def test_the_watch_sees_the_files_of_an_onnx_runtime_that_nobody_stops(watched):
    watched.run(sys.executable, "-c", "import onnxruntime")
    assert any("deviceid" in name for name in watched.left)


@pytest.mark.parametrize("backend", NAMES)
def test_score(watched, bundle, backend):
    watched.run(_KD_EDGE, "score", bundle, "new.csv", "-o", "out.csv", "--backend", backend)
    assert (watched.left, watched.tried) == ([], [])


def test_what_a_device_does(watched, bundle):
    for command in (
        ("verify", bundle),
        ("inspect", bundle),
        ("doctor", bundle),
        ("install", bundle),
        ("status",),
        ("doctor",),
        ("install", bundle),
        ("rollback",),
        ("score", "new.csv", "-o", "out.csv"),
        ("score", bundle, "the ice melts"),
    ):
        # The same bundle twice leaves none before it to go back to.
        watched.run(_KD_EDGE, *command, codes=(2,) if command == ("rollback",) else (0,))
        assert (command, watched.left, watched.tried) == (command, [], [])


def test_what_the_workshop_does(watched, tiny_model, tmp_path):
    """Every dependency is imported; a model's folder is given, so that no hub is asked."""
    write_table(tmp_path / "responses.csv", [item_of(40)])
    (tmp_path / "names.txt").write_text("Zoë")
    (tmp_path / "unscored.csv").write_text("text\nthe ice melts\nwool keeps it cold\n")
    small = ("--teacher-epochs", 1, "--precision", "fp32")
    student = ("--student-epochs", 1, "--never", "names.txt")
    commands = [
        ("check", "responses.csv"),
        ("suggest", "unscored.csv", "-o", "to-score.csv", "--model", tiny_model),
        ("run", "responses.csv", "-o", "out", "--model", tiny_model, *small, *student,
         "--variants", 20),
        ("report", "out", "--no-responses"),
        ("forget", "out", "--yes"),
        ("teacher", "responses.csv", "-o", "teacher", "--model", tiny_model, *small),
        ("label", "teacher", "responses.csv", "-o", "l.csv", "--variants", "v.csv", "--count", 20),
        ("distill", "responses.csv", "--labels", "l.csv", "--teacher", "teacher", "-o", "made",
         "--accept-weak", *student),
        ("export", "made/student", "-o", "item.kdz"),
        ("page", "item.kdz", "-o", "page.html"),
        ("flash", "item.kdz", "card"),
        ("index", "."),
        ("score", "item.kdz", "responses.csv", "-o", "s.csv"),
        ("watch", "s.csv", "--reference", "s.csv"),
    ]  # fmt: skip
    if shutil.which("ssh-keygen"):
        make_key(tmp_path, "key")
        commands.append(("sign", "item.kdz", "--key", "key"))
    # What knows the network, or leaves files unless it is told not to, each command imports itself.
    own = ("transformers", "matplotlib")
    imported = [name for name in WORKSHOP if name.split(".")[0] not in own]
    with preloaded(Path(_KD_EDGE), imported, watched.env, before=("unshare", "-rn")) as ready:
        for command in commands:
            codes = (0, EXIT_CODE) if command[0] == "run" else (0,)
            watched.run(ready.command, *command, codes=codes)
            assert (command, watched.tried) == (command, [])
    assert watched.left == []


def test_a_program_that_uses_the_package(watched, bundle):
    code = "import sys, kd_edge_runtime as kd; kd.Scorer.open(sys.argv[1], 'onnx').score('ice')"
    watched.run(sys.executable, "-c", code, bundle)
    assert (watched.left, watched.tried) == ([], [])


def test_bench(watched, bundle):
    for backend in ("onnx", "tflite"):
        watched.run(_KD_EDGE, "bench", bundle, "--quick", "--backend", backend)
    assert (watched.left, watched.tried) == ([], [])


def test_label_asks_no_host_that_was_not_named(watched, tmp_path):
    (tmp_path / "r.csv").write_text("text,score\n" + "the ice,1\nwool,0\n" * 20)
    asked = (_KD_EDGE, "label", "r.csv", "--model", "m", "--yes", "-o", "l.csv", "--llm")
    _, err = watched.start(*asked, "http://gpu.example/v1").communicate(timeout=600)
    assert b"--send-responses-to gpu.example" in err
    assert (watched.left, watched.tried) == ([], [])
    # There is no loopback either; it was tried, and nothing was looked up by its name.
    _, err = watched.start(*asked, "http://localhost:9/v1").communicate(timeout=600)
    assert b"nothing answers at localhost:9" in err
    assert "connect " in watched.tried
    assert not any("localhost" in line for line in watched.tried)


def test_export(watched, small_students, tmp_path):
    from kd_edge.students import store

    store.save(small_students["bag"], tmp_path / "student")
    watched.run(_KD_EDGE, "export", "student", "-o", "made.kdz")
    assert (watched.left, watched.tried) == ([], [])


@pytest.fixture(scope="module")
def served(shim, tmp_path_factory):
    """What services left and tried that ran for as long as it takes ONNX Runtime to send."""
    running = {}
    for name, env in {"usual": {}, "allowed": {"ORT_DISABLE_TELEMETRY": "0"}}.items():
        watched = Watched(shim, tmp_path_factory.mktemp(name))
        bundles_made.write(watched.folder / "item.kdz")
        command = (_KD_EDGE, "serve", "item.kdz", "--backend", "onnx", "--socket", "s")
        running[watched] = name, watched.start(*command, **env)
    found = {name: watched for watched, (name, _) in running.items()}
    try:
        for _, process in running.values():
            assert b"kd-edge serve: item.kdz" in process.stderr.readline()
        end, sent = time.monotonic() + 300, found["allowed"]
        time.sleep(_SERVED_S)
        # A slow machine needs longer, as the one that may send shows.
        while sends() and not (sent.tried and sent.left) and time.monotonic() < end:
            time.sleep(1)
    finally:
        for _, process in running.values():
            process.terminate()
        ended = [(process.communicate()[1], process.returncode) for _, process in running.values()]
    assert [code for _, code in ended] == [0, 0], ended
    return found


def test_serve(served):
    assert (served["usual"].left, served["usual"].tried) == ([], [])


@pytest.mark.skipif(not sends(), reason="this ONNX Runtime sends nothing")
def test_the_watch_sees_a_service_that_is_allowed_to_send(served):
    assert served["allowed"].tried
    assert served["allowed"].left
