"""Commands to be killed at every step, what they start from, and what they have to end with."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

# Before torch is imported: its threads do not live on in forked children.
os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")

import flash_cuts
import power_steps
from kill_points import Command, Points, command, copied_points, kill_points, without_times
from power_cuts import fast_folder, run
from power_model import Tree, lay, tree

RUN = ("--teacher-epochs", "2", "--variants", "20", "--student-epochs", "3", "--ngrams", "40")
"""Options of a full run in a second or two."""


class RunScenario:
    """`kd-edge run` on a tiny item, by a model of random weights.

    Args:
        folder: an empty folder.
        options: of the command.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        from kd_edge.soft_labels import label_variants
        from kd_edge.training import checkpoint
        from tiny import tiny_teacher
        from workshop import item_of, write_table

        power_steps._PIECE = 1 << 20
        os.environ["SOURCE_DATE_EPOCH"] = "1700000000"  # bundles are then equal
        checkpoint._SECONDS = 0.0  # a checkpoint after each epoch
        label_variants.CHUNK = 8
        self.disk, self.out = folder / "disk", folder / "disk" / "out"
        self.disk.mkdir()
        model = tiny_teacher(folder / "model")
        table = write_table(folder / "tiny.csv", [item_of(30)])
        chosen = ("--model", model, "--precision", "fp32", *RUN, *options)
        self.command = command("run", table, "-o", self.out, *chosen, codes=(6,))

    def copied(self, part: tuple[int, int]) -> Points:
        """A part of the kills of the run, from copies; see `copied_points`."""
        return copied_points(self.command, self.disk, without_times, part=part)

    def counts(self, faults: Iterable[str], every: int) -> Points:
        """Some kills of the run, or other ends."""
        return kill_points(self.command, self.disk, without_times, faults, every)


def install(folder: Path) -> Points:
    """`kd-edge install`, where another bundle is in use."""
    root = folder / "disk" / "root"
    root.parent.mkdir()
    bundles = flash_cuts.make_bundles(folder)
    _done(command("install", bundles["old"], "--root", root), root.parent)
    return kill_points(command("install", bundles["new"], "--root", root), root.parent, _unnumbered)


def flash(folder: Path) -> Points:
    """`kd-edge flash` into the folder of a card, where another bundle is in use."""
    root = folder / "disk" / "root"
    root.parent.mkdir()
    bundles = flash_cuts.make_bundles(folder)
    _done(command("flash", bundles["old"], root), root.parent)
    return kill_points(command("flash", bundles["new"], root), root.parent, _unnumbered)


def score(folder: Path) -> Points:
    """`kd-edge score -o`, over the scores of an earlier table."""
    disk, table = folder / "disk", folder / "table.csv"
    lay(disk, {"scores.csv": b"response_id,predicted\nold,1\n"})
    bundle = flash_cuts.make_bundles(folder)["new"]
    rows = [f"r{number},the ice melts in {number} minutes" for number in range(600)]
    table.write_text("\n".join(["response_id,text", *rows]) + "\n", encoding="utf-8")
    return kill_points(command("score", bundle, table, "-o", disk / "scores.csv", "-q"), disk)


def sign(folder: Path) -> Points:
    """`kd-edge sign`, in place of the unsigned bundle."""
    disk, key = folder / "disk", folder / "key"
    bundle = flash_cuts.make_bundles(folder)["new"]
    lay(disk, {"item.kdz": bundle.read_bytes()})
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    return kill_points(command("sign", disk / "item.kdz", "--key", key), disk)


SMALL: dict[str, Callable[[Path], Points]] = {
    "install": install,
    "flash": flash,
    "score -o": score,
    "sign": sign,
}
"""Those that take seconds."""


def kills_of_a_run(part: tuple[int, int]) -> Points:
    """A part of all kills of `kd-edge run`, such as (0, 2) for the first of two."""
    with fast_folder() as folder:
        scenario = RunScenario(folder)
        before = tree(scenario.disk)
        scenario.command()  # so that no child has to import what it needs
        lay(scenario.disk, before)
        return scenario.copied(part)


def every_kill_of_a_run(parts: int) -> Points:
    """All of them, in so many processes."""
    asked = [[sys.executable, __file__, str(part), str(parts)] for part in range(parts)]
    running = [subprocess.Popen(words, stdout=-1, stderr=-1, text=True) for words in asked]
    said = [process.communicate() for process in running]
    for out, err in said:
        assert out, err
    found = [Points(**json.loads(out)) for out, _ in said]
    return Points(
        steps=found[0].steps,
        killed=sum(one.killed for one in found),
        distinct=sum(one.distinct for one in found),
        lost=sum(one.lost for one in found),
    )


def counts(name: str) -> Points:
    """Kills one of `SMALL` at every step."""
    with fast_folder() as folder:
        return SMALL[name](folder)


def _done(call: Command, disk: Path) -> None:
    """Runs a command in a child, as part of what is there before."""
    ran = run(call, disk, tree(disk))
    assert ran.end == "done", ran.end


def _unnumbered(found: Tree) -> Tree:
    """Slots without their numbers, which count what was interrupted too, and their records."""
    names = {re.sub(r"slot\d+\.kdz", _name_of(data), name): data for name, data in found.items()}
    return {name: data for name, data in names.items() if not name.endswith((".ok", "probe.json"))}


def _name_of(data: bytes | None) -> str:
    return f"slot-{hashlib.sha256(data or b'').hexdigest()[:12]}.kdz"


if __name__ == "__main__":
    json.dump(asdict(kills_of_a_run((int(sys.argv[1]), int(sys.argv[2])))), sys.stdout)
