"""The machine: what Linux and a Pi's firmware say, and what is unknown."""

from __future__ import annotations

import os

import pytest

from kd_edge_runtime.bench import machine as machines
from kd_edge_runtime.bench.machine import celsius, machine, state

CPU = "sys/devices/system/cpu"
THERMAL = "sys/class/thermal"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A root with these files; no firmware answers."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def root(files):
        for name, text in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "root"

    return root


@pytest.fixture
def firmware(tmp_path, root):
    """A vcgencmd that says this."""

    def firmware(script):
        program = tmp_path / "bin" / "vcgencmd"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return root({})

    return firmware


def test_a_pi(root):
    at = root(
        {
            "sys/firmware/devicetree/base/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/cpuinfo": "processor\t: 0\nmodel name\t: ARMv7 rev 3\n\nHardware\t: BCM2711\n",
            "etc/os-release": 'PRETTY_NAME="Raspbian 12"\nID=raspbian\n',
            f"{CPU}/cpu0/cpufreq/scaling_governor": "ondemand\n",
            f"{CPU}/cpu1/cpufreq/scaling_governor": "performance\n",
            f"{CPU}/cpu0/cpufreq/scaling_cur_freq": "600000\n",
            f"{CPU}/cpu1/cpufreq/scaling_cur_freq": "1500000\n",
            f"{CPU}/cpu0/cpufreq/cpuinfo_max_freq": "1800000\n",
            f"{THERMAL}/thermal_zone0/type": "cpu-thermal\n",
            f"{THERMAL}/thermal_zone0/temp": "48312\n",
            f"{THERMAL}/thermal_zone1/type": "battery\n",
            f"{THERMAL}/thermal_zone1/temp": "71000\n",
        }
    )
    found, now = machine(at), state(at)
    assert found.device == "Raspberry Pi 4 Model B Rev 1.4"
    assert (found.cpu, found.max_mhz) == ("ARMv7 rev 3", 1800)
    assert found.system.startswith("Raspbian 12 (")
    assert (now.governor, now.mhz, now.celsius) == ("ondemand, performance", 1500, 48.312)
    assert now.throttled is None


def test_a_laptop(root):
    at = root(
        {
            "sys/class/dmi/id/product_name": "ThinkPad X1\n",
            "proc/cpuinfo": "model name\t: Some CPU @ 2 GHz\ncpu MHz\t\t: 2596.994\n",
            f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "3\n",
            f"{CPU}/cpu1/thermal_throttle/core_throttle_count": "4\n",
            f"{THERMAL}/thermal_zone0/type": "acpitz\n",
            f"{THERMAL}/thermal_zone0/temp": "27800\n",
            f"{THERMAL}/thermal_zone1/type": "x86_pkg_temp\n",
            f"{THERMAL}/thermal_zone1/temp": "61000\n",
        }
    )
    now = state(at)
    assert (machine(at).device, machine(at).cpu) == ("ThinkPad X1", "Some CPU @ 2 GHz")
    assert (now.mhz, now.celsius, now.throttled) == (2596, 61.0, "7 times since the start")
    root({f"{CPU}/cpu{at}/thermal_throttle/core_throttle_count": "0" for at in range(2)})
    assert state(at).throttled == "no"


def test_a_sensor_of_a_mainboard(root):
    at = root({"sys/class/hwmon/hwmon2/temp1_input": "39500\n"})
    assert celsius(at) == 39.5


def test_nothing_is_known(root):
    at = root({"proc/cpuinfo": "nothing here\ncpu MHz : soon\n", f"{CPU}/cpu0/cpufreq/x": ""})
    found, now = machine(at), state(at)
    assert (found.device, found.max_mhz) == (None, None)
    assert (now.governor, now.mhz, now.celsius, now.throttled) == (None, None, None, None)


def test_what_is_no_number_is_unknown(root):
    at = root(
        {
            f"{CPU}/cpu0/cpufreq/scaling_cur_freq": "<unknown>\n",
            f"{THERMAL}/thermal_zone0/type": "cpu-thermal",
            f"{THERMAL}/thermal_zone0/temp": "-274000",
        }
    )
    assert (state(at).mhz, state(at).celsius) == (None, None)


@pytest.mark.skipif(os.name != "posix", reason="a script stands for the firmware")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("throttled=0x0", "no"),
        (
            "throttled=0x50005",
            "now: under-voltage, throttled; since the start: under-voltage, throttled",
        ),
        ("throttled=0x80000", "since the start: near the temperature limit"),
        ("throttled=0xA", "now: frequency capped, near the temperature limit"),
        ("VCHI initialization failed", None),
    ],
)
def test_what_the_firmware_says_of_throttling(firmware, said, told):
    assert state(firmware(f"echo '{said}'")).throttled == told


@pytest.mark.skipif(os.name != "posix", reason="a script stands for the firmware")
def test_what_the_firmware_says_of_the_temperature(firmware):
    assert celsius(firmware('[ $1 = measure_temp ] && echo "temp=48.3\'C"')) == 48.3


@pytest.mark.skipif(os.name != "posix", reason="a script stands for the firmware")
def test_a_firmware_that_does_not_answer(firmware, monkeypatch):
    monkeypatch.setattr(machines, "_PATIENCE", 0.05)
    assert state(firmware("/bin/sleep 1; echo throttled=0x0")).throttled is None


def test_this_machine_answers():
    found = machine()
    assert found.architecture
    assert found.cores >= 1
    assert state().load is None or state().load >= 0
