"""Commands killed at every step in which they change a disk, and given again: what is lost.

    python -m benchmarks.kill_points

Runs the harness of `tests/support/kill_points.py` over `kd-edge run`, `install`, `flash`,
`score -o` and `sign`: the process is killed before every step and in the middle of every write,
and the same command is given again. It has to end with the very files of a command that nobody
killed, byte for byte, with nothing left over. Writes `results/kill_points.json`; the first loss
ends it with an error.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks import record
from kd_edge.console.tables import markdown

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))


def table() -> str:
    """What was tried, by command."""
    names = ("steps", "killed", "distinct", "lost")
    found = record.read("kill_points")["figures"]
    rows = [[f"`{said}`", *(f"{one[name]:,}" for name in names)] for said, one in found.items()]
    rows.append(["all", *(f"{sum(one[name] for one in found.values()):,}" for name in names)])
    header = ["command", "steps", "killed at a step or in a write", "different states", "lost"]
    return markdown(header, rows)


@click.command()
@click.option("--jobs", type=click.IntRange(1), default=2, help="Processes for the kills of 'run'.")
def main(jobs: int) -> None:
    """Kill everywhere; a command that does not come to the same ends it with an error."""
    import kill_scenarios

    figures = {"run": asdict(kill_scenarios.every_kill_of_a_run(jobs))}
    for name in kill_scenarios.SMALL:
        figures[name] = asdict(kill_scenarios.counts(name))
        click.echo(f"{name}: {figures[name]}")
    click.echo(str(record.write("kill_points", figures, 0)))


if __name__ == "__main__":
    main()
