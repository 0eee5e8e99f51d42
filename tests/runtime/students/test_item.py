"""An item is read by the text rules that it names: by every backend, flag and explanation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bundles_made
from kd_edge.distillation.outliers import prompt_codes
from kd_edge.students.bag import BagOptions
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.bundle import write_bundle
from kd_edge_export.golden import golden_json
from kd_edge_export.quantize import quantize
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.bag import BagStudent
from kd_edge_runtime.students.item import LoadedItem

ANSWERS = ("x = -5, so x < 2(3+4)", "x = 5, so 2x² > 1,000", "x = −5 → x ≠ 5", "แมวกินปลา") * 3
PROMPT = "Solve -2x + 6 > 10 - 3 (x + 1), and say why x is - 5."


def parts(rules):
    """An item with random weights and the n-grams of `ANSWERS` by these rules."""
    known = choose_vocabulary(ANSWERS, BagOptions(rules=rules))
    student = BagStudent(known, quantize(bundles_made.arrays(known.size, 4, 1)))
    base = bundles_made.item()
    text = {**base.text, "rules": rules, "sizes": known.sizes}
    inputs = ["", *ANSWERS]
    golden = golden_json(inputs, {"plain-int8": PlainModel(student).probabilities(inputs)})
    return replace(
        base,
        text=text,
        vectorizer=("vocabulary.bin", known.to_bytes()),
        forms={"plain-int8": ("plain.bin", student.weights.to_bytes())},
        golden=golden,
        flags=Flags(prompt=prompt_codes([PROMPT], rules)),
    )


@pytest.fixture(scope="module", params=[1, 2])
def bundle(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / f"rules-{request.param}.kdz"
    write_bundle(path, [parts(request.param)], bundles_made.CARD, bundles_made.CREATED, {}, {})
    return request.param, path


def test_the_backends_agree_and_flag_the_prompt(bundle):
    _, path = bundle
    found = [
        Scorer.open(path, backend).score_many([*ANSWERS, PROMPT]) for backend in ("plain", "numpy")
    ]
    for plain, other in zip(*found, strict=True):
        np.testing.assert_allclose(plain.probabilities, other.probabilities, atol=1e-6)
        assert plain.flag == other.flag
    assert found[0][-1].flag == "prompt"


def test_only_rules_2_tell_a_sign(bundle):
    rules, path = bundle
    scorer = Scorer.open(path, "plain")
    negative, positive = scorer.score_many(["x = -5", "x = 5"])
    assert (negative.probabilities != positive.probabilities) == (rules == 2)
    words = [push.words for push in scorer.explain("x = -5").pushes]
    assert (("-",) in words) == (rules == 2)


def test_an_item_says_its_rules(bundle):
    rules, path = bundle
    with Bundle(path) as opened:
        item = LoadedItem(opened, opened.manifest.items[0])
        assert item.rules() == item.vocabulary().rules == rules


@pytest.mark.parametrize(("name", "most"), [("dimensions", 256), ("tokens", 1 << 31)])
def test_a_number_that_is_too_large(tmp_path, name, most):
    base = bundles_made.item()
    for number in (most, most + 1):
        bundles_made.write(tmp_path / "a.kdz", [replace(base, text={**base.text, name: number})])
        with Bundle(tmp_path / "a.kdz") as bundle:
            item = LoadedItem(bundle, bundle.manifest.items[0])
            if number == most:
                assert item.number(name) == most
            else:
                with pytest.raises(BundleError, match=f"text.{name} is too large"):
                    item.number(name)
