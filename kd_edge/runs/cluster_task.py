"""An item of a run in a worker of a Ray cluster.

What a task is given and gives back, an item's responses and its small model, goes through Ray's
memory, and none of it into Ray's logs: a task writes to no stream and raises no error, but gives
back what it said. What packages that are no Python write by themselves, as the package tokenizers
where it panics, goes nowhere.
"""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge.console.progress import only_ends
from kd_edge.runs.item_run import ItemRun
from kd_edge.runs.item_task import ItemTask
from kd_edge.stages.lock import held
from kd_edge.stages.record import versions
from kd_edge.training.threads import compute_with
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.system.child_limits import no_dumps

# Seconds to wait for a task that Ray took for lost: a machine that was cut off ends it a minute
# later, and a file server keeps the locks of one that is off for as long.
_LOST_S = 240.0


class ClusterError(InputError):
    """A machine of the cluster can run no item at all."""


@dataclass(frozen=True)
class Site:
    """What a machine has to have in common with the one that the run was started on.

    Attributes:
        mark: a file in the run's folder.
        start: the folder in which the command was started; a model may be named from there.
        versions: see `kd_edge.stages.record.versions`.
        cpus: threads to compute with.
    """

    mark: Path
    start: Path
    versions: Mapping[str, str]
    cpus: int

    def enter(self) -> None:
        """Prepare this process to run items.

        Raises:
            ClusterError: items cannot be run here.
        """
        no_dumps()  # as every command: responses are in this process's memory
        machine, folder = socket.gethostname(), self.mark.parent
        if not (self.mark.is_file() and os.access(folder, os.W_OK)):
            raise ClusterError(
                f"machine '{machine}' of the cluster does not see the run's folder '{folder}', or "
                "may not write into it. All machines have to share that folder under the same "
                "path, over NFS for example: name such a folder with -o."
            )
        mine = versions()
        other = [name for name in self.versions if mine.get(name) != self.versions[name]]
        if other:
            named = ", ".join(f"{name} {mine.get(name)}" for name in other)
            wanted = ", ".join(f"{name} {self.versions[name]}" for name in other)
            raise ClusterError(
                f"machine '{machine}' of the cluster has {named}, and this one {wanted}: scores "
                "could depend on the machine. Install the same versions."
            )
        if self.start.is_dir():
            os.chdir(self.start)
        compute_with(self.cpus)
        only_ends()


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        run: the item that was run; None for a task that only taught, or failed.
        ran: the stages that were run.
        said: what it wrote on the way.
        error: why it failed, or "".
        exit_code: of the error.
        all_fail: whether no other item can be run there either.
    """

    run: ItemRun | None = None
    ran: tuple[str, ...] = ()
    said: str = ""
    error: str = ""
    exit_code: int = 1
    all_fail: bool = False


def work(
    site: Site, task: ItemTask, before: Outcome | None = None, *, teach: bool = False
) -> Outcome:
    """Run an item, or its teacher's part, in a worker of Ray."""
    if before is not None and before.error:
        return before
    said = io.StringIO()
    with _unheard(), redirect_stderr(said), redirect_stdout(said):
        outcome = _attempt(site, task, before, teach)
    words = (before.said if before else "") + said.getvalue()
    return replace(outcome, said=words)


def _attempt(site: Site, task: ItemTask, before: Outcome | None, teach: bool) -> Outcome:
    try:
        site.enter()
        if before is not None:
            # The rest takes no GPU. With another device as an option, no stage would be kept.
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        with _alone(task.folder):
            if teach:
                return Outcome(ran=task.teach())
            run = task.run()
    except KdEdgeError as error:
        return Outcome(
            error=str(error),
            exit_code=error.exit_code,
            all_fail=isinstance(error, ClusterError),
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the package tokenizers is no `Exception`
        # Its text may hold a student's words: only its type goes into anything.
        return Outcome(
            error=f"an unexpected error ({type(error).__name__}) on machine "
            f"'{socket.gethostname()}' of the cluster. Run this item without --cluster, with "
            "KD_EDGE_DEBUG=1, to see the details"
        )
    if before is not None:
        outputs = replace(run.outputs, ran=(*before.ran, *run.outputs.ran))
        run = replace(run, outputs=outputs)
    return Outcome(run=run)


@contextmanager
def _unheard() -> Iterator[None]:
    """Keeps what is written to this process's output past Python out of Ray's logs."""
    kept = {stream: os.dup(stream) for stream in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in kept:
            os.dup2(nowhere, stream)
        yield
    finally:
        for stream, before in kept.items():
            os.dup2(before, stream)
            os.close(before)
        os.close(nowhere)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from an item until the block ends; wait for a task that Ray took for lost."""
    until = time.monotonic() + _LOST_S
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(folder, "running the item"))
                break
            except InputError as error:
                unwritable = isinstance(error.__cause__, OSError)
                if unwritable or time.monotonic() > until:
                    raise
            time.sleep(1)
        yield
