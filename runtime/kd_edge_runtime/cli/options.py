"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path

import click

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the installed bundles.  [default: KD_EDGE_ROOT, /var/lib/kd-edge, or "
    "kd-edge in your data folder]",
)
