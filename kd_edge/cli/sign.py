"""`kd-edge sign`: a signature, by which devices know who a bundle is from."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    FILE,
    FILE_OR_STDOUT,
    STDOUT,
    json_option,
    print_json,
    refuse_overwriting,
    written_to,
)
from kd_edge_runtime.errors import printable


@click.command(cls=GroupedCommand)
@click.argument("bundle", type=FILE)
@OptionGroup.BUNDLE.option(
    "--key",
    type=FILE,
    required=True,
    help="A private key of OpenSSH, or the public key (.pub) of one in your agent or on a token.",
)
@OptionGroup.OUTPUT.option(
    "-o",
    "--output",
    type=FILE_OR_STDOUT,
    help="Write the signed bundle there; '-' is standard output.  [default: in its place]",
)
@json_option
def sign(bundle: Path, key: Path, output: Path | str | None, as_json: bool) -> None:
    """Sign a BUNDLE with a key of OpenSSH, so that devices can tell it from others.

    A device whose folder of installed bundles has a file allowed_signers then installs and scores
    nothing that none of them has signed. The file is the one that 'ssh-keygen' documents: a name
    and a public key on each line. Keys listed in revoked_keys beside it no longer count.

    A bundle may have several signatures; one that counts is enough.

    \b
    Examples:
      kd-edge sign item.kdz --key ~/.ssh/id_ed25519
      kd-edge sign item.kdz --key ~/.ssh/id_ed25519.pub -o signed.kdz
    """
    with written_to(bundle if output is None else output, as_json) as path:
        # Both halves of a key, whichever is named: nobody could make it again.
        refuse_overwriting(path, key, Path(f"{key}.pub"), Path(str(key).removesuffix(".pub")))
        from kd_edge.bundling.signing import sign_bundle

        signed = sign_bundle(bundle, key, path)
    if as_json:
        print_json({**asdict(signed), "bundle": str(signed.bundle)})
        return
    say = partial(click.echo, err=output == STDOUT)
    others = signed.signatures - 1
    more = f", beside {others} other signature{'s' if others > 1 else ''}" if others else ""
    name = bundle if output == STDOUT else signed.bundle
    say(f"{printable(name)}: signed with {signed.key}{more}")
    if signed.allowed:
        say("Devices accept it with this line in allowed_signers, in their folder:")
        say(f"  {signed.allowed}")
