from __future__ import annotations

import pytest

from kd_edge_runtime.tables.roles import plain


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Response ID", "responseid"),
        ("Réponse (texte)", "reponsetexte"),
        ("YANIT", "yanit"),
        ("yanıt", "yanit"),
        ("YANİT", "yanit"),
        ("Schüler-Antwort", "schulerantwort"),
        ("Maßstab", "massstab"),
        ("?!", "?!"),
        ("", ""),
    ],
)
def test_words_for_comparison(words, expected):
    assert plain(words) == expected
