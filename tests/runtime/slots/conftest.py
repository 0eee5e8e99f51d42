"""A device with slots, for the tests of reading and of switching them."""

from __future__ import annotations

import pytest

import slot_cuts
from slot_cuts import Device


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    slot_cuts.make_bundles(folder)
    return folder


@pytest.fixture
def device(made, tmp_path):
    return Device(made, tmp_path / "disk")


@pytest.fixture
def root(device):
    return device.slots.root
