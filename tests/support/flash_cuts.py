"""Power cuts in flashing a folder, and in putting a kit's runtime onto a device.

`counts` cuts all of them, in a process of its own that has little in memory to be forked.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from dataclasses import asdict, replace
from pathlib import Path

# Imported here, so that no child has to.
import kd_edge_runtime.cli.group  # noqa: F401
from kd_edge.flash.device.disk import SUMS, Refused, intact, sums
from kd_edge.flash.device.kit import open_kit
from kd_edge.flash.device.runtime import has_launcher, install_runtime, installed, newest
from kd_edge.flash.kit.build import Kit
from kd_edge.flash.kit.payload import read_payload
from kd_edge.flash.to_folder import flash_folder
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.slots.slots import Slots
from kd_edge_runtime.students.bag import FORM
from power_cuts import Cuts, cut_points, fast_folder
from power_model import lay

TEXTS = ("The water gets warm because the stove heats it.", "the ice melts", "")
NAMES = ("old", "new")


def make_bundles(folder: Path) -> dict[str, Path]:
    """Makes two bundles that score differently, `old` and `new`, for plain Python only."""
    import bundles_made

    paths = {name: folder / f"{name}.kdz" for name in NAMES}
    for seed, path in enumerate(paths.values(), 1):
        item = bundles_made.item(seed=seed)
        bundles_made.write(path, [replace(item, forms={FORM: item.forms[FORM]})])
    return paths


def scores(scorer: Scorer) -> list[tuple[float, ...]]:
    """The probabilities of some responses."""
    with scorer:
        return [one.probabilities for one in scorer.score_many(TEXTS)]


def scored_with(root: Path, bundles: dict[str, Path]) -> str | None:
    """Which bundle's scores a device gives, bit for bit; None where it has none."""
    try:
        found = scores(Scorer(Slots(root).open()))
    except InputError:
        return None
    return next(name for name, path in bundles.items() if scores(Scorer.open(path)) == found)


def tiny_kit(word: str, python: str | None = None) -> Kit:
    """A kit whose runtime says a word and no more."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("kd_edge_runtime/cli.py", f"def main():\n    print('{word}')\n")
    about = json.dumps({"platform": "pi-64", "python": python, "least_python": [3, 9]})
    files = {
        "kd_edge_runtime-1-py3-none-any.whl": packed.getvalue(),
        "kit.json": about.encode("ascii"),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return Kit(python, (3, 9), {**files, SUMS: sums(hashes)})


def said(root: Path) -> str | None:
    """The word of a device's runtime, all of which has to be whole; None where it has none."""
    lib = newest(root)
    if lib is None or not has_launcher(root):
        return None
    assert intact(lib), "the runtime is damaged"
    return (lib / "kd_edge_runtime" / "cli.py").read_text().split("'")[1]


def _folder(folder: Path, before: bool, kits: tuple[Kit, Kit] | None) -> Cuts:
    """A folder that is flashed with a bundle, or with another one, and another kit."""
    disk, root = folder / "disk", folder / "disk" / "root"
    bundles = {name: folder / f"{name}.kdz" for name in NAMES}
    payloads = {name: read_payload(path) for name, path in bundles.items()}
    old_kit, new_kit = kits or (None, None)

    def flash(name: str, kit: Kit | None) -> None:
        with redirect_stderr(io.StringIO()):
            flash_folder(name, root, payloads[name], kit)

    lay(disk, {})
    if before:
        flash("old", old_kit)
    was = scored_with(root, bundles)
    files = [kit.files for kit in kits or ()]

    def check(finished: bool) -> None:
        found = scored_with(root, bundles)
        assert found in (["new"] if finished else [was, "new"]), found
        if kits and finished:
            assert open_kit(root / "kit") == new_kit.files
        elif kits:
            with suppress(Refused, OSError):  # half a kit is told from a whole one
                assert open_kit(root / "kit") in files
        flash("new", new_kit)
        assert scored_with(root, bundles) == "new"
        if kits:
            assert open_kit(root / "kit") == new_kit.files
            assert (root / "install.sh").is_file()

    return cut_points(lambda: flash("new", new_kit), disk, check)


def _runtime(disk: Path, before: Kit | None, after: Kit) -> Cuts:
    """A device that gets another runtime."""
    lay(disk, {})
    root = disk / "root"
    root.mkdir()

    def install(kit: Kit) -> None:
        try:
            install_runtime(kit.files, root, str)
        except (Refused, OSError) as error:  # what the device's program tells in one line
            raise KdEdgeError(str(error)) from None

    if before:
        install(before)
    old = said(root)

    def check(finished: bool) -> None:
        found = said(root)
        assert found in (["new"] if finished else [old, "new"]), found
        install(after)
        assert said(root) == "new"
        assert installed(root).startswith(after.id)
        assert len(list((root / "runtime").iterdir())) == 2  # and the lock

    return cut_points(lambda: install(after), disk, check)


def _scenarios(folder: Path) -> dict[str, Callable[[], Cuts]]:
    kits = (tiny_kit("old"), tiny_kit("new"))
    return {
        "folder, first bundle": lambda: _folder(folder, False, None),
        "folder, another bundle and kit": lambda: _folder(folder, True, kits),
        "runtime, first": lambda: _runtime(folder / "disk", None, kits[1]),
        "runtime, another": lambda: _runtime(folder / "disk", *kits),
    }


def counts() -> dict[str, Cuts]:
    """Cuts all, at once; the counts by what was cut.

    Raises:
        AssertionError: a cut was not survived, with what was found after which step.
    """
    with fast_folder() as folder:
        running = {}
        for number, name in enumerate(_scenarios(folder)):
            place = folder / str(number)
            place.mkdir()
            make_bundles(place)
            command = [sys.executable, __file__, str(place), name]
            pipe = subprocess.PIPE
            running[name] = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        found = {name: process.communicate() for name, process in running.items()}
    for out, err in found.values():
        assert out, err
    return {name: Cuts(**json.loads(out)) for name, (out, _) in found.items()}


def _main(folder: str, name: str) -> None:
    json.dump(asdict(_scenarios(Path(folder))[name]()), sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])
