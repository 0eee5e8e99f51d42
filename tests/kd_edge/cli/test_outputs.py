"""What `-` means where a command writes: standard output or a refusal, and never a file's name."""

from __future__ import annotations

import contextlib

import click
import pytest

import bundles_made
from kd_edge.cli.options import STDOUT
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.cli.group import cli
from ssh_keys import make_key, require_keygen

# Options that name what a command reads, though their values are paths.
READ = {"--allowed-signers", "--core-wheels", "--fleet", "--key", "--root", "--socket", "--test"}
READ |= {"--against", "--labels", "--prompt", "--responses", "--scores", "--second", "--teacher"}
READ |= {"--unlabelled", "--variants", "--never", "--rubric", "--api-key-file"}
READ |= {"--bundle", "--reference", "--references", "--template"}
TO_STDOUT = {"page -o", "sign -o", "score -o"}


def _written():
    """Each option with a path as its value that is not known to be read."""
    context = click.Context(cli)
    for verb in cli.list_commands(context):
        found = None
        with contextlib.suppress(ImportError):  # whose package is of another version
            found = cli.get_command(context, verb)
        for option in found.params if found else ():
            if not isinstance(option, click.Option) or not isinstance(option.type, click.Path):
                continue
            reads = READ - ({"--variants"} if verb == "label" else set())
            if not reads & set(option.opts):
                yield verb, option


ALL = {f"{verb} {option.opts[0]}": (verb, option) for verb, option in _written()}


def test_what_writes_is_found():
    assert {"page -o", "sign -o", "score -o", "run -o", "label --variants", "bench -o"} <= set(ALL)
    assert {"export -o", "export --html", "report -o", "teacher -o", "distill -o"} <= set(ALL)


@pytest.mark.parametrize("name", sorted(set(ALL) - TO_STDOUT))
def test_a_dash_makes_no_file(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundles_made.write(tmp_path / "item.kdz")
    verb, option = ALL[name]
    words = ["item.kdz"]
    for other in cli.get_command(click.Context(cli), verb).params:
        if isinstance(other, click.Option) and other.required and other is not option:
            words += [other.opts[0], "item.kdz"]
    words += ["item.kdz"] if verb in ("label", "distill") else []
    said = command.fails(verb, *words, option.opts[0], STDOUT)
    assert "standard output" in said
    assert [path.name for path in tmp_path.iterdir()] == ["item.kdz"]


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_cannot_be_written_is_refused_before_the_work(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundles_made.write(tmp_path / "item.kdz")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "mine").chmod(0o444)
    verb, option = ALL[name]
    words = ["item.kdz"]
    for other in cli.get_command(click.Context(cli), verb).params:
        if isinstance(other, click.Option) and other.required and other is not option:
            words += [other.opts[0], "item.kdz" if other.opts[0] != "-o" else "o"]
    words += ["item.kdz"] if verb == "label" else ["a response"] if verb == "score" else []
    said = command.fails(verb, *words, option.opts[0], "mine")
    assert "read-only" in said or "mine' is a file" in said
    command.fails(verb, *words, option.opts[0], "mine/further")
    assert (tmp_path / "mine").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["item.kdz", "mine"]


def test_a_page_goes_to_standard_output(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    bundles_made.write(tmp_path / "item.kdz")
    out, err = _run(monkeypatch, capsysbinary, "page", "item.kdz", "-o", STDOUT)
    _run(monkeypatch, capsysbinary, "page", "item.kdz", "-o", "page.html")
    assert out == (tmp_path / "page.html").read_bytes()
    assert b"bytes, " in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["item.kdz", "page.html"]


def test_a_signed_bundle_goes_to_standard_output(tmp_path, monkeypatch, capsysbinary):
    require_keygen()
    monkeypatch.chdir(tmp_path)
    bundles_made.write(tmp_path / "item.kdz")
    before = (tmp_path / "item.kdz").read_bytes()
    key = make_key(tmp_path, "ana")
    out, err = _run(monkeypatch, capsysbinary, "sign", "item.kdz", "--key", key, "-o", STDOUT)
    (tmp_path / "out.kdz").write_bytes(out)
    with Bundle(tmp_path / "out.kdz") as signed:
        assert len(signed.signatures) == 1
    assert b"item.kdz: signed with ED25519 key" in err
    assert (tmp_path / "item.kdz").read_bytes() == before
    assert not (tmp_path / STDOUT).exists()


@pytest.mark.parametrize("verb", ["page", "sign"])
def test_both_on_standard_output_are_refused(verb, command, tmp_path):
    bundles_made.write(tmp_path / "item.kdz")
    (tmp_path / "key").touch()
    key = ["--key", tmp_path / "key"] if verb == "sign" else []
    said = command.fails(verb, tmp_path / "item.kdz", *key, "-o", STDOUT, "--json")
    assert "both write to standard output" in said


def _run(monkeypatch, captured, *words):
    from kd_edge_runtime.cli.group import main

    monkeypatch.setattr("sys.argv", ["kd-edge", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return captured.readouterr()
