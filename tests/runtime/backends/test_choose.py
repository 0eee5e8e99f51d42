"""Which backend runs a student here, and what is said where none does."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import replace

import pytest

import bundles_made
from kd_edge_runtime import backends
from kd_edge_runtime.backends import choose, probe
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.item import LoadedItem
from usual import HERE, USUAL

TFLITES = ("ai_edge_litert", "tflite_runtime")


@pytest.fixture
def item(tmp_path):
    bundles_made.write(tmp_path / "item.kdz")
    with Bundle(tmp_path / "item.kdz") as bundle:
        yield LoadedItem(bundle, bundle.manifest.items[0])


def of(item, **changes):
    return LoadedItem(item.bundle, replace(item.entry, **changes))


def lacking(monkeypatch, *packages):
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name not in packages and installed(name)
    )


def test_a_bag_runs_in_the_core_or_plain_python_first(item):
    name, model = choose.load(item)
    assert name == USUAL
    assert len(model.probabilities(["the ice"])[0]) == 4


@pytest.mark.parametrize("name", HERE)
def test_every_backend_gives_the_same(item, name):
    used, model = choose.load(item, name)
    assert used == name
    wanted = choose.load(item)[1].probabilities(["the ice melts", ""])
    for one, other in zip(model.probabilities(["the ice melts", ""]), wanted, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_names_that_are_none(item):
    with pytest.raises(BackendError, match="'jax': choose from core, plain, numpy, tflite, onnx"):
        choose.load(item, "jax")


def test_a_student_that_the_backend_cannot_run(item):
    with pytest.raises(
        BackendError, match="'plain' does not run small models of kind 'rnn': use onnx"
    ):
        choose.load(of(item, student="rnn"), "plain")
    with pytest.raises(BackendError, match=r"'oracle'.*nor does any other"):
        choose.load(of(item, student="oracle"))


@pytest.mark.parametrize(
    ("packages", "name", "student", "told"),
    [
        (("numpy",), "numpy", "bag", "pip install numpy"),
        (TFLITES, "tflite", "bag", "pip install ai-edge-litert"),
        (("onnxruntime",), "onnx", "bag", "pip install onnxruntime"),
        (("numpy", "onnxruntime"), "onnx", "bag", "pip install numpy onnxruntime"),
        (("onnxruntime", "tokenizers"), "auto", "rnn", "pip install onnxruntime"),
    ],
)
def test_what_to_install_is_said(item, monkeypatch, packages, name, student, told):
    lacking(monkeypatch, *packages)
    with pytest.raises(BackendError, match=f"needs .*{told}$"):
        choose.load(of(item, student=student), name)


def test_plain_needs_nothing(item, monkeypatch):
    lacking(monkeypatch, "kd_edge_core", "numpy", *TFLITES, "onnxruntime", "tokenizers")
    monkeypatch.setitem(sys.modules, "kd_edge_runtime.backends.with_core", None)
    monkeypatch.delattr(backends, "with_core", raising=False)
    assert choose.load(item)[0] == "plain"
    assert [backends.missing(name) for name in backends.NAMES] == [
        ("kd-edge-core",),
        (),
        ("numpy",),
        ("numpy", "ai-edge-litert"),
        ("numpy", "onnxruntime"),
    ]


@pytest.mark.parametrize("package", TFLITES)
def test_either_of_the_tflite_packages_is_enough(monkeypatch, package):
    found = dict.fromkeys(("numpy", package), True)
    monkeypatch.setattr(backends, "is_installed", found.get)
    assert backends.missing("tflite") == ()


def test_the_forms_of_an_item(item):
    assert [backends.forms(item.entry, name) for name in backends.NAMES] == [
        ("plain-int8",),
        ("plain-int8",),
        ("plain-int8",),
        ("tflite-int8", "tflite-fp32"),
        ("onnx-int8", "onnx-fp32"),
    ]
    of_another_kind = of(item, student="rnn").entry
    assert [backends.forms(of_another_kind, name) for name in ("plain", "tflite")] == [(), ()]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rules": 3}, "needs text rules 3; this version has 1 and 2: update"),
        ({"rules": None}, r"text\.rules"),
        ({"rules": True}, r"text\.rules"),
        ({"gram": -1}, r"text\.gram"),
        ({"gram": "4"}, r"text\.gram"),
        ({"sizes": None}, r"text\.sizes"),
        ({"sizes": [24, 24, "12"]}, r"text\.sizes"),
        ({"sizes": [24, 24, 12.0]}, r"text\.sizes"),
        ({"sizes": [24, 24, 13]}, "does not match the manifest"),
        ({"dimensions": None}, r"text\.dimensions"),
        ({"dimensions": 7}, "size of the plain weights"),
        ({"dimensions": 0}, "size of the plain weights"),
    ],
)
@pytest.mark.parametrize("name", ["plain", "numpy"])
def test_a_text_entry_that_does_not_fit(item, name, changes, why):
    text = {**item.entry.text, **changes}
    with pytest.raises(BundleError, match=why):
        choose.load(of(item, text=text), name)


def test_the_table_has_a_row_of_probabilities_for_each_class(item):
    with pytest.raises(BundleError, match="size of the plain weights"):
        backends.load(of(item, classes=("0", "1", "2")), "plain")
    for name in ("tflite", "onnx"):
        with pytest.raises(BundleError, match="does not match the manifest"):
            backends.load(of(item, classes=("0", "1", "2")), name)


def test_a_form_that_is_not_there(item):
    forms = {"onnx-fp32": item.entry.forms["onnx-fp32"]}
    with pytest.raises(BackendError, match=r"no form 'plain-int8' \(the bundle has onnx-fp32"):
        choose.load(of(item, forms=forms), "plain")
    with pytest.raises(BackendError, match=r"no form 'tflite-int8' \(the bundle"):
        choose.load(of(item, forms=forms), "tflite")
    assert choose.load(of(item, forms=forms), "onnx")[0] == "onnx"


BROKEN = {
    "built for another numpy": "raise RuntimeError('module compiled against API version 0xe')",
    "a library that is missing": "raise OSError('libgomp.so.1: cannot open shared object file')",
    "half removed": "",
    "another version": "raise AttributeError('no attribute _ARRAY_API')",
    "another processor": "raise SystemError('initialization failed')",
    "ended": "raise SystemExit(3)",
}


@pytest.mark.parametrize("why", BROKEN)
@pytest.mark.parametrize(
    ("name", "package"),
    [("onnx", "onnxruntime"), ("tflite", "ai_edge_litert"), ("numpy", "numpy")],
)
def test_a_package_that_does_not_work_is_an_error_of_the_backend(tmp_path, name, package, why):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(BROKEN[why])
    bundle, responses = tmp_path / "item.kdz", tmp_path / "new.csv"
    bundles_made.write(bundle)
    responses.write_text("text\nthe ice melts\n")
    done = subprocess.run(
        [sys.executable, "-m", "kd_edge_runtime", "score", bundle, responses, "--backend", name],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert f"the backend '{name}' does not work here" in done.stderr
    reason = BROKEN[why].partition("'")[2].rstrip("')")
    assert reason in done.stderr


def test_where_the_system_s_python_refuses_pip_the_advice_says_where_to_install(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    assert backends.pip_install(["numpy"]) == "pip install numpy"
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    assert "'pip install onnxruntime' in a virtual environment" in (
        backends.pip_install(["onnxruntime"])
    )
    assert backends.pip_install(["numpy"]).endswith("or 'sudo apt install python3-numpy'")
    monkeypatch.setattr(sys, "base_prefix", "elsewhere")
    assert backends.pip_install(["numpy"]) == "pip install numpy"


def test_a_damaged_graph_is_no_bad_backend(tmp_path, monkeypatch):
    class Damaged:
        def read(self, name):
            raise BundleError(f"'{name}' is damaged")

    whole = bundles_made.write(tmp_path / "item.kdz")
    entry = replace(whole.items[0], forms={"onnx-fp32": "x.onnx"})
    monkeypatch.setattr(probe, "probe", lambda *_: probe.ProbeOutcome(probe.FAILS, "what it reads"))
    with pytest.raises(BundleError, match="is damaged"):
        choose.choose(LoadedItem(Damaged(), entry))
