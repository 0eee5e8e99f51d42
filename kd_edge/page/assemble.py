"""One HTML file that scores in a browser, offline: the page, the core and bundles in one.

The sources are `app/` (the page and what it does) and `core/` (the scoring). Modules are joined as
text (see `modules` for what they keep to), so that neither a compiler nor a network is needed. What
a browser may run is said by a Content-Security-Policy: the scripts of this file alone, by their
hashes, and no connection at all.

`app/page.html` is the frame, with the places of `_PARTS`; no element of it may have a `style`
attribute, which the policy forbids (`element.style` of a script is allowed). `#kd-start` is what is
seen until the program runs, and where it is said if it cannot. `app/main.mjs` starts the screen,
and `app/scoring.mjs` is what it asks.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kd_edge.console.progress import track
from kd_edge.page import modules, sources
from kd_edge.page.packed import PackedBundle, packed_bundle
from kd_edge.page.seven_bits import as_text
from kd_edge.page.usual_names import usual_names
from kd_edge_runtime._version import __version__
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.system.outputs import refuse_unwritable_file

APP = Path(__file__).with_name("app")

# Bytes of bundles that take more than two seconds.
_LARGE = 20 << 20

_PARTS = ("policy", "data", "script")
"""What the frame has places for, each as `<!--name-->`."""


@dataclass(frozen=True)
class ItemTexts:
    """What the page shows of an item that its bundle does not hold.

    Attributes:
        prompt: the question; "" for none.
        rubric: how it is marked; "" for none.
    """

    prompt: str = ""
    rubric: str = ""


@dataclass(frozen=True)
class PageBundle:
    """A bundle for the page.

    Attributes:
        path: the `.kdz`.
        texts: by item; items may be missing.
    """

    path: Path
    texts: Mapping[str, ItemTexts] = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenPage:
    """A page that was written.

    Attributes:
        bytes: its size.
        items: those that it scores.
        first_only: those of them that have a second student, which it does without.
        left_out: those that it cannot score, each with its kind of student.
        bundles: their names and SHA-256 hashes.
    """

    bytes: int
    items: tuple[str, ...]
    first_only: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    bundles: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {**asdict(self), "left_out": dict(self.left_out)}


def write_page(bundles: Sequence[PageBundle], output: Path) -> WrittenPage:
    """Writes the HTML file, completely or not at all; see `page`.

    Raises:
        InputError: it cannot be written, or see `page`.
        BundleError: see `page`.
    """
    refuse_unwritable_file(output)
    for bundle in bundles:
        if output.exists() and bundle.path.exists() and output.samefile(bundle.path):
            raise InputError(f"{output}: the page would overwrite the bundle: choose another name")
    with _progress(bundles) as advance:
        packed = []
        for bundle in bundles:
            packed.append(packed_bundle(bundle.path))
            advance()
        data = _html(packed, bundles).encode("utf-8")
        with atomic_write(output, binary=True) as file:
            file.write(data)
        advance()
    return WrittenPage(
        len(data),
        tuple(item for one in packed for item in one.items),
        tuple(item for one in packed for item in one.seconds),
        tuple(pair for one in packed for pair in one.left_out),
        {one.name: one.sha256 for one in packed},
    )


@contextmanager
def _progress(bundles: Sequence[PageBundle]) -> Iterator[Callable[[], None]]:
    """What to call after each bundle and at the end; it shows progress where that takes seconds."""
    size = sum(bundle.path.stat().st_size for bundle in bundles if bundle.path.exists())
    if size < _LARGE:
        yield lambda: None
        return
    with track("making the page", len(bundles) + 1) as tracker:
        yield tracker.advance


def page(bundles: Sequence[PageBundle]) -> str:
    """The HTML file that scores the items of bundles.

    Args:
        bundles: at least one.

    Raises:
        InputError: no item of a bundle can be scored in a page, two bundles have an item of the
            same name, or a file cannot be read.
        BundleError: a bundle is damaged or too new.
    """
    return _html([packed_bundle(bundle.path) for bundle in bundles], bundles)


def _html(packed: Sequence[PackedBundle], bundles: Sequence[PageBundle]) -> str:
    _refuse_repeated_items(packed)
    worker = json.dumps(_worker(), ensure_ascii=False)
    program = f"globalThis.kdEdgeWorker = {worker};\n{_script('main.mjs')}"
    loader = _script("loader.mjs")
    if "</" in loader or "<!--" in loader:
        raise ValueError("loader.mjs would end the element that it is put into")
    style = (APP / "style.css").read_text(encoding="utf-8")
    facts = {"version": __version__, "bundles": [*map(_facts, packed, bundles)]}
    blocks = [
        _block("kd-bundles", "application/json", json.dumps(facts).replace("<", "\\u003c")),
        *(
            _block(f"kd-bundle-{place}", "text/plain", as_text(bundle.data))
            for place, bundle in enumerate(packed)
        ),
        _block("kd-style", "text/plain", _compressed(style.encode("utf-8"))),
        _block("kd-wasm", "text/plain", _compressed(sources.wasm())),
        _block("kd-program", "text/plain", _compressed(program.encode("utf-8"))),
    ]
    return _filled(
        (APP / "page.html").read_text(encoding="utf-8"),
        policy=_policy((loader, program), style),
        data="\n".join(blocks),
        script=f'<script type="module">{loader}</script>',
    )


def _worker() -> str:
    """The script of the worker, which can be no module where the page is a file."""
    names = json.dumps(usual_names(), ensure_ascii=False, separators=(",", ":"))
    script = _script("worker.mjs").replace("import.meta.url", "location.href")
    return f'"use strict";\nglobalThis.kdEdgeNames = {names};\n{script}'


def _script(name: str) -> str:
    return modules.packed(modules.joined(APP / name))


def _refuse_repeated_items(bundles: Sequence[PackedBundle]) -> None:
    seen: dict[str, str] = {}
    for bundle in bundles:
        for item in bundle.items:
            if item in seen:
                raise InputError(
                    f"item '{item}' is in both {seen[item]} and {bundle.name}: a page has each "
                    "item once, so leave one of the bundles out"
                )
            seen[item] = bundle.name


def _facts(packed: PackedBundle, bundle: PageBundle) -> dict[str, object]:
    texts = {
        name: {"prompt": text.prompt, "rubric": text.rubric} for name, text in bundle.texts.items()
    }
    return {
        "name": packed.name,
        "hash": packed.sha256,
        "signed": packed.signed or None,
        "seconds": list(packed.seconds),
        "texts": texts,
        "bytesHash": hashlib.sha256(packed.data).hexdigest(),
    }


def _policy(scripts: Sequence[str], style: str) -> str:
    content = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))} 'wasm-unsafe-eval'",
            f"style-src {_hash(style)}",
            "worker-src blob:",
            "img-src data:",
            "form-action 'none'",
            "base-uri 'none'",
        )
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">'


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _compressed(data: bytes) -> str:
    return as_text(gzip.compress(data, 9, mtime=0))


def _block(name: str, kind: str, text: str) -> str:
    return f'<script type="{kind}" id="{name}">{text}</script>'


def _filled(frame: str, **parts: str) -> str:
    for name in _PARTS:
        before, mark, after = frame.partition(f"<!--{name}-->")
        if not mark:
            raise ValueError(f"page.html has no place for '{name}'")
        frame = before + parts[name] + after
    return frame
