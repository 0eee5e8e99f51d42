"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from benchmarks.emulated import Device
from benchmarks.emulated.runtime import build_wheel, unpack

# Two busy cores: how long an example takes, or is drawn, says nothing.
_patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("kd-edge", **_patient)
settings.register_profile("kd-edge-fast", max_examples=10, **_patient)
settings.load_profile("kd-edge")


# Tests that use these wait for a training or an emulator, whatever else they do.
_SLOW_FIXTURES = {"whole_way", "pi", "device", "wheel"}


def pytest_configure(config: pytest.Config) -> None:
    """Few generated examples are enough while one is at work; and Ctrl-C can be pressed."""
    # A shell's programs in the background ignore it, with all that they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.markexpr == "not slow":
        settings.load_profile("kd-edge-fast")


def _slow() -> set[str]:
    """Files, and tests as file::name, that are slow."""
    return set(_listed("slow.txt"))


def _listed(name: str) -> list[str]:
    return (Path(__file__).parent / name).read_text(encoding="utf-8").split()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Passes over whole files that are slow where none is wanted: their imports take long too."""
    inside = collection_path.relative_to(Path(__file__).parent).as_posix()
    return True if config.option.markexpr == "not slow" and inside in _slow() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is slow, by slow.txt and by fixtures, and puts what takes long first.

    Those are the files of longest.txt in its order, then others with slow tests. Workers then end
    at the same time: none begins a file that takes minutes when the others end.
    """
    folder = Path(__file__).parent
    listed = _slow()
    first = set()
    for item in items:
        path = item.path.relative_to(folder).as_posix()
        name = getattr(item, "originalname", item.name)
        by_fixture = _SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
        if by_fixture or {path, f"{path}::{name}"} & listed:
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("slow"):
            first.add(item.path)
    places = {folder / name: place for place, name in enumerate(_listed("longest.txt"))}
    items.sort(key=lambda item: (places.get(item.path, len(places)), item.path not in first))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real responses, which may not be copied into this repository."""
    beside = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("KD_EDGE_DATA", beside)).resolve()
    if not (folder / "asap-sas").is_dir():
        pytest.skip(f"no real data in {folder} (KD_EDGE_DATA names another folder)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Small networks are fastest on one core, and other work may go on beside the tests."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _exports(tmp_path_factory):
    """All workers together ask PyTorch once for the graph of a network."""
    if "torch" not in sys.modules:
        yield
        return
    from exports_kept import exports_kept

    folder = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    with exports_kept((folder.parent if worker else folder) / "exports"):
        yield


@pytest.fixture
def command(monkeypatch, capsys):
    """The command line in this process: `command("run", path, …)`."""
    from workshop import CommandLine

    return CommandLine(monkeypatch, capsys)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The runtime's wheel, as a device installs it."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def runtime(wheel, tmp_path_factory) -> Path:
    """A folder with what is in the runtime's wheel, for PYTHONPATH."""
    return unpack(wheel, tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="session")
def pi() -> Callable[[str], Device]:
    """An emulated device by its kind; a test that asks for one that is not there is skipped.

    KD_EDGE_DEVICES=required lets it fail instead.
    """

    def pi(kind: str) -> Device:
        device = Device(kind)
        if missing := device.missing:
            required = os.environ.get("KD_EDGE_DEVICES") == "required"
            (pytest.fail if required else pytest.skip)(missing)
        return device

    return pi


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """The folder of a tiny language model that nobody has fine-tuned."""
    from tiny import tiny_teacher

    return tiny_teacher(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def whole_way(tiny_model, tmp_path_factory):
    """A finished run over one item, to be looked at and not to be changed."""
    from workshop import finished_run

    return finished_run(tmp_path_factory.mktemp("whole"), tiny_model)


@pytest.fixture(scope="session")
def small_students(tiny_model):
    """A student of each kind by name, with its text stage and random weights."""
    from workshop import small_student

    return {kind: small_student(kind, tiny_model) for kind in ("bag", "rnn", "transformer")}
