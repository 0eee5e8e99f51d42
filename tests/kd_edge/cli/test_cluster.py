"""The options for a run on a Ray cluster."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workshop import item_of, write_table


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "responses.csv", [item_of(20)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cluster-cpus", 2), "need --cluster"),
        (("--cluster-gpus", 1), "need --cluster"),
        (("--cluster", " "), "is empty"),
        (("--cluster", "foo"), "'foo' is no address"),
        (("--cluster", "LOCAL"), "name 'auto', 'local', or HOST:PORT"),
        (("--cluster", "ray://head:10001"), "is no address"),
        (("--cluster", "auto", "--cluster-gpus", 1.5), "only whole GPUs"),
        (("--cluster", "auto", "--cluster-gpus", 0.33333), "4 decimals at most"),
        (("--cluster", "auto", "--cluster-gpus", 1, "--device", "cpu"), "leave --device out"),
        (("--cluster", "auto", "--together"), "leave --cluster out"),
    ],
)
def test_what_does_not_go_together(command, table, tmp_path, options, message):
    assert message in command.fails("run", table, "-o", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_without_ray_it_says_how_to_install_it(command, table, tmp_path, monkeypatch):
    monkeypatch.setattr("kd_edge.runs.cluster.find_spec", lambda _: None)
    message = command.fails("run", table, "-o", tmp_path / "out", "--cluster", "auto")
    assert "pip install 'kd-edge[cluster]'" in message


def test_help_needs_no_ray():
    program = (
        "import sys, kd_edge.cli.run, kd_edge.runs.cluster_task, kd_edge.runs.cluster\n"
        "sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
