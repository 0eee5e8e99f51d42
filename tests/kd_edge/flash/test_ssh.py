"""What a device's login files, shells and Pythons may do to a request, with a script for ssh."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flash_cuts import make_bundles, scored_with
from kd_edge.flash.fleet import Device
from kd_edge.flash.kit.payload import Kits, read_payload
from kd_edge.flash.kit.platforms import PLATFORMS
from kd_edge.flash.parallel import FAILED, INSTALLED, flash
from kd_edge.flash.targets import SshTarget
from kd_edge_runtime.errors import steers
from kd_edge_runtime.slots.slots import Slots

ANY = 0o044


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return make_bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def device(bundles, tmp_path, monkeypatch):
    """Flashes a device whose shell runs a script before, or in place of, the command."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def device(script, path=f"{Path(sys.executable).parent}:/usr/bin:/bin", user="pi", kits=None):
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        ssh = tmp_path / "bin" / "ssh"
        ssh.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/words\nfor last; do :; done\n"
            f"PATH={path}; HOME={home}; export PATH HOME\n{script}\n"
        )
        ssh.chmod(0o755)
        target = SshTarget("class-7", user, None, str(home / "kd"))
        [one] = flash(read_payload(bundles["new"]), [Device("pi", target)], kits, 1)
        return one, home / "kd"

    return device


@pytest.mark.parametrize(
    "before",
    [
        r"printf '\033]0;pi@class-7\007'",  # a terminal's title
        r"printf 'pi@class-7:~$ '",
        r"printf 'Welcome\n\nLast login: today'",
        r"printf 'kd-edge-reply: is this a reply?\n'",
    ],
)
@pytest.mark.parametrize("after", ["", r"; printf '\033[0mgood bye'"])
def test_a_reply_is_found_wherever_login_files_have_left_the_line(device, bundles, before, after):
    one, root = device(f'{before}; sh -c "$last"{after}')
    assert (one.outcome, one.reason) == (INSTALLED, "")
    assert scored_with(root, bundles) == "new"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'This account is currently not available.'; exit 1", "currently not available"),
        ("exit 1", "answered nothing"),
        ("echo 'This service allows sftp connections only.'; exit 0", "sftp connections only"),
    ],
)
def test_a_shell_that_runs_nothing_is_told_with_what_was_received(device, script, words):
    one, root = device(script)
    assert words in one.reason
    assert "nologin" in one.reason
    assert not root.exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("yes", "does not stop talking"),
        ("yes >&2", "does not stop talking"),
        ("tr '\\0' a < /dev/zero", "does not stop talking"),
        ("while :; do echo kd-edge-note:x; done", "does not stop talking"),
        ("printf 'kd-edge-reply:'; head -c 500000 /dev/zero | tr '\\0' '['", "connection was lost"),
        ("echo 'kd-edge-reply:{\"bundle\": 3}'", "not one of kd-edge ('bundle')"),
        ('echo \'kd-edge-reply:{"python": "3.11 --index-url=x"}\'', "kd-edge ('python')"),
        ("echo 'kd-edge-reply:{\"\\u001b[2J\": 3}'", r"kd-edge ('\x1b[2J')"),
        ('echo \'kd-edge-reply:{"bundle": ""}\'', "it has no 'bits'"),
        ('echo \'kd-edge-reply:{"error": "\\u001b[2Ja\\u000ab"}\'', "a b"),
    ],
)
def test_a_hostile_device_is_cut_off_and_says_nothing_to_the_terminal(device, script, words):
    one, root = device(script)
    assert one.outcome == FAILED
    assert words in one.reason
    assert not any(map(steers, one.reason))
    assert len(one.reason) < 1000
    assert not root.exists()


def test_a_connection_that_was_lost_is_told_with_ssh_s_words(device):
    one, _ = device("echo hello; echo 'kex_exchange: reset by peer' >&2; exit 255")
    assert one.reason == "kex_exchange: reset by peer"


@pytest.mark.parametrize(
    "complaint", ["exit 127", "echo 'python3: Command not found.' >&2; exit 1"]
)
def test_a_python_of_another_name_is_found(device, bundles, tmp_path, complaint):
    place = tmp_path / "only"
    place.mkdir()
    for name in ("sh", "env"):
        (place / name).symlink_to(shutil.which(name))
    (place / "python").write_text("#!/bin/sh\nexit 2\n")  # an old one, which has no -I
    (place / "python3.10").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for name in ("python", "python3.10"):
        (place / name).chmod(0o755)
    shell = f'case $last in python3*) {complaint};; esac; exec sh -c "$last"'
    one, root = device(shell, place, kits=Kits(PLATFORMS["x86-64"]))
    assert (one.outcome, one.reason) == (INSTALLED, "")
    assert scored_with(root, bundles) == "new"
    done = subprocess.run(
        ["/bin/sh", root / "kd-edge", "status"], env={"PATH": str(place)}, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_without_any_python_that_is_what_is_told(device, tmp_path):
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "sh").symlink_to(shutil.which("sh"))
    one, _ = device('exec sh -c "$last"', tmp_path / "only")
    assert "no python3" in one.reason


def test_a_user_of_a_directory_is_one_word_for_ssh_and_for_a_shell(device, tmp_path):
    one, _ = device("exit 255", user=r"SCHOOL\pi")
    words = (tmp_path / "words").read_text().splitlines()
    assert words[words.index("-l") + 1] == r"SCHOOL\pi"
    assert one.reason == "the connection was lost"
    login = SshTarget("class-7", r"SCHOOL\pi", 22, "/kd").login
    assert shlex.split(login) == ["-p", "22", r"SCHOOL\pi@class-7"]


def test_what_is_installed_under_a_strict_umask_can_be_read_by_others(device, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "home").mkdir(mode=0o755)
    one, root = device('umask 077; sh -c "$last"', kits=Kits(PLATFORMS["x86-64"]))
    assert one.outcome == INSTALLED
    shut = [
        path.relative_to(root)
        for path in (root, *root.rglob("*"))
        if path.name != "lock" and path.stat().st_mode & ANY != ANY
    ]
    assert not shut


def test_a_private_folder_s_files_stay_private(device, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o700)
    _, root = device('umask 077; sh -c "$last"')
    assert root.stat().st_mode & 0o777 == 0o700
    [slot] = Slots(root).all()
    assert slot.path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_bundle_does_not_hide_the_runtime_that_replaces_it(device, bundles):
    _, root = device('sh -c "$last"')
    [slot] = Slots(root).all()
    slot.path.write_bytes(slot.path.read_bytes()[:-30])
    one, _ = device('sh -c "$last"')
    assert (one.outcome, one.reason) == (INSTALLED, "")
    assert scored_with(root, bundles) == "new"
