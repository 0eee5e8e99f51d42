"""The file of a language model's answers."""

from __future__ import annotations

import os

import pytest

from kd_edge.llm.journal import Journal, Reply
from kd_edge_runtime.errors import InputError


def test_answers_are_added_to_what_is_there(tmp_path):
    path = tmp_path / "l.csv.answers"
    for number in range(3):
        with Journal(path, 2) as journal:
            assert len(journal.replies) == number
            journal.add(f"key{number}", Reply(1))
    assert path.read_text().count("\n") == 3


@pytest.mark.skipif(os.name != "posix", reason="links, pipes and modes")
def test_a_link_in_its_place_is_not_followed_and_a_pipe_not_waited_for(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    victim.chmod(0o644)
    link, pipe = tmp_path / "l.csv.answers", tmp_path / "p.csv.answers"
    link.symlink_to(victim)
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="a link in the place"):
        Journal(link, 2)
    with pytest.raises(InputError, match="is not a file"):
        Journal(pipe, 2)
    assert victim.read_text() == "mine"
    assert victim.stat().st_mode & 0o777 == 0o644
