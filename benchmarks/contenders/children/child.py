"""Scores with one contender, in a process of its own.

    python child.py time  MODULE FOLDER ARGUMENT FIRST TEXTS
    python child.py score MODULE FOLDER ARGUMENT TASK OUT
    python child.py make  MODULE FOLDER TASK SETTINGS

MODULE stands beside this file. `load(FOLDER, ARGUMENT)` of one that scores returns an object with
`one(text)` and `many(texts)`, which are timed as its users would call them, and
`probabilities(texts)`. `make(TASK, FOLDER, SETTINGS)` of one that makes fills the folder and
returns what to report. Until the first score nothing is imported here that the contender does not
import itself.
"""

from __future__ import annotations

import sys

BATCH_S = 5.0
"""Seconds that the batch may take, as one response after the other foretells it."""

FEWEST = 64
"""Responses of a batch, however slow the contender."""


def main() -> None:
    """Does what the command line says."""
    what, module, folder, *rest = sys.argv[1:]
    {"time": _time, "score": _score, "make": _make}[what](__import__(module), folder, *rest)


def _time(module, folder, argument, first, texts):
    contender = module.load(folder, argument)
    with open(first, encoding="utf-8", newline="") as file:  # noqa: PTH123 (pathlib takes time)
        text = file.read()
    contender.one(text)
    sys.stdout.write("scored\n")
    sys.stdout.flush()
    peak_first = peak_kib()

    import json
    from pathlib import Path
    from time import perf_counter

    given = json.loads(Path(texts).read_text(encoding="utf-8"))
    for text in given["warm"]:
        contender.one(text)
    one = []
    for text in given["one"]:
        started = perf_counter()
        contender.one(text)
        one.append(perf_counter() - started)
    peak_one = peak_kib()
    number = batch_size(sorted(one)[len(one) // 2], len(given["batch"]))
    batch = given["batch"][:number]
    started = perf_counter()
    contender.many(batch)
    seconds = perf_counter() - started
    found = {
        "one": one,
        "batch": {"responses": number, "seconds": seconds},
        "peak_kib": {"first": peak_first, "one": peak_one, "batch": peak_kib()},
        "versions": versions(getattr(module, "PACKAGES", ())),
    }
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def _score(module, folder, argument, task, out):
    import json
    from pathlib import Path

    contender = module.load(folder, argument)
    rows = json.loads(Path(task).read_text(encoding="utf-8"))
    found = {
        part: [
            [float(one) for one in row]
            for row in contender.probabilities([row["text"] for row in rows[part]])
        ]
        for part in ("held_out", "test")
    }
    Path(out).write_text(json.dumps(found), encoding="utf-8")


def _make(module, folder, task, settings):
    import json
    import os
    from pathlib import Path

    if hasattr(os, "nice"):
        os.nice(10)
    rows = json.loads(Path(task).read_text(encoding="utf-8"))
    made = module.make(rows, Path(folder), json.loads(settings))
    sys.stdout.write(json.dumps(made) + "\n")


def batch_size(one: float, most: int) -> int:
    """How many responses to score at once.

    Args:
        one: seconds that one response takes.
        most: responses there are.
    """
    return min(most, max(FEWEST, int(BATCH_S / max(one, 1e-9))))


def peak_kib():
    """The most memory that this process has held, KiB; None where the system does not say.

    Linux' VmHWM is this program's own. `getrusage` would count the process that started it too.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def versions(packages):
    """The versions of packages by name."""
    from importlib.metadata import version

    return {name: version(name) for name in packages}


if __name__ == "__main__":
    main()
