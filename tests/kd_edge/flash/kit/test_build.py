from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import zig
from flash_cuts import TEXTS, make_bundles, tiny_kit
from kd_edge.flash.device import kit as device_kit
from kd_edge.flash.device import runtime
from kd_edge.flash.device.disk import SUMS, Refused, sums
from kd_edge.flash.kit.build import make_kit
from kd_edge.flash.kit.core_wheels import core_wheels
from kd_edge.flash.kit.payload import Kits, read_payload
from kd_edge.flash.kit.platforms import PLATFORMS, backend_projects, fetch
from kd_edge.flash.kit.program import as_zip
from kd_edge.flash.kit.wheels import pack_installed
from kd_edge.flash.to_folder import flash_folder
from kd_edge_runtime._version import __version__
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.scorer import Scorer
from power_cuts import fast_folder

HERE = ".".join(map(str, sys.version_info[:2]))
PI = PLATFORMS["pi-64"]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return make_bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def kit():
    return make_kit(PI, HERE)


@pytest.fixture
def tmp_path():
    """In memory, since an install has hundreds of files written to the disk one by one."""
    with fast_folder() as folder:
        yield folder


@pytest.fixture
def stick(tmp_path, bundles, kit):
    root = tmp_path / "a stick"
    flash_folder("stick", root, read_payload(bundles["new"]), kit)
    return root


