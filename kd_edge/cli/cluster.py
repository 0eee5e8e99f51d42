"""The options for a run on a Ray cluster."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import Command, OptionGroup, options
from kd_edge.cli.options import COUNT

if TYPE_CHECKING:
    from kd_edge.runs.cluster import Cluster

_cluster = OptionGroup.CLUSTER.option
_DECIMALS = 4  # Ray refuses finer parts of a GPU
_ADDRESS = re.compile(r"auto|local|(?!.*://).+:[0-9]{1,5}")


def cluster_options() -> Callable[[Command], Command]:
    """The options of `to_cluster`."""
    return options(
        _cluster(
            "--cluster",
            metavar="ADDRESS",
            help="Run the items at the same time on a Ray cluster: 'auto' for that of this "
            "machine, HOST:PORT of its head, or 'local' for the cores of this machine alone. All "
            "its machines must share the folder of -o. Needs kd-edge[cluster].",
        ),
        _cluster(
            "--cluster-cpus",
            type=COUNT,
            default=1,
            help="With --cluster: the CPUs of an item, and its threads.",
        ),
        _cluster(
            "--cluster-gpus",
            type=click.FloatRange(min=0),
            default=0.0,
            help="With --cluster: the GPUs that an item's large model computes on, like 1 or 0.5; "
            "the small model then takes none.",
        ),
    )


def to_cluster(values: dict[str, Any]) -> Cluster | None:
    """The values of `cluster_options`; None without --cluster.

    Raises:
        InputError: the package ray is not installed.
        click.UsageError: what the cluster is to give, and no cluster; or no address; or more than
            a whole GPU and a part of another; or too fine a part; or --together; or GPUs and
            --device.
    """
    address, cpus, gpus = (values[f"cluster{name}"] for name in ("", "_cpus", "_gpus"))
    if address is None:
        if (cpus, gpus) != (1, 0.0):
            raise click.UsageError("--cluster-cpus and --cluster-gpus need --cluster")
        return None
    if not address.strip():
        raise click.UsageError("the address of --cluster is empty: name 'auto', or HOST:PORT")
    if not _ADDRESS.fullmatch(address.strip()):
        raise click.UsageError(
            f"--cluster '{address}' is no address: name 'auto', 'local', or HOST:PORT of the head"
        )
    if gpus > 1 and gpus != int(gpus):
        raise click.UsageError(f"--cluster-gpus {gpus:g}: above 1 only whole GPUs can be given")
    if gpus != round(gpus, _DECIMALS):
        raise click.UsageError(
            f"--cluster-gpus {gpus}: a part of a GPU can have {_DECIMALS} decimals at most"
        )
    if gpus and values["device"] != "auto":
        raise click.UsageError("--cluster-gpus chooses the devices: leave --device out")
    if values.get("together"):
        raise click.UsageError(
            "--together trains one small model for all items: leave --cluster out"
        )
    from kd_edge.runs.cluster import Cluster

    return Cluster(address.strip(), cpus, gpus)
