"""Rich text becomes plain text by rules that never change."""

from __future__ import annotations

import hashlib
import time
from html.entities import name2codepoint

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_runtime.text.markup import plain_text

EXAMPLES = {
    "<p>H<sub>2</sub>O &amp; ice</p>": "H2O & ice",
    "<p>one</p><p>two<br/>three</p>": "one\ntwo\nthree",
    '<p class="x" hidden>ice</p>': "ice",
    '<img src="data:image/png;base64,iVBOR//+==" alt="x > y">ice': "ice",
    "<td>1</td><td>2</td>": "1 2",
    "<o:p></o:p>ice": "ice",
    "<style>p {}</style><!-- note -->ice<!DOCTYPE x>": "ice",
    "<!-- never closed": "< !-- never closed",
    "x<y and y>z, a<b and c>d": "x< y and y>z, a< b and c>d",
    "a < b": "a < b",
    "&lt;b&gt; &amp;nbsp;&amp;lt;5": "< b> < 5",
    "&#8217;&#150;&#x41;&eacute;&nosuch;&#0;": "’–Aé& nosuch;\ufffd",
    "tom & jerry, AT&T": "tom & jerry, AT& T",
    r"\(\frac{1}{2} + \sqrt{x}\)": "1 / 2 + sqrt x",
    r"$90^\circ$, $20^{\circ}C$, $x^{\circ2}$": "90 ° , 20 ° C , x^{ ° 2}",
    r"\^\circ ^\circle": "° ^ circle",
    r"$$5 \times 10^{3}$$ \% {1}": "5 × 10^{3} % {1}",
    r"\begin{align}x\\y\end{align}": "x\ny",
    "C:\\new": "C: new",
    "\\": "",
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples(text):
    assert plain_text(text) == EXAMPLES[text]


def test_the_names_of_entities_never_change():
    names = ",".join(f"{name}={code}" for name, code in sorted(name2codepoint.items()))
    assert len(name2codepoint) == 252
    assert (
        hashlib.sha256(names.encode()).hexdigest()
        == "f442552d3439f761e0e650296d44e1f6f37b7288123f5f363b83644a4af8379c"
    )


WORDS = ["lt;", "amp;", "#60;", "frac", "!--", "-->", "<script>", "</script>", "&lt;", "&#92;"]
PIECES = st.sampled_from([*"<>&$\\{}abp\"' =/\n", *WORDS, "\\frac{", "}{", "^\\circ", "^{\\circ}"])


@given(st.lists(PIECES | st.characters()).map("".join))
def test_what_is_plain_stays(text):
    made = plain_text(text)
    assert plain_text(made) == made
    assert not {*made} & {*"\\$"} or made == text
    unmarked = text.translate(dict.fromkeys(map(ord, "<&$\\")))
    assert plain_text(unmarked) == unmarked


HOSTILE = (
    *("<", "&", "\\", "$", "<a ", '<a x="', "<a x='\"", "<!--", "<script>", "&amp;", "&#", "</"),
    *("\\frac{", "<a b ", "&amp;amp;", "<b" + 50 * " ", "<a x=\" <a y=' ", "\\begin{", "<!", "{"),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_text_takes_no_longer_for_each_character(piece):
    started = time.process_time()
    plain_text(piece * (400_000 // len(piece)))
    assert time.process_time() - started < 30, "quadratic time would be minutes"
