"""Scores of variants that are saved on the way."""

from __future__ import annotations

import os

import pytest

from kd_edge.soft_labels import label_variants


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_what_somebody_put_in_the_place_of_kept_scores_is_not_used(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    link, pipe = tmp_path / ".v.csv.partial", tmp_path / ".w.csv.partial"
    link.symlink_to(victim)
    os.mkfifo(pipe)
    for path in (link, pipe):
        kept = label_variants._Partial(path, "key")
        assert kept.read(2) == (2, [])
        kept.append([["a"]])
        assert label_variants._Partial(path, "key").read(3) == (2, [["a"]])
        assert path.is_file()
        assert not path.is_symlink()
    assert victim.read_text() == "mine"
