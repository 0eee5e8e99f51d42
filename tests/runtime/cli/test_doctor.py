"""`kd-edge doctor`: what it finds on this device, and whether the device can score."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

import bundles_made
import seconds_made
from kd_edge_export.golden import golden_json
from kd_edge_runtime import backends
from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends import probe
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import BackendError, BundleError, InputError
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots
from usual import HERE, USUAL


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bag; the same without its plain form, and with golden rows that nothing reproduces."""
    folder = tmp_path_factory.mktemp("doctor")
    bag = bundles_made.item()
    rows = json.loads(bag.golden)
    wrong = {form: [row[::-1] for row in rows["outputs"][form]] for form in bag.forms}
    bundles_made.write(folder / "bag.kdz", [bag])
    bundles_made.write(
        folder / "graph.kdz", [replace(bag, forms={"onnx-int8": bag.forms["onnx-int8"]})]
    )
    bundles_made.write(
        folder / "wrong.kdz", [replace(bag, golden=golden_json(rows["inputs"], wrong))]
    )
    return folder


def hide(monkeypatch, *packages):
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name not in packages and installed(name)
    )
    if "kd_edge_core" in packages:  # the core is tried, not looked for
        monkeypatch.setitem(sys.modules, "kd_edge_core", None)


# What scores beside plain Python.
OTHERS = (
    "kd_edge_core",
    "numpy",
    "onnxruntime",
    "ai_edge_litert",
    "tflite_runtime",
    "tokenizers",
)


