"""`kd-edge verify`: whether a bundle is intact and scores correctly here."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kd_edge_runtime import backends
from kd_edge_runtime.backends.verify import verify as results
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.students.golden import Reproduced


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--backend",
    "names",
    type=click.Choice(backends.NAMES),
    multiple=True,
    help="A backend that has to run every item (may be repeated).  [default: those installed]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(bundle: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Check that a BUNDLE is intact and scores correctly on this device.

    Checks the hash of every file in it, then the golden rows (inputs with known scores) of every
    item, in every format, on every backend installed here.

    Exit codes: 0 all good; 3 the bundle is damaged or too new; 4 a backend is missing or does
    not work; 5 golden rows are not reproduced.

    \b
    Examples:
      kd-edge verify item.kdz
      kd-edge verify item.kdz --backend plain --backend onnx --json
    """
    done: list[Reproduced] = []
    with Bundle(bundle) as opened:
        manifest = opened.manifest
        for one in results(opened, names):
            if not as_json:
                if not done:
                    click.echo(f"protocol {manifest.protocol}, all sizes and hashes are correct")
                    click.echo("backend  form         rows  difference  allowed  item")
                click.echo(
                    f"{'WRONG' if one.wrong else 'FAILED'}: {one.error}"
                    if one.error
                    else f"{one.backend:<7}  {one.form:<11}  {one.rows:>4}  {one.greatest:>10.1e}"
                    f"  {one.tolerance:>7.0e}  {one.item_id}"
                )
            done.append(one)
    errors = [one.error for one in done if one.error]
    missing = {name: backends.missing(name) for name in backends.NAMES if backends.missing(name)}
    carried = {form for entry in manifest.items for form in entry.forms}
    unrun = sorted(carried - {one.form for one in done})
    if as_json:
        said = {
            "protocol": manifest.protocol,
            "ok": not errors,
            "results": [{**vars(one), "error": one.error and str(one.error)} for one in done],
            "not_installed": missing,
            "not_run": unrun,
        }
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        for name, packages in missing.items():
            click.echo(f"not installed here: {name} (needs {' and '.join(packages)})")
        if unrun:
            click.echo(f"not run: {', '.join(unrun)}")
    if errors:
        # A backend that does not work is the least of it.
        raise min(errors, key=lambda error: isinstance(error, BackendError))
