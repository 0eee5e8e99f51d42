"""`kd-edge verify`: checks that a bundle is intact and scores correctly here."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kd_edge_runtime import backends
from kd_edge_runtime.backends.verify import verify as results
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.bundle.second import of_second, second_students
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.slots.allowed import signed_by
from kd_edge_runtime.students.golden import Reproduced
from kd_edge_runtime.students.item import LoadedItem


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--backend",
    "names",
    type=click.Choice(backends.NAMES),
    multiple=True,
    help="Require this backend to run every item (may be repeated).  "
    "[default: all installed backends]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(bundle: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Check that a BUNDLE is intact and scores correctly on this device.

    Checks the hash of every file in the bundle. Then every installed backend must reproduce the
    golden rows (inputs with known scores) of every item in every format. An item's second model
    has golden rows of its own; a device that cannot run it scores with the first alone.

    Exit codes: 0 all correct; 3 the bundle is damaged or too new; 4 a backend is missing or does
    not work; 5 golden rows are not reproduced.

    \b
    Examples:
      kd-edge verify item.kdz
      kd-edge verify item.kdz --backend plain --backend onnx --json
    """
    checked: list[Reproduced] = []
    with Bundle(bundle) as opened:
        manifest, signer = opened.manifest, signed_by(opened)  # which refuses what may not run
        for result in results(opened, names):
            if not as_json:
                if not checked:
                    click.echo(f"protocol {manifest.protocol}, all sizes and hashes are correct")
                    if signer:
                        click.echo(f"signed by {signer}")
                    click.echo("backend  form         rows  difference  allowed  item")
                click.echo(
                    f"{'WRONG' if result.differing else 'FAILED'}: {result.error}"
                    if result.error
                    else f"{result.backend:<7}  {result.form:<11}  {result.rows:>4}"
                    f"  {result.greatest:>10.1e}  {result.tolerance:>7.0e}  {result.item_id}"
                )
            checked.append(result)
        without = {
            entry.item_id: why
            for entry in manifest.items
            if (why := _why_not_run(opened, entry, checked, names))
        }
    errors = [result.error for result in checked if result.error]
    missing = {name: backends.missing(name) for name in backends.NAMES if backends.missing(name)}
    forms = {form for entry in manifest.items for form in entry.forms}
    not_run = sorted(forms - {result.form for result in checked})
    not_run += [
        f"{form} of {entry.item_id}"
        for entry in second_students(manifest.items)
        for form in entry.forms
        if (entry.item_id, form) not in {(result.item_id, result.form) for result in checked}
    ]
    if as_json:
        report = {
            "protocol": manifest.protocol,
            "ok": not errors,
            "signed_by": signer,
            "results": [_for_json(result) for result in checked],
            "not_installed": missing,
            "not_run": not_run,
            **({"seconds_not_run": without} if without else {}),
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        for name, packages in missing.items():
            click.echo(f"not installed here: {name} (needs {' and '.join(packages)})")
        if not_run:
            click.echo(f"not run: {', '.join(not_run)}")
        for item_id, why in without.items():
            click.echo(f"the second small model of '{item_id}' was not run: {why}")
    if errors:
        # The most serious error determines the exit code: a backend that does not work comes last.
        raise min(errors, key=lambda error: isinstance(error, BackendError))


def _why_not_run(
    bundle: Bundle, entry: ItemEntry, checked: list[Reproduced], names: tuple[str, ...]
) -> str:
    """Why an item's second student is in no result; "" if it is in one, or there is none."""
    second = of_second(entry)
    if second is None or any(result.item_id == second.item_id for result in checked):
        return ""
    from kd_edge_runtime.backends.cascade import absent

    return absent(LoadedItem(bundle, second)) or f"{' and '.join(names)} cannot run it"


def _for_json(result: Reproduced) -> dict[str, object]:
    """A result by the names that programs know."""
    return {
        "item_id": result.item_id,
        "backend": result.backend,
        "form": result.form,
        "greatest": result.greatest,
        "tolerance": result.tolerance,
        "rows": result.rows,
        "wrong": result.differing,
        "error": result.error and str(result.error),
    }
