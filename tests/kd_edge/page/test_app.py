"""The page's screen: its pure modules in Node, against Python, and what its frame names."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import zig
from kd_edge.data.scale import Scale
from kd_edge.evaluation.metrics import agreement
from kd_edge.page.assemble import APP

HERE = Path(__file__).resolve().parent
FRAME = (APP / "page.html").read_text(encoding="utf-8")
STRINGS = (APP / "strings" / "en.mjs").read_text(encoding="utf-8")
KEYS = set(re.findall(r"^  (\w+):", STRINGS, re.MULTILINE))
MODULES = {path.name: path.read_text(encoding="utf-8") for path in APP.glob("*.mjs")}


def agreement_case(scale, human, machine):
    found = agreement(np.array(human), np.array(machine), scale)
    wanted = {"exact": found.accuracy, "adjacent": found.adjacent, "qwk": found.qwk}
    classes = {"classes": scale.classes, "values": scale.values}
    return {**classes, "human": human, "machine": machine, "wanted": wanted}


def agreement_cases():
    chance = random.Random(16)
    scales = [
        Scale.from_range(0, 3),
        Scale.from_range(0, 1),
        Scale.from_values([0, 0.5, 1]),
        Scale.from_values([0, 1, 3]),
        Scale.from_values([6, 5, 4, 3, 2, 1]),
        Scale(("wrong", "partly", "right"), numeric=False),
    ]
    cases = []
    for scale in scales:
        places = range(len(scale.classes))
        cases.append(agreement_case(scale, [1, 1], [1, 1]))
        for _ in range(25):
            # Every class occurs, as Python takes the classes of words from the scores.
            human = [*places, *chance.choices(places, k=chance.randint(1, 60))]
            cases.append(agreement_case(scale, human, chance.choices(places, k=len(human))))
    return cases


def test_pure_modules_in_node(tmp_path):
    node = shutil.which("node")
    zig.need(node, "node (apt-get install nodejs)")
    cases = json.dumps(agreement_cases())
    (tmp_path / "agreement.json").write_text(cases, encoding="ascii")
    core = APP.parent / "core" / "kd_edge.mjs"
    done = subprocess.run(
        [node, "--test", HERE / "app.test.mjs"],
        env={**os.environ, "KD_EDGE_CASES": str(tmp_path), "KD_EDGE_MODULE": str(core)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_all_sentences_of_the_frame_are_there():
    named = re.findall(r'data-(?:say|label|placeholder)="(\w+)"', FRAME)
    assert len(named) > 40
    assert set(named) <= KEYS


def test_every_sentence_is_said():
    told = FRAME + "".join(MODULES.values())
    for key in KEYS:
        # Keys such as flag_long are put together.
        start = key.partition("_")[0]
        assert f'"{key}"' in told or f"`{start}_${{" in told or f".{key}" in told, key


@pytest.mark.parametrize("name", MODULES)
def test_elements_that_modules_name_are_in_the_frame(name):
    ids = set(re.findall(r'\bid="([\w-]+)"', FRAME))
    assert len(ids) == len(re.findall(r'\bid="', FRAME))
    assert set(re.findall(r'byId\("([\w-]+)"\)', MODULES[name])) <= ids | {"column-whole"}


def test_sentences_stand_in_the_strings_alone():
    shown = re.sub(r"<noscript>.*</noscript>|<title>.*</title>|>Starting …<", "", FRAME)
    assert not re.findall(r">\s*([A-Za-z][^<]*)<", shown)


def test_the_frame_has_no_style_and_no_handler_of_its_own():
    assert not re.search(r"\s(style|on\w+)=", FRAME)
