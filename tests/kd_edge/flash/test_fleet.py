from __future__ import annotations

import shlex
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kd_edge.flash.fleet import devices, read_fleet
from kd_edge.flash.targets import FolderTarget, SshTarget, parse_target
from kd_edge_runtime.errors import InputError, steers

# Targets


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("ssh://pi@class-7/srv/pi/kd", SshTarget("class-7", "pi", None, "/srv/pi/kd")),
        ("ssh://Class7.local/kd/", SshTarget("Class7.local", None, None, "/kd")),
        ("ssh://10.0.0.7:2222//srv//kd", SshTarget("10.0.0.7", None, 2222, "/srv/kd")),
        (r"ssh://SCHOOL\pi@class-7/kd", SshTarget("class-7", r"SCHOOL\pi", None, "/kd")),
        ("ssh://pi@school.org@class-7/kd", SshTarget("class-7", "pi@school.org", None, "/kd")),
        ("ssh://pi%40school@class-7/kd", SshTarget("class-7", "pi@school", None, "/kd")),
        ("ssh://pi@[fe80::1%eth0]:22/kd", SshTarget("fe80::1%eth0", "pi", 22, "/kd")),
        ("ssh://h/a%20b%23c", SshTarget("h", None, None, "/a b#c")),
    ],
)
def test_an_ssh_target_is_read_and_written(text, target):
    assert parse_target(text) == target
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("sftp://h/d", "ssh://user@host"),
        ("ssh://h", "names no folder"),
        ("ssh://h/", "names no folder"),
        ("ssh://pi:secret@h/d", "password"),
        ("ssh://-oProxyCommand=touch@h/d", "not a user name"),
        ("ssh://-oProxyCommand=touch/d", "not a host"),
        ("ssh://h;touch/d", "not a host"),
        ("ssh://pi@/d", "not a host"),
        ("ssh://@h/d", "not a user name"),
        ("ssh://a$(b)@h/d", "not a user name"),
        ("ssh://a%3bb@h/d", "not a user name"),
        ("ssh://pi\\@h/d", "not a user name"),
        ("ssh://h:0/d", "no port"),
        ("ssh://h:65536/d", "no port"),
        ("ssh://h:ssh/d", "not a host"),
        ("ssh://h/a%0Ab", "control character"),
        ("ssh://h/a%00b", "control character"),
    ],
)
def test_what_is_no_target_is_refused(text, words):
    with pytest.raises(InputError, match=words) as refused:
        parse_target(text)
    assert "secret" not in str(refused.value)


@given(st.text())
def test_an_ssh_target_never_has_what_a_shell_or_ssh_would_take_for_more(rest):
    try:
        target = parse_target(f"ssh://{rest}")
    except InputError:
        return
    words = [target.host, target.user or "u"]
    assert not any(word.startswith("-") for word in words)
    assert not set("".join(words)) & set(" \t\n\"'`$&|;<>()\\*?{}!#")
    assert target.folder.startswith("/")
    assert target.folder.isprintable()
    assert parse_target(str(target)) == target


@given(st.text() | st.text("ssh:/@[]%-~\\.0aA\x1b\n \"'$;|"))
@example("ssh://\x1b]0;x\x07@h/d")
@example("ssh://h\nError: all is well/d")
@example("ssh://u@h/%1b[2J")
@example("ssh://%2doProxyCommand=x@h/d")
@example("x" * 5000)
@example("~nobody-of-this-name/x")
def test_whatever_a_target_is_nothing_of_it_steers_a_terminal(text):
    try:
        target = parse_target(text)
    except InputError as error:
        assert not any(map(steers, str(error)))
        assert len(str(error).splitlines()) == 1
        return
    if isinstance(target, SshTarget):
        assert not any(map(steers, f"{target} {target.login}"))
        assert shlex.split(target.login)[-1].rpartition("@")[2] == target.host
    else:
        assert target.path.is_absolute()
    (device,) = devices([text], None)
    assert not any(map(steers, device.name))


