"""`kd-edge export`: students into a bundle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from kd_edge.cli.reading import read_prompts


@click.command()
@click.argument("students", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The bundle (.kdz) to write.",
)
@click.option(
    "--prompt",
    "prompts",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Text file with the item's prompt or rubric, for the golden rows (may be repeated).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def export(
    students: tuple[Path, ...], output: Path, prompts: tuple[Path, ...], as_json: bool
) -> None:
    """Put one or more STUDENTS (folders, one an item) into a bundle.

    Every form is run as a device would run it and compared with PyTorch; one that does not
    score as the student does stops the export, and no bundle is written. (The 8-bit form of
    an RNN or transformer is compared and not held to a limit.)

    \b
    Examples:
      kd-edge export out/student -o item.kdz
      kd-edge export item1/student item2/student -o assessment.kdz
      kd-edge export out/student -o item.kdz --prompt prompt.txt --prompt rubric.txt
    """
    from kd_edge.exporting import ExportItem
    from kd_edge.exporting import export as write
    from kd_edge.students import store

    sources = read_prompts(prompts)
    items = [ExportItem(store.load(folder), sources) for folder in students]
    made = write(items, output, {})
    if as_json:
        compared = {name: [asdict(one) for one in all_] for name, all_ in made.parity.items()}
        click.echo(json.dumps(compared, indent=2, ensure_ascii=False))
        return
    click.echo(f"{output}: {output.stat().st_size:,} bytes")
    for name, forms in made.parity.items():
        for form in forms:
            click.echo(
                f"  item '{name}' {form.form}: probabilities within {form.greatest:.1e} of "
                f"PyTorch fp32, {form.equal:.1%} of the classes equal"
            )