@pytest.fixture
def device(tmp_path, python):
    """Runs a command as a device without a network does."""
    offline = ["unshare", "-n"] if not subprocess.run(["unshare", "-n", "true"]).returncode else []

    def run(*command, code=0, path=f"{python}:/usr/bin:/bin", **environment):
        (tmp_path / "home").mkdir(exist_ok=True)
        done = subprocess.run(
            [*offline, *map(str, command)],
            cwd=tmp_path / "home",
            env={"PATH": path, "HOME": str(tmp_path / "home"), **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr if code else done.stdout

    return run


# Wheels


def test_a_wheel_of_what_is_installed_is_one_that_pip_takes(tmp_path):
    wheel = pack_installed("kd-edge-runtime", "kd_edge_runtime")
    assert wheel == pack_installed("kd-edge-runtime", "kd_edge_runtime"), "the same bytes"
    assert wheel.least_python == (3, 9)
    path = tmp_path / wheel.name
    path.write_bytes(wheel.data)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", path]
    subprocess.run([*command, "--target", tmp_path / "lib"], check=True, capture_output=True)
    source = Path(sys.modules["kd_edge_runtime"].__file__).parent
    modules = {file.relative_to(source) for file in source.rglob("*.py")}
    lib = tmp_path / "lib" / "kd_edge_runtime"
    assert modules == {file.relative_to(lib) for file in lib.rglob("*.py")}
    assert (tmp_path / "lib" / "bin" / "kd-edge").is_file(), "the command"
    [licence] = (tmp_path / "lib").glob("*.dist-info/licenses/LICENSE")
    assert "Apache" in licence.read_text()
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "__pycache__" in name]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        record = archive.read(next(n for n in archive.namelist() if n.endswith("RECORD")))
    for name, digest, size in csv.reader(record.decode().splitlines()):
        assert name.endswith("RECORD") or (digest.startswith("sha256=") and int(size) >= 0)


def test_what_is_not_installed_or_not_python_makes_no_wheel():
    with pytest.raises(InputError, match="'nosuch' is not installed"):
        pack_installed("nosuch", "nosuch")
    with pytest.raises(InputError, match="machine code"):
        pack_installed("numpy", "numpy")


# Kits


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_kit_without_backends_needs_no_network_and_little_room(platform, monkeypatch, tmp_path):
    monkeypatch.setattr("kd_edge.flash.kit.build.fetch", None)
    made = make_kit(PLATFORMS[platform], HERE)
    assert made.size <= 1_000_000
    assert made.python is None, "any Python that click takes"
    assert made.id == make_kit(PLATFORMS[platform], HERE).id
    for name, data in made.files.items():
        (tmp_path / name).write_bytes(data)
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.count(": OK") == len(made.files) - 1


def _index(folder, monkeypatch, *wheels):
    """A package index of a folder, in which wheels hold nothing."""
    folder.mkdir(exist_ok=True)
    for name in wheels:
        project, version = name.split("-")[:2]
        info = f"{project}-{version}.dist-info"
        with zipfile.ZipFile(folder / name, "w") as archive:
            about = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
            archive.writestr(f"{info}/METADATA", f"{about}Requires-Dist: nosuch\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n")
            archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def test_backends_are_fetched_for_the_device_and_not_for_this_machine(tmp_path, monkeypatch):
    fit = "numpy-2.0-cp311-cp311-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl"
    _index(
        tmp_path / "index",
        monkeypatch,
        fit,
        "numpy-2.1-cp313-cp313-manylinux_2_27_aarch64.whl",
        "numpy-2.2-cp311-cp311-manylinux_2_27_x86_64.whl",
        "numpy-2.3-cp311-cp311-manylinux_2_99_aarch64.whl",
        "numpy-2.4-cp311-cp311-win_amd64.whl",
        "ai_edge_litert-2.1-cp311-cp311-manylinux2014_aarch64.whl",
    )
    made = make_kit(PI, "3.11", ["tflite", "numpy"])
    assert made.python == "3.11", "no other Python imports them"
    wheels = [name for name in made.files if name.endswith(".whl")]
    assert fit in wheels
    assert len(wheels) == 4
    assert made.id != make_kit(PI, HERE).id


def test_a_device_with_an_older_python_gets_a_click_that_takes_it(tmp_path, monkeypatch):
    _index(tmp_path / "index", monkeypatch, "click-8.1.8-py3-none-any.whl")
    monkeypatch.setattr("kd_edge.flash.kit.build._fits", lambda *_: False)
    made = make_kit(PI, "3.9")
    assert [name for name in made.files if name.startswith("click")] == [
        "click-8.1.8-py3-none-any.whl"
    ]
    assert made.least_python == (3, 9)
    assert made.python is None


def test_what_pip_cannot_fetch_is_told_without_addresses(tmp_path, monkeypatch):
    _index(tmp_path / "index", monkeypatch)
    with pytest.raises(
        KdEdgeError, match=r"could not fetch numpy for pi-64 and Python 3.11"
    ) as told:
        fetch(PI, "3.11", ["numpy"])
    assert "://" not in str(told.value)
    with pytest.raises(InputError, match=r"3.9 to 3.13, not for 3.99"):
        fetch(PI, "3.99", ["numpy"])


def test_backends_that_nobody_publishes_are_refused():
    for backend in ("numpy", "onnx"):
        with pytest.raises(InputError, match="python3-numpy"):
            backend_projects(PLATFORMS["pi-32"], "3.11", [backend])
    assert backend_projects(PLATFORMS["pi-32"], "3.11", ["tflite"]) == ["tflite-runtime"]
    assert backend_projects(PI, "3.9", ["numpy", "tflite"]) == ["numpy<2", "tflite-runtime"]
    assert backend_projects(PI, "3.13", ["tflite", "onnx"]) == [
        "numpy",
        "ai-edge-litert",
        "onnxruntime",
    ]


def test_a_kit_is_made_once_and_only_for_devices_that_it_fits(monkeypatch):
    asked = []

    def made(_, python, backends, *__):
        asked.append(python)
        if python == "3.9":
            raise KdEdgeError("pip could not")
        return tiny_kit("x", python if backends else None)

    monkeypatch.setattr("kd_edge.flash.kit.payload.make_kit", made)
    kits = Kits(PI, None, ["numpy"])
    assert kits.kit_for("3.11", "aarch64", 64) is kits.kit_for("3.11", "aarch64", 64)
    for _ in range(2):
        with pytest.raises(KdEdgeError, match="pip could not"):
            kits.kit_for("3.9", "aarch64", 64)
    assert asked == ["3.11", "3.9"]
    for machine, bits in (("x86_64", 64), ("aarch64", 32), ("armv7l", 32)):
        with pytest.raises(InputError, match="it is not a pi-64"):
            kits.kit_for("3.11", machine, bits)
    given = Kits(PI, "3.11", ["numpy"])
    with pytest.raises(InputError, match=r"has Python 3.13.*need 3.11"):
        given.kit_for("3.13", "aarch64", 64)
    small = Kits(PLATFORMS["pi-32"], None, ["tflite"])
    assert small.kit_for("3.11", "aarch64", 32), "a 64-bit kernel under a 32-bit system"
    assert Kits(PI).kit_for("3.11", "x86_64", 64), "pure Python runs anywhere"
    with pytest.raises(InputError, match=r"has Python 3.8: leave out --python 3.11"):
        Kits(PI, "3.11").kit_for("3.8", "aarch64", 64)


# The core


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Builds the core's wheel for a platform, once."""
    folder = tmp_path_factory.mktemp("dist")

    @cache
    def built(name):
        zig.need_zig()
        return zig.build_wheels().build(name, folder)

    return built


def _core(machine, version=__version__, system="manylinux_2_17"):
    return f"kd_edge_core-{version}-cp39-abi3-{system}_{machine}.whl"


def test_a_kit_takes_the_cores_of_its_devices_and_of_this_version(tmp_path):
    for machine in ("x86_64", "aarch64", "armv7l"):
        (tmp_path / _core(machine)).write_bytes(b"a wheel")
    (tmp_path / _core("armv6l", system="linux")).write_bytes(b"a wheel")
    (tmp_path / _core("x86_64", system="macosx_11_0")).write_bytes(b"a wheel")
    (tmp_path / _core("aarch64", "0.0.1")).write_bytes(b"an old wheel")
    taken = {name: set(core_wheels(one, tmp_path)) for name, one in PLATFORMS.items()}
    assert taken == {
        "x86-64": {_core("x86_64")},
        "pi-64": {_core("aarch64")},
        "pi-32": {_core("armv7l"), _core("armv6l", system="linux")},
    }
    made = make_kit(PLATFORMS["pi-32"], HERE, core=core_wheels(PLATFORMS["pi-32"], tmp_path))
    assert taken["pi-32"] < set(made.files)
    assert made.python is None, "every Python takes them, and another processor does without"
    (tmp_path / _core("aarch64")).unlink()
    with pytest.raises(InputError, match=r"no wheel of kd-edge-core .* for pi-64.*'make wheels'"):
        core_wheels(PI, tmp_path)


def test_without_a_folder_of_wheels_there_is_no_core(tmp_path, monkeypatch):
    monkeypatch.setattr("kd_edge.flash.kit.core_wheels._DIST", tmp_path / "dist")
    assert core_wheels(PI) == {}


@pytest.mark.parametrize(
    ("machine", "most", "taken"),
    [
        ("x86_64", 1 << 63, "x86_64"),
        ("x86_64", 1 << 31, ""),
        ("aarch64", 1 << 63, "aarch64"),
        ("aarch64", 1 << 31, "armv7l"),
        ("armv7l", 1 << 31, "armv7l"),
        ("armv6l", 1 << 31, "armv6l"),
        ("riscv64", 1 << 63, ""),
    ],
)
def test_a_device_takes_its_own_core(machine, most, taken, monkeypatch):
    kit = {_core(one): b"" for one in ("x86_64", "aarch64", "armv7l", "armv6l")}
    monkeypatch.setattr(device_kit.os, "uname", lambda: SimpleNamespace(machine=machine))
    monkeypatch.setattr(device_kit.sys, "maxsize", most - 1)
    assert device_kit.core_wheel({"click-8-py3-none-any.whl": b"", **kit}) == (
        _core(taken) if taken else ""
    )
    if taken == "armv7l":
        del kit[_core("armv7l")]
        assert device_kit.core_wheel(kit) == _core("armv6l"), "which an ARMv7 runs too"


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("riscv64", "kd_edge_core is for other processors: plain Python will score"),
        (os.uname().machine, "kd_edge_core does not start on this device: plain Python will"),
    ],
)
def test_a_core_that_does_not_run_is_left_out(machine, words, bundles, device, tmp_path):
    """As on an Alpine, whose C library is another, or on a processor that nobody thought of."""
    stick, root = tmp_path / "stick", tmp_path / "kd-edge"
    crashes = {
        "kd_edge_core/__init__.py": b"import os\n\nos.abort()\n",
        f"kd_edge_core-{__version__}.dist-info/WHEEL": b"",
    }
    kit = make_kit(PLATFORMS["x86-64"], HERE, core={_core(machine): _zip(crashes)})
    flash_folder("stick", stick, read_payload(bundles["new"]), kit)
    assert words in device("sh", stick / "install.sh", root)
    [lib] = root.glob("runtime/0*")
    assert not [*lib.glob("kd_edge_core*")]
    assert "current" in device("sh", root / "kd-edge", "status")
    assert "unpacking" not in device("sh", stick / "install.sh", root), "it is whole without"


