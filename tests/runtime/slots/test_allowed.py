"""Every command of a device keeps to its list of signers."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import bundles_made
from kd_edge.bundling.signing import sign_bundle
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import BundleError, InputError
from kd_edge_runtime.signatures.check import SignatureError
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.allowed import open_allowed, signed_by
from kd_edge_runtime.slots.installed import open_installed
from kd_edge_runtime.slots.slots import Slots
from ssh_keys import allow, make_key, public, require_keygen


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    require_keygen()
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("ana", "eve")}


@pytest.fixture
def root(tmp_path, keys, monkeypatch):
    """The device's folder, with a list of one signer; it is the one that commands use."""
    folder = tmp_path / "root"
    allow(folder, keys["ana"])
    monkeypatch.setenv("KD_EDGE_ROOT", str(folder))
    return folder


@pytest.fixture
def bundles(tmp_path, keys):
    paths = {}
    for seed, name in enumerate(("plain", "ana", "eve")):
        paths[name] = tmp_path / f"{name}.kdz"
        bundles_made.write(paths[name], [bundles_made.item(seed=seed)])
        if name in keys:
            sign_bundle(paths[name], keys[name])
    return paths


@pytest.mark.parametrize("name", ["plain", "eve"])
@pytest.mark.parametrize(
    "words",
    [
        ["score", "BUNDLE", "some words"],
        ["verify", "BUNDLE"],
        ["install", "BUNDLE"],
        ["bench", "BUNDLE"],
    ],
)
def test_what_nobody_signed_who_may_is_used_by_no_command(root, bundles, name, words):
    done = CliRunner().invoke(
        cli, [str(bundles[name]) if one == "BUNDLE" else one for one in words]
    )
    assert isinstance(done.exception, SignatureError)
    assert done.output == ""
    assert [path.name for path in root.iterdir()] == ["allowed_signers"]


def test_status_calls_a_bundle_that_is_not_allowed_unusable_and_not_damaged(root, bundles, keys):
    switch.install(Slots(root), bundles["ana"])
    (root / "revoked_keys").write_text(public(keys["ana"]) + "\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["status"])
    assert "unusable  slot1.kdz" in done.output
    text = str(done.exception)
    assert text.startswith("a bundle cannot be used here, install it again or another one:")
    assert "revokes the key" in text
    assert "damaged  slot" not in done.output


@pytest.mark.usefixtures("root")
def test_what_an_allowed_signer_signed_is_used(bundles):
    run = CliRunner().invoke
    for words in (["score", bundles["ana"], "some words"], ["install", bundles["ana"]]):
        done = run(cli, list(map(str, words)))
        assert done.exit_code == 0, done.output
    assert "signed by ana@school" in run(cli, ["verify", str(bundles["ana"])]).output
    report = json.loads(run(cli, ["inspect", str(bundles["ana"]), "--json"]).output)
    assert report["signed_by"] == "ana@school"
    assert run(cli, ["score", "some words"]).exit_code == 0


@pytest.mark.usefixtures("root")
def test_a_bundle_may_be_looked_at_whoever_signed_it(bundles):
    done = CliRunner().invoke(cli, ["inspect", str(bundles["eve"])])
    assert done.exit_code == 0
    assert "not accepted on this device" in done.output


def test_an_installed_bundle_whose_key_is_revoked_scores_no_more(root, bundles, keys):
    slots = Slots(root)
    switch.install(slots, bundles["ana"])
    with open_installed(root) as scorer:
        assert scorer.score("some words")
    (root / "revoked_keys").write_text(public(keys["ana"]) + "\n")
    with pytest.raises(SignatureError, match="revoked"):
        open_installed(root)
    [state] = slots.status()
    assert not state.current
    assert "revoked" in state.problem


def test_signers_that_are_listed_later_hold_for_what_is_installed(root, bundles, keys):
    (root / "allowed_signers").unlink()
    slots = Slots(root)
    switch.install(slots, bundles["ana"])
    switch.install(slots, bundles["plain"])
    allow(root, keys["ana"])
    told: list[str] = []
    with open_installed(root, warn=told.append) as scorer:
        assert scorer.bundle.path.name == "slot1.kdz"
    assert "not signed" in told[0]
    with pytest.raises(BundleError, match="not signed"):
        switch.install(slots, bundles["plain"])


def test_keys_are_shown_where_there_is_no_list(tmp_path, bundles, monkeypatch):
    monkeypatch.setenv("KD_EDGE_ROOT", str(tmp_path / "none"))
    with open_allowed(bundles["eve"]) as bundle:
        assert "no list of signers" in signed_by(bundle)
    with open_allowed(bundles["plain"]) as bundle:
        assert signed_by(bundle) == ""


def test_an_older_bundle_needs_a_word(tmp_path, monkeypatch):
    paths = {}
    for created in ("2026-01-02T00:00:00Z", "2026-01-01T23:59:59+00:00", "some day"):
        paths[created] = tmp_path / f"{len(paths)}.kdz"
        monkeypatch.setattr(bundles_made, "CREATED", created)
        bundles_made.write(paths[created], [bundles_made.item(seed=len(paths))])
    newer, older, undated = paths.values()
    slots = Slots(tmp_path / "root")
    switch.install(slots, newer)
    with pytest.raises(InputError, match=r"created 2026-01-01T23:59:59.*--allow-older"):
        switch.install(slots, older)
    assert switch.install(slots, older, allow_older=True)
    assert switch.install(slots, newer)
    assert switch.install(slots, undated), "a bundle without a date has no age"
    assert switch.install(slots, older)
