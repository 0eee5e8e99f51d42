"""The HTML file that `assemble` makes: one file, its policy, what is in it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

import pytest

import page_cases
from kd_edge.page import assemble
from kd_edge.page.assemble import ItemTexts, PageBundle, page
from kd_edge_runtime.errors import InputError
from page_texts import bytes_of

BUNDLE = page_cases.TESTS / "bundles" / "protocol-1.kdz"


@pytest.fixture(scope="module")
def html():
    return page([PageBundle(BUNDLE, {"stove": ItemTexts("Which </script> is hot?")})])


def block(html, name):
    return re.search(rf'<script type="[^"]*" id="{name}">([^<]*)</script>', html)[1]


def text_of(html, name):
    return gzip.decompress(bytes_of(block(html, name))).decode("utf-8")


def hash_of(text):
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def test_the_policy_names_what_may_run_and_nothing_else(html):
    program, style = text_of(html, "kd-program"), text_of(html, "kd-style")
    loader = re.search(r'<script type="module">(.*?)</script>', html, re.DOTALL)[1]
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)[1]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{hash_of(loader)}' 'sha256-{hash_of(program)}' 'wasm-unsafe-eval'",
        f"style-src 'sha256-{hash_of(style)}'",
        "worker-src blob:",
        "img-src data:",
        "form-action 'none'",
        "base-uri 'none'",
    ]
    # Before it nothing could be loaded or run.
    assert (
        html.index("Content-Security-Policy") < re.search("<style|<script|<link|<img", html).start()
    )


def test_the_file_is_whole_in_itself(html):
    outside = re.sub(r'<script type="[^"]*" id="[^"]*">[^<]*</script>', "", html)
    assert not re.search(r"\b(src|action|on\w+)=|href=\"(?!#)", outside)
    facts = json.loads(block(html, "kd-bundles"))
    (bundle,) = facts["bundles"]
    assert bundle["hash"] == hashlib.sha256(BUNDLE.read_bytes()).hexdigest()
    assert bundle["texts"]["stove"]["prompt"] == "Which </script> is hot?"
    data = bytes_of(block(html, "kd-bundle-0"))
    assert hashlib.sha256(data).hexdigest() == bundle["bytesHash"]


def test_the_same_bundles_give_the_same_page(html):
    texts = {"stove": ItemTexts("Which </script> is hot?")}
    assert page([PageBundle(BUNDLE, texts)]) == html


def test_an_item_in_two_bundles_is_refused():
    with pytest.raises(InputError, match="item 'stove' is in both"):
        page([PageBundle(BUNDLE), PageBundle(BUNDLE)])


def test_text_is_never_put_in_as_html():
    for path in assemble.APP.rglob("*.mjs"):
        found = re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|eval\(",
            path.read_text(encoding="utf-8"),
        )
        assert not found, f"{path.name}: {found[0]}"
