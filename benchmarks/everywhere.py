"""Compares scores on every Python, numpy and processor that can be had here.

    python -m benchmarks.everywhere --work WORK

On each, every backend that is installed scores the golden rows of all bundles in tests/bundles, and
plain Python (or the core) the texts of tests/conformance. `make devices wheels newer-python` gets
what is not a package; packages are installed into WORK. What cannot be had is listed as untested.
Writes `results/everywhere.json`.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from benchmarks.emulated.runtime import build_wheel, unpack
from benchmarks.everywhere_combinations import (
    CORE,
    ROOT,
    CannotBeHadError,
    Combination,
    Runner,
    combinations,
)
from kd_edge.console.tables import markdown

BUNDLES = sorted((ROOT / "tests" / "bundles").glob("*.kdz"))
CHILD = Path(__file__).with_name("everywhere_child.py")
CORPUS = ROOT / "tests" / "conformance" / "check.py"


@click.command()
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--only", help="A processor: the figures of the others stay as they are.")
def main(work: Path, only: str | None) -> None:
    """Compare scores on every Python, numpy and processor that can be had here."""
    work.mkdir(parents=True, exist_ok=True)
    rows = [] if only is None else record.read("everywhere")["figures"]["rows"]
    kept = [row for row in rows if row["processor"] != only]
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        runtime = unpack(wheel, Path(folder, "runtime"))
        for one in combinations():
            if only in (None, one.processor):
                kept.append(compared(one, runtime, work))
                click.echo(json.dumps(kept[-1]))
    processors = list(dict.fromkeys(one.processor for one in combinations()))
    kept.sort(key=lambda row: processors.index(row["processor"]))
    figures = {"bundles": [path.name for path in BUNDLES], "rows": kept}
    click.echo(str(record.write("everywhere", figures, 0)))


def compared(one: Combination, runtime: Path, work: Path) -> dict[str, Any]:
    """The figures of a combination, or why there are none."""
    row: dict[str, Any] = {"python": one.python, "processor": one.processor}
    try:
        runner = Runner(one, runtime, work)
    except CannotBeHadError as error:
        return {**row, "asked": [*one.packages], "untested": str(error)}
    golden = runner.run(CHILD, BUNDLES)
    if golden.returncode:
        return {**row, "asked": [*one.packages], "failed": golden.stderr.strip()[-500:]}
    row |= json.loads(golden.stdout.splitlines()[-1])
    row["python"] = one.python
    if not one.packages or one.packages == (CORE,):
        row["corpus"] = _corpus(one, runner)
    return row


def _corpus(one: Combination, runner: Runner) -> dict[str, Any]:
    """How many texts of the corpus were scored, and how many otherwise than is written there."""
    core = ["--core"] if one.packages == (CORE,) else []
    if one.processor == "WebAssembly":
        # Another C library has other exponentials, in the last bit: all else must be the same.
        here = Runner(Combination("3.11", "x86-64"), runner.runtime, Path())
        mine, theirs = (each.run(CORPUS, ["--digest"]).stdout for each in (runner, here))
        texts = int(theirs.split()[0])
        return {"texts": texts, "differing": 0 if mine == theirs else texts, "digest": True}
    said = runner.run(CORPUS, core).stdout
    found = re.search(r": (\d+) texts, (\d+) differ(?: by at most (\S+))?$", said)
    assert found, said
    return {"texts": int(found[1]), "differing": int(found[2]), "greatest": float(found[3] or 0)}


def table() -> str:
    """What was compared, and how much differed; and what was not, with the reason."""
    rows = []
    for one in record.read("everywhere")["figures"]["rows"]:
        place = [one["processor"], one["python"]]
        why = one.get("untested") or one.get("failed")
        if why:
            asked = ", ".join(one["asked"]) or "nothing"
            rows.append([*place, asked, "*untested*: " + why, "", "", "", ""])
            continue
        packages = ", ".join(" ".join(pair) for pair in one["packages"].items()) or "nothing"
        backends = one["backends"].values()
        compared = sum(each["rows"] for each in backends)
        differing = sum(each["differing"] for each in backends)
        greatest = max(each["greatest"] for each in backends)
        corpus = one.get("corpus")
        texts = [f"{corpus['texts']:,}", f"{corpus['differing']:,}"] if corpus else ["", ""]
        if corpus and corpus.get("greatest"):
            texts[1] += f" (≤ {corpus['greatest']:.0e})"
        names = ", ".join(one["backends"])
        rows.append(
            [*place, packages, names, f"{compared:,}", f"{differing:,} (≤ {greatest:.0e})", *texts]
        )
    header = ["processor", "Python", "beside the runtime", "backends", "golden rows"]
    return markdown([*header, "differing", "texts of the corpus", "differing"], rows)


if __name__ == "__main__":
    main()