@pytest.mark.parametrize(
    ("into", "scores"), [("armv6l", False), ("armv7l", True), ("aarch64", True)]
)
def test_a_card_that_moves_into_another_pi_takes_no_core_of_the_first(
    into, scores, tmp_path, monkeypatch
):
    """An ARMv6 would load a core for an ARMv7, and die in it."""
    own = _zip({"kd_edge_core/__init__.py": b""})
    wheels = {_core(machine): own for machine in ("armv7l", "armv6l")}
    made = _with_installer(tiny_kit("x"), **wheels)
    machine = ["armv7l"]
    monkeypatch.setattr(device_kit.os, "uname", lambda: SimpleNamespace(machine=machine[0]))
    monkeypatch.setattr(device_kit.sys, "maxsize", (1 << 31) - 1)
    said = []
    runtime.install_runtime(made.files, tmp_path, said.append)
    first = runtime.newest(tmp_path)
    assert runtime.installed(tmp_path) == f"{made.id}-{sys.implementation.cache_tag}-armv7l"
    start = (first / "kd-edge").read_text().partition("from kd_edge_runtime")[0]
    machine[0] = into
    with monkeypatch.context() as patched:
        patched.setattr(sys, "modules", {**sys.modules, "kd_edge_core": "it"})
        exec(start, {})
        assert (sys.modules["kd_edge_core"] is not None) == scores
    said.clear()
    runtime.install_runtime(made.files, tmp_path, said.append)
    assert bool(said) == (into == "armv6l"), "built anew where the processor is another"
    assert runtime.installed(tmp_path).endswith("armv6l" if into == "armv6l" else "armv7l")


