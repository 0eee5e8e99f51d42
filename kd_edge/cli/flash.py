"""`kd-edge flash`: a bundle onto devices."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import FILE, json_option, print_json
from kd_edge.flash.kit.platforms import BACKENDS, PLATFORMS, PYTHONS


@click.command(cls=GroupedCommand)
@click.argument("bundle", type=FILE)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@OptionGroup.DEVICES.option(
    "--fleet",
    type=FILE,
    help="TOML file with a [[device]], its name and its target, for each device.",
)
@OptionGroup.DEVICES.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=8,
    help="Number of devices at a time.",
)
@OptionGroup.RUNTIME.option(
    "--with-runtime",
    "platform",
    type=click.Choice(tuple(PLATFORMS)),
    help="Install kd-edge itself too, for this kind of device.",
)
@OptionGroup.RUNTIME.option(
    "--python",
    type=click.Choice(PYTHONS),
    help="The devices' Python.  [default: asked over ssh; 3.11 for a folder]",
)
@OptionGroup.RUNTIME.option(
    "--backend",
    "backends",
    type=click.Choice(BACKENDS),
    multiple=True,
    help="Install this backend too, fetched by pip (may be repeated); plain Python needs none.",
)
@OptionGroup.RUNTIME.option(
    "--core-wheels",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with wheels of kd-edge-core, the fastest backend.  [default: what 'make wheels' "
    "has built, if anything]",
)
@OptionGroup.TRUST.option(
    "--allowed-signers",
    "signers",
    type=FILE,
    help="Give devices that have none this list of OpenSSH: then they take nothing that none of "
    "these signed.",
)
@OptionGroup.TRUST.option(
    "--key",
    type=FILE,
    help="Sign the software for devices that have such a list, with this key of OpenSSH; the "
    "bundle is signed by 'kd-edge sign'.",
)
@OptionGroup.TRUST.option(
    "--allow-older",
    is_flag=True,
    help="Replace a bundle even if it was created later, and software even if it is newer.",
)
@json_option
def flash(
    bundle: Path,
    targets: tuple[str, ...],
    fleet: Path | None,
    platform: str | None,
    python: str | None,
    backends: tuple[str, ...],
    core_wheels: Path | None,
    jobs: int,
    signers: Path | None,
    key: Path | None,
    allow_older: bool,
    as_json: bool,
) -> None:
    """Put a BUNDLE onto each TARGET: a folder (a mounted card or stick), or ssh://user@host/dir.

    A device switches to the bundle after reading it back and reproducing its golden rows; a
    device that fails keeps its old bundle. A second run does only what is missing. ssh is your
    system's, with its keys, agent and known hosts. The exit code is 1 if a device failed.

    With --with-runtime, a folder also gets an offline kit: on the device, 'sh install.sh' in
    that folder installs kd-edge and the bundle without a network. Over ssh this is done at once.

    \b
    Examples:
      kd-edge flash item.kdz /media/card/kd-edge
      kd-edge flash item.kdz /media/stick/kd-edge --with-runtime pi-64
      kd-edge flash item.kdz ssh://pi@class-7/home/pi/kd-edge --with-runtime pi-64
      kd-edge flash item.kdz --fleet devices.toml --jobs 16 --json
      kd-edge flash signed.kdz /media/card/kd-edge --allowed-signers signers
    """
    if platform is None and (python or backends or core_wheels or key):
        raise click.UsageError(
            "--python, --backend, --core-wheels and --key need --with-runtime, which they are about"
        )

    from functools import partial

    from kd_edge.bundling.signing import sign
    from kd_edge.console.progress import say
    from kd_edge.console.tables import print_tables
    from kd_edge.flash.fleet import devices
    from kd_edge.flash.kit import core_wheels as cores
    from kd_edge.flash.kit.payload import Kits, read_payload
    from kd_edge.flash.parallel import FAILED, outcome_table, summary
    from kd_edge.flash.parallel import flash as flash_all
    from kd_edge.flash.targets import FolderTarget
    from kd_edge.flash.to_folder import DEFAULT_PYTHON
    from kd_edge.flash.trust import Trust, read_signers

    all_devices = devices(targets, fleet)
    payload = read_payload(bundle)
    kits = None
    if platform is not None:
        tokenizers = "onnx" in backends and payload.students != {"bag"}
        core = cores.core_wheels(PLATFORMS[platform], core_wheels)
        if not core:
            say("There is no wheel of kd-edge-core here: plain Python will score on the devices.")
        signed = partial(sign, key=key) if key else None
        kits = Kits(PLATFORMS[platform], python, backends, tokenizers, core, signed)
        if any(isinstance(device.target, FolderTarget) for device in all_devices):
            kit = kits.kit(DEFAULT_PYTHON)
            fits = kit.python or ".".join(map(str, kit.least_python)) + " or newer"
            say(f"The kit for {platform} is for Python {fits} ({kit.size:,} bytes).")
    trust = Trust(read_signers(signers) if signers else b"", allow_older)
    outcomes = flash_all(payload, all_devices, kits, jobs, trust)
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        print_tables(outcome_table(outcomes))
        click.echo(summary(outcomes))
    if any(outcome.outcome == FAILED for outcome in outcomes):
        sys.exit(1)