def test_links_in_a_circle_are_no_folder(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with suppress(InputError):  # newer Pythons take it as it is
        assert isinstance(parse_target(str(tmp_path / "a")), FolderTarget)


def test_a_folder_is_taken_with_its_links_resolved(tmp_path, monkeypatch):
    (tmp_path / "card").mkdir()
    (tmp_path / "link").symlink_to("card")
    monkeypatch.chdir(tmp_path)
    assert parse_target("link/kd") == FolderTarget(tmp_path / "card" / "kd")


# Which devices


def test_a_device_is_flashed_once(tmp_path):
    here = str(tmp_path / "card")
    found = devices([here, "ssh://h/d"], None)
    assert [device.name for device in found] == [here, "ssh://h/d"]
    for again in (here, f"{tmp_path}/../{tmp_path.name}/card"):
        with pytest.raises(InputError, match="listed twice"):
            devices([here, again], None)
    with pytest.raises(InputError, match=r"ssh://h/d is listed twice, as 'ssh://h/d/' and 'pi 1'"):
        devices(["ssh://h/d/"], _fleet(tmp_path, '[[device]]\nname="pi 1"\ntarget="ssh://h/d"'))
    with pytest.raises(InputError, match="no targets"):
        devices([], None)


# A fleet's file


def test_a_fleet_is_read(tmp_path):
    path = _fleet(
        tmp_path,
        '# room 7\r\n[[device]]\r\nname = "pi 1"\r\ntarget = "ssh://pi@class-7/kd"\r\n\r\n'
        '[[device]]\r\nname = "card"\r\ntarget = "cards/1"\r\n',
    )
    first, second = read_fleet(path)
    assert (first.name, first.target) == ("pi 1", SshTarget("class-7", "pi", None, "/kd"))
    assert second.target == FolderTarget(tmp_path / "cards" / "1"), "beside the file"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_fleet(path) == [first, second]


_GOOD = '[[device]]\nname = "a"\ntarget = "/a"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"no \[\[device\]\]"),
        ("device = []", r"no \[\[device\]\]"),
        ("[device]\nname='a'", r"no \[\[device\]\]"),
        ("[[device]", "not TOML.*line 1"),
        (_GOOD + "oops\n", "not TOML.*line 4"),
        ("jobs = 3\n" + _GOOD, "'jobs' is not known"),
        (_GOOD + "[[device]]\nname = 'b'", r"device 2 \(line 4\): 'target' is missing"),
        (_GOOD + "[[device]]\ntarget = '/b'", r"device 2 \(line 4\): 'name' is missing"),
        (_GOOD + "[[device]]\nname = 1\ntarget = '/b'", r"\(line 4\): 'name' is not text"),
        (_GOOD + "[[device]]\nname = 'b'\ntarget = ''", r"\(line 4\): 'target' is not text"),
        (_GOOD + "password = 'x'", r"device 1 \(line 1\): 'password' is not known"),
        (_GOOD + "\n\n" + _GOOD, r"device 2 \(line 6\): the name 'a' is used twice"),
        ('[[device]]\nname="b"\ntarget="a\\u0000b"', r"device 1 \(line 1\): .*control character"),
        ("[[device]]\nname='b'\ntarget='ssh://-x/d'", r"device 1 \(line 1\): .*not a host"),
        (
            "[[device]]\nname='b\\u001b[2J'\ntarget='/b'".replace("'", '"'),
            r"1\).*control character",
        ),
        ("[[device]]\nname='b\\nok'\ntarget='/b'".replace("'", '"'), r"1\).*control character"),
        ('"x\\u001b" = 1\n' + _GOOD, r"'x\\x1b' is not known"),
        (_GOOD + '"x\\u001b" = 1', r"'x\\x1b' is not known"),
        ("device = [1]", r"device 1: write it as \[\[device\]\]"),
    ],
)
def test_a_bad_fleet_is_refused_with_its_place(tmp_path, text, words):
    path = _fleet(tmp_path, text)
    with pytest.raises(InputError, match=words) as refused:
        read_fleet(path)
    assert str(refused.value).startswith(f"{path}: ")


@given(st.text(), st.text())
def test_any_file_is_a_fleet_or_refused(tmp_path_factory, before, value):
    folder = tmp_path_factory.mktemp("fleet")
    for text in (before, before + _GOOD, f"[[device]]\nname = 'a'\ntarget = '''{value}'''"):
        path = folder / "devices.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with suppress(InputError):
            read_fleet(path)


def test_a_missing_fleet_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"devices\.toml"):
        read_fleet(tmp_path / "devices.toml")


def _fleet(folder, text):
    path = folder / "devices.toml"
    path.write_bytes(text.encode())
    return path