# On the device


def test_one_command_and_a_device_that_has_nothing_scores(stick, device, bundles, tmp_path):
    before = {path: path.read_bytes() for path in stick.rglob("*") if path.is_file()}
    root = tmp_path / "on the device" / "kd-edge"
    said = device("sh", stick / "install.sh", root)
    assert f"ready: sh '{root}/kd-edge' score" in said
    table = tmp_path / "responses.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([text or " "] for text in TEXTS)])
    out = device("sh", root / "kd-edge", "score", table, "--json")
    with Scorer.open(bundles["new"], "plain") as scorer:
        wanted = scorer.score_many([text or " " for text in TEXTS])
    for line, score in zip(out.splitlines(), wanted, strict=True):
        found = [share for name, share in json.loads(line).items() if name.startswith("p_")]
        assert found == [round(share, 6) for share in score.probabilities]
    assert "current" in device(root / "kd-edge", "status")
    assert device(root / "kd-edge", "verify", bundles["new"])
    after = {path: path.read_bytes() for path in stick.rglob("*") if path.is_file()}
    assert after == before, "the stick may be read-only"


def test_a_second_install_does_only_what_is_missing(stick, device, bundles, kit, tmp_path):
    root = tmp_path / "kd-edge"
    device("sh", stick / "install.sh", root)
    [lib] = root.glob("runtime/0*")
    made = lib.stat().st_ctime_ns
    said = device("sh", stick / "install.sh", root)
    assert "unpacking" not in said
    assert [lib.stat().st_ctime_ns] == [made]
    cached = next(lib.rglob("scorer.*.pyc"))
    cached.write_bytes(cached.read_bytes()[:-1])
    assert "unpacking" in device("sh", stick / "install.sh", root), "a damaged file is seen"
    [repaired] = root.glob("runtime/0*")
    assert repaired != lib
    flash_folder("stick", stick, read_payload(bundles["old"]), kit)
    device("sh", stick / "install.sh", root)
    assert device("sh", root / "kd-edge", "status").count("intact") == 2


