"""`kd-edge install`, `rollback`, `status`, and `score` with what is installed."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import subprocess
import sys
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner

import bundles_made
import seconds_made
import slot_cuts
from kd_edge_export.bundle import SecondParts
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.cli.slots import status
from kd_edge_runtime.errors import BundleError, InputError
from kd_edge_runtime.slots.durable import sha256_of
from ssh_keys import allow, make_key, require_keygen
from usual import USUAL
from wrong_bundles import with_wrong_rows

CANARY = "canarybird"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    slot_cuts.make_bundles(folder)
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    (folder / "in.csv").write_text("item,text\nstove,the ice melts\nstove,\n")
    return folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


def invoke(*arguments):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def run(*arguments):
    """What it wrote to standard output, and to standard error."""
    done = invoke(*arguments)
    if done.exception:
        raise done.exception
    return done.stdout, done.stderr


def scores(text):
    return [row["p_1"] for row in csv.DictReader(io.StringIO(text))]


def test_install_says_what_is_there_now(made, root):
    out, err = run("install", made / "first.kdz", "--root", root)
    assert err == ""
    assert out.splitlines()[0] == f"{root}: installed and in use"
    assert "current   slot1.kdz: stove" in out
    size = (made / "first.kdz").stat().st_size
    sha256 = sha256_of(made / "first.kdz")
    assert f"created {bundles_made.CREATED}, {size:,} bytes\n  sha256 {sha256}\n" in out
    assert out.endswith("  intact\n")
    out, _ = run("install", made / "first.kdz", "--root", root)
    assert out.splitlines()[0] == f"{root}: this bundle is already in use"
    out, _ = run("install", "--root", root, made / "two.kdz")
    assert out.index("current   slot2.kdz: stove, spoon") < out.index("previous  slot1.kdz: stove")


def test_rollback_and_status(made, root):
    for name in ("first", "two"):
        run("install", made / f"{name}.kdz", "--root", root)
    out, _ = run("rollback", "--root", root)
    assert out.splitlines()[0] == f"{root}: switched to the previous bundle"
    assert out.index("current   slot1.kdz: stove") < out.index("previous  slot2.kdz: stove, spoon")
    shown, _ = run("status", "--root", root)
    assert shown.splitlines()[0] == f"{root}: the installed bundles"
    assert shown.splitlines()[1:] == out.splitlines()[1:]
    (root / "slot2.kdz").write_bytes(b"")
    with pytest.raises(BundleError, match=r"install it again or another one:\n  slot2\.kdz"):
        run("status", "--root", root)


def test_nothing_is_installed(root):
    assert run("status", "--root", root) == (f"{root}: nothing is installed\n", "")
    said = json.loads(run("status", "--root", root, "--json")[0])
    assert said == {"root": str(root), "switched": False, "slots": []}
    with pytest.raises(InputError, match="nothing is installed"):
        run("rollback", "--root", root)
    assert not root.exists()


def test_json(made, root):
    said = json.loads(run("install", made / "first.kdz", "--root", root, "--json")[0])
    slot = {
        "current": True,
        "items": ["stove"],
        "created": bundles_made.CREATED,
        "bytes": (made / "first.kdz").stat().st_size,
        "sha256": sha256_of(made / "first.kdz"),
        "file": "slot1.kdz",
        "problem": "",
        "cause": "",
    }
    assert said == {"root": str(root), "switched": True, "slots": [slot]}
    said = json.loads(run("install", made / "first.kdz", "--root", root, "--json")[0])
    assert said == {"root": str(root), "switched": False, "slots": [slot]}
    run("install", made / "two.kdz", "--root", root)
    said = json.loads(run("rollback", "--root", root, "--json")[0])
    assert said["switched"]
    assert said["slots"][0] == slot
    assert [one["current"] for one in said["slots"]] == [True, False]
    assert json.loads(run("status", "--root", root, "--json")[0]) == {**said, "switched": False}


def test_programs_can_tell_damage_from_a_signer_who_is_not_allowed(made, root):
    require_keygen()
    run("install", made / "first.kdz", "--root", root)
    run("install", made / "two.kdz", "--root", root)

    def causes():
        with pytest.raises(BundleError):
            run("status", "--root", root)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), pytest.raises(BundleError):
            status.main(["--root", str(root), "--json"], standalone_mode=False)
        return [slot["cause"] for slot in json.loads(out.getvalue())["slots"]]

    (root / "slot1.kdz").write_bytes(b"PK")
    assert causes() == ["", "damaged"]
    allow(root, make_key(root.parent, "ana"))
    assert causes() == ["not-allowed", "damaged"]
    (root / "allowed_signers").unlink()
    (root / "slot2.kdz").unlink()
    assert causes() == ["unreadable", "damaged"]


def test_many_items_are_not_all_named(root, tmp_path):
    items = [bundles_made.item(f"item-{number}") for number in range(12)]
    bundles_made.write(tmp_path / "many.kdz", items)
    out, _ = run("install", tmp_path / "many.kdz", "--root", root)
    assert "item-8, item-9 and 2 more\n" in out
    assert "item-10" not in out


def test_refusals_end_in_words(made, root, tmp_path):
    (tmp_path / "x.kdz").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"x\.kdz: not a bundle"):
        run("install", tmp_path / "x.kdz", "--root", root)
    with pytest.raises(InputError, match=r"none\.kdz: no such file"):
        run("install", tmp_path / "none.kdz", "--root", root)
    assert not root.exists()
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file", tmp_path / "file" / "root"):
        with pytest.raises(InputError, match="cannot write"):
            run("install", made / "first.kdz", "--root", place)


# score


def test_score_with_what_is_installed(made, root):
    wanted = {
        name: run("score", made / f"{name}.kdz", made / "in.csv")[0] for name in ("first", "second")
    }
    assert scores(wanted["first"]) != scores(wanted["second"])
    for name in ("first", "second"):
        run("install", made / f"{name}.kdz", "--root", root)
        for arguments in ((made / "in.csv", "--root", root), ("--root", root, made / "in.csv")):
            out, err = run("score", *arguments)
            assert out == wanted[name]
            assert (
                err == "The small model scored 2 responses "
                f"(1 flagged; backend {USUAL}, text from 'text').\n"
            )
    run("rollback", "--root", root)
    assert run("score", made / "in.csv", "--root", root)[0] == wanted["first"]


def test_status_ends_with_3_where_a_bundle_is_damaged(made, root):
    for name in ("first", "two"):
        run("install", made / f"{name}.kdz", "--root", root)
    assert invoke("status", "--root", root).exit_code == 0
    slot_cuts.damage(root / "slot2.kdz")
    with pytest.raises(BundleError, match=r"bag\.int8") as raised:
        run("status", "--root", root, "--json")
    assert raised.value.exit_code == 3
    done = invoke("status", "--root", root)
    assert "unusable  slot2.kdz: stove, spoon" in done.stdout
    assert "current   slot1.kdz: stove" in done.stdout
    # Damage that scoring does not read is found too, and the bundle stays in use.
    run("install", made / "two.kdz", "--root", root)
    current = root / "slot3.kdz"
    current.write_bytes(current.read_bytes() + b"PK")
    with pytest.raises(BundleError, match="changed since it was installed"):
        run("status", "--root", root)


def test_score_says_where_a_newer_bundle_is_damaged(made, root):
    wanted = run("score", made / "first.kdz", made / "in.csv", "-q")[0]
    run("install", made / "first.kdz", "--root", root)
    run("install", made / "second.kdz", "--root", root)
    (root / "slot2.kdz").write_bytes(b"")
    out, err = run("score", made / "in.csv", "--root", root, "-q")
    assert out == wanted
    assert err.startswith("Warning: ")
    assert "slot2.kdz: not a bundle" in err
    assert "installed before, slot1.kdz" in err


def test_score_by_the_environment(made, root, monkeypatch):
    monkeypatch.setenv("KD_EDGE_ROOT", str(root))
    with pytest.raises(InputError, match=r"in '.*root': install a bundle with 'kd-edge install"):
        run("score", made / "in.csv")
    run("install", made / "first.kdz")
    assert run("status")[0].startswith(f"{root}: ")
    assert run("score", made / "in.csv")[0] == run("score", made / "first.kdz", made / "in.csv")[0]
    # A bundle that is named goes before the environment.
    second = run("score", made / "second.kdz", made / "in.csv")[0]
    assert scores(second) != scores(run("score", made / "in.csv")[0])


def test_score_does_not_write_over_the_installed_bundle(made, root):
    run("install", made / "first.kdz", "--root", root)
    with pytest.raises(InputError, match="the output would overwrite the bundle"):
        run("score", made / "in.csv", "--root", root, "-o", root / "slot1.kdz")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Missing argument 'RESPONSES'."),
        (("item.kdz",), "Missing argument 'RESPONSES'."),
        (("item.kdz", ""), "RESPONSES is empty: give a table, or a sentence to score."),
        (("ITEM.KDZ", "--root", "x"), "Missing argument 'RESPONSES'."),
        (("item.kdz", "in.csv", "--root", "x"), "Give a BUNDLE or --root, not both."),
        (
            ("a.kdz", "b.csv", "c.csv"),
            "Expected a BUNDLE and RESPONSES, got more: put quotation marks around a sentence.",
        ),
    ],
)
def test_score_with_other_arguments(arguments, told):
    done = invoke("score", *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("Usage: ")
    assert done.stderr.endswith(f"Error: {told}\n")


def test_outcomes_of_probes_are_kept_beside_the_bundles(made, root, monkeypatch):
    asked = []

    def choose(_, cache=None):
        asked.append(cache)
        return "plain", ""

    monkeypatch.setattr("kd_edge_runtime.backends.choose._core", lambda *_: None)
    monkeypatch.setattr("kd_edge_runtime.backends.choose._without_core", choose)
    monkeypatch.setattr("kd_edge_runtime.backends.verify.choose", choose)
    run("install", made / "first.kdz", "--root", root)
    run("score", made / "in.csv", "--root", root)
    run("score", made / "first.kdz", made / "in.csv")
    assert asked == [root / "probe.json", root / "probe.json", None]


def test_score_from_standard_input(made, root):
    run("install", made / "first.kdz", "--root", root)
    done = subprocess.run(
        [sys.executable, "-m", "kd_edge_runtime", "score", "-", "--root", root],
        input=b"text\nthe ice\n",
        capture_output=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"text,predicted,")


def test_scoring_with_what_is_installed_imports_no_more_than_it_needs(made, root):
    run("install", made / "first.kdz", "--root", root)
    program = (
        "import sys\nfrom kd_edge_runtime.cli.group import cli\n"
        "cli.main(sys.argv[1:], standalone_mode=False)\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "score", made / "in.csv", "--root", root, "-q"],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = {*done.stderr.split()}
    assert "kd_edge_runtime.slots.slots" in modules
    assert not {f"kd_edge_runtime.{name}" for name in ("switching", "golden", "probe")} & modules
    assert not {"fcntl", "numpy"} & modules


def test_no_option_hides_in_the_help():
    for verb in ("install", "rollback", "status"):
        options = {
            name for one in cli.get_command(click.Context(cli), verb).params for name in one.opts
        }
        assert {"--root", "--json"} <= options


def test_errors_name_no_response(root, tmp_path):
    (tmp_path / "in.csv").write_text(f"text\n{CANARY}\n")
    done = invoke("score", tmp_path / "in.csv", "--root", root)
    assert CANARY not in done.stdout + done.stderr + str(done.exception)


@pytest.mark.parametrize("what", seconds_made.USELESS)
def test_a_second_student_that_is_of_no_use_is_named(what, root, tmp_path):
    path = tmp_path / "two.kdz"
    bundles_made.write(path, [seconds_made.useless(what), bundles_made.two_items()[1]])
    out, err = run("install", path, "--root", root)
    assert f"{root}: installed and in use" in out
    (line,) = err.splitlines()
    assert line.startswith(
        "The second small model of 'stove' does not run here, so the first will score alone: "
    )
    assert seconds_made.USELESS[what][1] in line
    assert ("write the bundle anew" in line) == (what in seconds_made.DAMAGED)
    assert "another version of the package" not in line
    assert "pip install" not in line
    assert run("install", path, "--root", root)[1] == err, "said again where it is installed"
    other = tmp_path / "one.kdz"
    bundles_made.write(other, [bundles_made.item()])
    assert run("install", other, "--root", root)[1] == ""
    assert run("rollback", "--root", root)[1] == err


def test_a_second_student_that_runs_is_not_mentioned(root, tmp_path):
    bundles_made.write(tmp_path / "two.kdz", [seconds_made.item()])
    assert run("install", tmp_path / "two.kdz", "--root", root)[1] == ""


def test_a_second_student_of_an_ngram_kind_must_score_as_it_did(root, tmp_path):
    """Plain Python is chosen without a trial, so its golden rows are run at the install."""
    one = bundles_made.item()
    wrong = with_wrong_rows(one, "plain-int8", (2,))
    for name, parts in (("fine", one), ("wrong", wrong)):
        both = replace(one, second=SecondParts(parts, 1.0, 0.5, 1.0, 0.5))
        bundles_made.write(tmp_path / f"{name}.kdz", [both])
    assert run("install", tmp_path / "fine.kdz", "--root", root)[1] == ""
    err = run("install", tmp_path / "wrong.kdz", "--root", root)[1]
    assert "plain-int8 on plain: 1 of" in err or "plain-int8 on core: 1 of" in err
    assert "golden rows differ" in err
