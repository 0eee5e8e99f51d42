"""The items of a run as tasks of a Ray cluster (https://docs.ray.io).

Ray places the tasks, and runs one again whose machine or process is lost. All machines share the
run's folder: the records of its stages say what is left to do, and what its stages leave stays
there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_edge.console.progress import say, track
from kd_edge.runs.cluster_joining import LOCAL, joined, stops_noticed
from kd_edge.runs.cluster_task import ClusterError, Outcome, Site, work
from kd_edge.runs.items import Failed, sort_outcomes
from kd_edge.stages.record import StoppedError, versions
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.system.temporary import open_temporary

if TYPE_CHECKING:
    from kd_edge.runs.item_run import ItemRun
    from kd_edge.runs.item_task import ItemTask

# How often an item may lose its machine: each time it goes on from its records.
_RETRIES = 10
# Seconds between two looks at how far the items are.
_LOOK_S = 2.0
# Seconds in which tasks may save what they have, when the run is stopped.
_STOP_S = 20.0
_NAMED = 4  # items at work that are named beside the bar

_MISSING = (
    "--cluster needs the package ray, which is not installed. Install it with\n"
    "  pip install 'kd-edge[cluster]'\n"
    "here and on all machines of the cluster."
)


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster, and what an item takes of it.

    Attributes:
        address: as Ray takes it: "auto" for the cluster that this machine belongs to, HOST:PORT of
            its head, or "local".
        cpus: CPUs of an item, >= 1, which are its threads.
        gpus: GPUs of the stages that the large model computes, >= 0; the others take none.

    Raises:
        InputError: the package ray is not installed.
    """

    address: str
    cpus: int = 1
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if find_spec("ray") is None:
            raise InputError(_MISSING)

    def each_item(
        self, tasks: Sequence[tuple[str, ItemTask]]
    ) -> tuple[list[ItemRun], list[Failed]]:
        """Run every item, even where others fail, as many at a time as the cluster has room for.

        Args:
            tasks: each item's name, and its task; at least one. They share the run's folder.

        Returns:
            The items that succeeded and those that failed, both in the order of `tasks`.

        Raises:
            InputError: there is no such cluster, or a machine of it does not see the run's folder
                or has other versions of the packages; or all items failed.
            KdEdgeError: the only item failed.
            StoppedError: the user stopped it: no task is left.
        """
        # A link's own name, as the other machines know it.
        out = Path(os.path.abspath(tasks[0][1].out))  # noqa: PTH100
        with joined(self.address) as ray, _mark(out) as mark, stops_noticed() as stop:
            self._describe(ray)
            site = Site(mark, Path.cwd(), versions(), self.cpus)
            # Retried is what lost its worker: an item that fails gives its error back.
            settings = {"num_cpus": self.cpus, "max_retries": _RETRIES, "name": "kd-edge item"}
            remote = ray.remote(**settings)(work)
            at_work = _AtWork(tasks, out)
            waiting: dict[Any, int] = {}
            started: list[Any] = []
            try:
                for place, (_, task) in enumerate(tasks):
                    *first, last = self._start(remote, site, replace(task, out=out))
                    started += [*first, last]
                    waiting[last] = place
                names = [name for name, _ in tasks]
                return sort_outcomes(names, _outcomes(ray, waiting, names, at_work, stop))
            except KeyboardInterrupt:
                say("Stopping the tasks of the cluster…")
                with suppress(KeyboardInterrupt):  # who presses it again does not want to wait
                    _cancel(ray, started)
                raise StoppedError(
                    "The run was stopped, and its tasks on the cluster. Finished stages are kept: "
                    "start the same command again to go on."
                ) from None

    def _start(self, remote: Any, site: Site, task: ItemTask) -> list[Any]:
        """Start the tasks of an item, of which the last gives it back; one waits for the other."""
        if not self.gpus:
            return [remote.remote(site, task)]
        taught = remote.options(num_gpus=self.gpus).remote(site, task, teach=True)
        return [taught, remote.remote(site, task, taught)]

    def _describe(self, ray: Any) -> None:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        total = {kind: sum(one.get(kind, 0) for one in nodes) for kind in ("CPU", "GPU")}
        say(f"Cluster: machines: {len(nodes)}, CPUs: {total['CPU']:g}, GPUs: {total['GPU']:g}.")
        if not any(
            one.get("CPU", 0) >= self.cpus and one.get("GPU", 0) >= self.gpus for one in nodes
        ):
            missing = f"the CPUs ({self.cpus}) and GPUs ({self.gpus:g}) of an item"
            if self.address == LOCAL:  # which no other joins
                raise InputError(
                    f"this machine has not {missing} for Ray, but CPUs: {total['CPU']:g}, GPUs: "
                    f"{total['GPU']:g}. Ask for no more with --cluster-cpus and --cluster-gpus."
                )
            say(f"No machine of it has {missing}: waiting until one joins. Ctrl-C stops it.")