def test_the_runtimes_own_folder_is_the_default(stick, device, tmp_path):
    device("sh", stick / "install.sh", KD_EDGE_ROOT=str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "kd-edge").is_file()
    # As a stick that is the device's card: in its own folder.
    device("sh", stick / "install.sh", stick)
    assert "current" in device("sh", stick / "kd-edge", "status")


def test_nothing_is_compiled_at_a_start(stick, device, tmp_path):
    root = tmp_path / "kd-edge"
    device("sh", stick / "install.sh", root)
    [lib] = root.glob("runtime/0*")
    sources = list(lib.rglob("*.py"))
    compiled = {path.name.partition(".")[0] for path in lib.rglob("*.pyc")}
    assert {path.stem for path in sources} <= compiled
    for path in sources:  # what the cached files were made from is not even read
        path.write_text("raise SystemExit('compiled')")
        os.utime(path, (0, 0))
    assert "current" in device("sh", root / "kd-edge", "status")


@pytest.mark.parametrize("victim", ["click", "kd_edge_runtime", "kit.json", "SHA256SUMS"])
def test_a_damaged_kit_is_refused_and_the_device_keeps_what_it_has(victim, stick, device, tmp_path):
    root = tmp_path / "kd-edge"
    device("sh", stick / "install.sh", root)
    [file] = (stick / "kit").glob(f"{victim}*")
    data = file.read_bytes()
    file.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    err = device("sh", stick / "install.sh", root, code=1)
    assert "damaged: flash it again" in err
    file.unlink()
    assert "missing or damaged" in device("sh", stick / "install.sh", root, code=1)
    assert "current" in device("sh", root / "kd-edge", "status")


def test_what_the_device_cannot_use_is_told_in_one_line(stick, device, bundles, tmp_path):
    install = stick / "install.sh"
    empty = tmp_path / "empty"
    empty.mkdir()
    for tool in ("sh", "dirname", "unshare"):
        (empty / tool).symlink_to(shutil.which(tool))
    err = device("sh", install, tmp_path / "d", code=1, path=str(empty))
    assert "no python3" in err
    payload = read_payload(bundles["new"])
    dead = _zip({"kd_edge_runtime/cli.py": b"raise ImportError\n"})
    for made, words in (
        (_with_installer(tiny_kit("x", "3.8")), f"are for Python 3.8, but this device has {HERE}"),
        (
            _with_installer(tiny_kit("x"), **{"kd_edge_runtime-1-py3-none-any.whl": dead}),
            "does not start with this device's Python",
        ),
    ):
        flash_folder("stick", stick, payload, made)
        err = device("sh", install, tmp_path / "d", code=1)
        assert words in err
        assert err.count("\n") == 1
        assert not list((tmp_path / "d").glob("runtime/0*")), "nothing half made stays"
    (tmp_path / "file").touch()
    assert "Error: " in device("sh", install, tmp_path / "file" / "d", code=1)