@pytest.fixture
def bare(monkeypatch):
    """A device on which no package is installed."""
    hide(monkeypatch, *OTHERS)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """The root where none is named."""
    monkeypatch.setenv("KD_EDGE_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


def invoke(*arguments):
    """Its output, and why this device cannot score."""
    done = CliRunner().invoke(cli, ["doctor", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, BackendError):
        raise done.exception
    return done.stdout, done.exception and str(done.exception)


def doctor(*arguments):
    """What it found, and why this device cannot score."""
    out, problem = invoke(*arguments, "--json")
    return json.loads(out), problem


def test_a_device_with_everything(made, root):
    found, problem = doctor(made / "bag.kdz")
    assert problem is None
    assert found["runtime"] == __version__
    assert found["python"] == platform.python_version()
    assert found["cores"] == os.cpu_count()
    assert found["memory_mib"] > 100
    assert found["root"] == str(root)
    # of the folder that the root will be made in
    assert found["writable"]
    assert found["free_mib"] > 0
    assert found["slots"] == []
    assert not root.exists()
    assert [row["backend"] for row in found["backends"]] == [*backends.NAMES]
    by_name = {row["backend"]: row for row in found["backends"]}
    for name in HERE:
        assert (by_name[name]["state"], by_name[name]["advice"]) == ("works", "")
    assert by_name["plain"]["packages"] == {}
    assert [*by_name["onnx"]["packages"]] == ["numpy", "onnxruntime"]
    assert "transformer" in by_name["onnx"]["runs"]
    item = {"item": "stove", "student": "bag", "backend": USUAL, "problem": ""}
    assert found["items"] == [item]


@pytest.mark.usefixtures("bare")
def test_the_same_for_people(made, root):
    root.mkdir()
    told, problem = invoke(made / "bag.kdz")
    assert problem is None
    rows = [line.split() for line in told.splitlines()]
    for row in (
        ["runtime", __version__],
        ["root", str(root)],
        ["writable", "yes"],
        ["backend", "state", "runs", "packages", "advice"],
        ["plain", "works", "bag,", "pairs"],
        ["numpy", "not", "installed", "bag,", "pairs", "pip", "install", "numpy"],
        ["stove", "bag", "plain"],
    ):
        assert row in rows


@pytest.mark.usefixtures("bare")
def test_a_device_with_nothing(made):
    found, problem = doctor(made / "bag.kdz")
    assert problem is None
    states = {row["backend"]: (row["state"], row["advice"]) for row in found["backends"]}
    assert states["plain"] == ("works", "")
    assert states["onnx"] == ("not installed", "pip install numpy onnxruntime")
    found, problem = doctor(made / "graph.kdz")
    assert problem.startswith("this device cannot score:\n  the backend 'onnx' needs numpy and")
    assert found["problems"] == [found["items"][0]["problem"]]
    assert found["items"][0]["backend"] == ""
    told, again = invoke(made / "graph.kdz")
    assert again == problem
    assert found["items"][0]["problem"] in told


def test_a_bad_wheel(made, tmp_path, monkeypatch):
    package = tmp_path / "packages" / "onnxruntime" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    hide(monkeypatch, "ai_edge_litert", "tflite_runtime")
    for name in ("bag", "graph"):
        found, problem = doctor(made / f"{name}.kdz")
        row = found["backends"][-1]
        assert row["state"] == "dies (SIGILL)"
        assert row["advice"] == "try another version of onnxruntime"
        assert (problem is None) == (name == "bag")
    assert "item 'stove'" in problem
    assert "dies (SIGILL)" in problem


@pytest.mark.usefixtures("bare")
def test_golden_rows_that_are_not_reproduced(made):
    found, problem = doctor(made / "wrong.kdz")
    assert problem.startswith("this device cannot score:\n  plain: wrong (")
    [plain] = (row for row in found["backends"] if row["backend"] == "plain")
    assert plain["advice"] == "try another version of kd-edge-runtime"


@pytest.mark.usefixtures("bare")
def test_what_is_installed(made, root, tmp_path):
    switch.install(Slots(root), made / "bag.kdz")
    for arguments in ((), ("--root", root)):
        found, problem = doctor(*arguments)
        assert problem is None
        assert found["slots"] == [{"file": "slot1.kdz", "current": True, "problem": ""}]
        assert found["items"][0]["backend"] == "plain"
        assert found["writable"]
        assert found["free_mib"] > 0
    told, _ = invoke()
    assert ["slot1.kdz", "yes"] in [line.split() for line in told.splitlines()]
    (root / "slot1.kdz").write_bytes(b"damaged")
    found, problem = doctor()
    assert "not a bundle" in problem
    assert found["items"] == []
    _, problem = doctor("--root", tmp_path / "none")
    assert "nothing is installed" in problem


@pytest.mark.usefixtures("bare")
def test_what_is_installed_and_has_changed(made, root):
    switch.install(Slots(root), made / "bag.kdz")
    data = (root / "slot1.kdz").read_bytes()
    at = data.rindex(b"PK\x03\x04") + 12  # a time that the zip module does not look at
    (root / "slot1.kdz").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    found, problem = doctor()
    (slot,) = found["slots"]
    assert slot["current"]
    assert slot["problem"]
    assert found["problems"] == [f"slot1.kdz: {slot['problem']}"]
    assert found["problems"][0] in problem


@pytest.mark.usefixtures("bare")
def test_nothing_is_made_where_nothing_is(root):
    found, problem = doctor()
    assert (problem, found["slots"], found["items"]) == (None, [], [])
    assert not root.exists()


@pytest.mark.usefixtures("bare")
def test_what_was_found_before_is_tried_again(made, root):
    root.mkdir()
    cache = Slots(root).cache
    for _ in range(2):
        doctor(made / "bag.kdz")
        kept = json.loads(cache.read_bytes())
        assert [*kept["outcomes"].values()] == [["works", ""]]
        (key,) = kept["outcomes"]
        probe._write(cache, kept["device"], {key: probe.ProbeOutcome("dies", "SIGILL")})


@pytest.mark.usefixtures("bare")
def test_a_bundle_that_is_none(made):
    with pytest.raises(InputError, match="no such file"):
        doctor(made / "none.kdz")
    (made / "text.kdz").write_text("hello")
    with pytest.raises(BundleError, match="not a bundle"):
        doctor(made / "text.kdz")


def test_a_damaged_member_is_no_bad_backend(made, root, tmp_path):
    data = bytearray((made / "bag.kdz").read_bytes())
    data[data.index(b"int8.onnx") + 200] ^= 1
    (tmp_path / "damaged.kdz").write_bytes(data)
    with pytest.raises(BundleError, match=r"int8\.onnx' is damaged"):
        doctor(tmp_path / "damaged.kdz")
    switch.install(Slots(root), made / "bag.kdz")
    (root / "slot1.kdz").write_bytes(data)
    found, problem = doctor()
    assert "int8.onnx' is damaged" in problem
    assert found["items"] == []
    assert all("onnxruntime" not in row["advice"] for row in found["backends"])


@pytest.fixture
def two(tmp_path):
    """A bundle of an item with two students."""
    bundles_made.write(tmp_path / "two.kdz", [seconds_made.item()])
    return tmp_path / "two.kdz"


def test_a_second_student(two, made):
    found, problem = doctor(two)
    assert problem is None
    row = {"second": "stove", "student": "transformer", "backend": "onnx", "without": ""}
    assert found["seconds"] == [row]
    assert "seconds" not in doctor(made / "bag.kdz")[0]


@pytest.mark.usefixtures("bare")
def test_a_second_student_that_does_not_run_is_no_problem(two):
    found, problem = doctor(two)
    assert problem is None
    (row,) = found["seconds"]
    assert row["backend"] == ""
    assert row["without"].startswith("the first scores alone: the backend 'onnx' needs numpy")
    assert "pip install" in row["without"]
    told, _ = invoke(two)
    assert "the first scores alone" in told


@pytest.mark.parametrize("what", seconds_made.USELESS)
def test_the_reason_why_a_second_student_is_of_no_use(what, tmp_path):
    bundles_made.write(tmp_path / "two.kdz", [seconds_made.useless(what)])
    found, problem = doctor(tmp_path / "two.kdz")
    assert problem is None
    (row,) = found["seconds"]
    assert row["backend"] == ""
    assert row["without"].startswith("the first scores alone: ")
    assert seconds_made.USELESS[what][1] in row["without"]
    assert ("write the bundle anew" in row["without"]) == (what in seconds_made.DAMAGED)
    assert "another version of the package" not in row["without"]


def test_a_student_whose_hashes_are_right_and_whose_text_stage_is_damaged(tmp_path):
    damaged = replace(seconds_made.useless("tokenizer").second.parts, item_id="pan")
    bundles_made.write(tmp_path / "one.kdz", [damaged])
    found, problem = doctor(tmp_path / "one.kdz")
    assert "item 'pan': its small model is damaged, though its hashes are right" in problem
    assert [row["advice"] for row in found["backends"] if row["backend"] == "onnx"] == [
        "write the bundle anew"
    ]