@contextmanager
def _mark(out: Path) -> Iterator[Path]:
    """A file in the run's folder by which another machine sees that it is the same folder."""
    with plain_write_errors(out):
        # Of a new name, so that no file system's cache knows it; removed by `sweep` if we die.
        number, mark = open_temporary(out / "cluster")
    try:
        yield mark
    finally:
        os.close(number)
        mark.unlink(missing_ok=True)


def _outcomes(
    ray: Any,
    waiting: dict[Any, int],
    names: Sequence[str],
    at_work: _AtWork,
    stop: threading.Event,
) -> Iterator[tuple[int, ItemRun | KdEdgeError]]:
    """The items and what became of them as they end; shows how far all are."""
    with track("running items on the cluster", len(names)) as tracker:
        while waiting:
            ready, _ = ray.wait([*waiting], timeout=_LOOK_S)
            if stop.is_set():
                raise KeyboardInterrupt
            for task in ready:
                place = waiting.pop(task)
                outcome = _outcome(ray, task)
                tracker.advance()
                say(f"Item '{names[place]}' ended, {tracker.done} of {len(names)}:")
                if outcome.said:
                    say(outcome.said.rstrip())
                if outcome.all_fail:
                    raise ClusterError(outcome.error)
                yield place, outcome.run or _error(outcome)
            tracker.note(at_work.words())
            tracker.advance(0)
        if stop.is_set():  # while the last was fetched
            raise KeyboardInterrupt


def _outcome(ray: Any, task: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(task)
    except ray.exceptions.RayTaskError as error:  # before or after the work itself
        return Outcome(
            error=f"a machine of the cluster cannot run kd-edge ({type(error.cause).__name__}): "
            "install kd-edge[cluster] there, in the version that is here.",
            all_fail=True,
        )
    except ray.exceptions.RayError as error:
        return Outcome(
            error=f"the cluster lost its task {_RETRIES + 1} times ({type(error).__name__}): a "
            "machine's memory may be too small. Finished stages are kept: start the same command "
            "again"
        )
    return outcome


def _error(outcome: Outcome) -> KdEdgeError:
    error = KdEdgeError(outcome.error)
    error.exit_code = outcome.exit_code
    return error


class _AtWork:
    """Which items are at work, and how far, by what they leave in the run's folder.

    Args:
        tasks: each item's name, and its task.
        out: the run's folder.
    """

    def __init__(self, tasks: Sequence[tuple[str, ItemTask]], out: Path) -> None:
        self._names = {task.folder.name: name for name, task in tasks}
        self._out = out
        self._left = self._locks()  # by tasks of before, which were killed

    def words(self) -> str:
        """A line without any response."""
        folders = [name for name, _ in sorted(self._locks() - self._left) if name in self._names]
        if not folders:
            return "waiting for the cluster"
        words = []
        for folder in folders[:_NAMED]:
            stages = len([*(self._out / folder).glob("*.stage.json")])
            words.append(f"{self._names[folder]} (stages done: {stages})")
        more = len(folders) - _NAMED
        return "at work: " + ", ".join([*words, *([f"{more} more"] if more > 0 else [])])

    def _locks(self) -> set[tuple[str, int]]:
        """The folder of each item with a lock, and when that was written."""
        found = set()
        for lock in self._out.glob(".item-*.lock"):
            with suppress(OSError):  # it is gone
                found.add((lock.name[1 : -len(".lock")], lock.stat().st_mtime_ns))
        return found


def _cancel(ray: Any, tasks: Sequence[Any]) -> None:
    """Stop tasks as by Ctrl-C; those that do not end are ended when this program leaves."""
    for task in tasks:
        ray.cancel(task, force=False, recursive=False)
    if tasks:
        ray.wait([*tasks], num_returns=len(tasks), timeout=_STOP_S, fetch_local=False)