@pytest.mark.parametrize(
    ("kind", "wheels", "backend"),
    [
        ("pi-64", (), "plain"),
        ("pi-32", (), "plain"),
        ("pi-64", ("linux-aarch64",), "core"),
        ("pi-32", ("linux-armv7", "linux-armv6"), "core"),
    ],
)
def test_an_emulated_device_scores_after_one_command(
    kind, wheels, backend, pi, bundles, built, tmp_path
):
    stick, root, table = tmp_path / "stick", tmp_path / "kd-edge", tmp_path / "responses.csv"
    core = {path.name: path.read_bytes() for path in map(built, wheels)}
    made = make_kit(PLATFORMS[kind], "3.11", core=core)
    assert made.size < 1_000_000
    flash_folder("stick", stick, read_payload(bundles["new"]), made)
    table.write_text(f"text\n{TEXTS[1]}\n", encoding="utf-8")

    def run(*command):
        command = ["sh", *map(str, command)]
        environment = pi(kind).environment()
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout

    told = run(stick / "install.sh", root)
    assert "ready: " in told
    assert ("unpacking kd_edge_core" in told) == (backend == "core")
    if wheels:
        checked = json.loads(run(root / "kd-edge", "doctor", "--json"))
        assert {item["backend"] for item in checked["items"]} == {backend}
        states = {one["backend"]: one["state"] for one in checked["backends"]}
        assert states["core"] == states["plain"] == "works"
    with Scorer.open(bundles["new"], "plain") as scorer:
        wanted = scorer.score(TEXTS[1])
    row = json.loads(run(root / "kd-edge", "score", table, "--json"))
    assert row["p_0"] == pytest.approx(wanted.probabilities[0], rel=2e-5)
    assert row["predicted"] == wanted.predicted
    if len(wheels) == 2:
        [lib] = root.glob("runtime/0*")
        [tags] = lib.glob("kd_edge_core-*.dist-info/WHEEL")
        assert "_armv7l" in tags.read_text(), "the faster of the two"


def test_a_disk_that_gives_back_something_else_gets_no_runtime(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "intact", lambda _: False)
    with pytest.raises(Refused, match="returns other data"):
        runtime.install_runtime(tiny_kit("x").files, tmp_path, str)
    assert runtime.newest(tmp_path) is None
    assert [path.name for path in (tmp_path / "runtime").iterdir()] == ["lock"]


def test_what_a_power_cut_left_takes_no_room_from_the_next_install(tmp_path, monkeypatch):
    runtime.install_runtime(tiny_kit("old").files, tmp_path, str)
    half = tmp_path / "runtime" / "000002-half"
    half.mkdir()
    (half / "module.py").write_bytes(b"# half a mod")
    build = runtime._build

    def looking(kit, lib, say):
        assert not half.exists()
        assert runtime.newest(tmp_path), "the one in use stays"
        assert lib.name > half.name, "no name is used twice"
        build(kit, lib, say)

    monkeypatch.setattr(runtime, "_build", looking)
    runtime.install_runtime(tiny_kit("new").files, tmp_path, str)
    assert len(list((tmp_path / "runtime").glob("0*"))) == 1


def test_a_stick_without_a_bundle_says_so(stick, device, tmp_path):
    for path in stick.glob("slot*"):
        path.unlink()
    err = device("sh", stick / "install.sh", tmp_path / "d", code=1)
    assert "no intact bundle" in err


def _zip(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _with_installer(made, **changed):
    """A kit as `make_kit` makes them, with another wheel."""
    files = {name: data for name, data in made.files.items() if name != SUMS}
    files |= {**changed, "install.pyz": as_zip()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return replace(made, files={**files, SUMS: sums(hashes)})
