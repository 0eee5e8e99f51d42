"""The most accurate student for 8, 16, 32 and 64 KB.

    python -m benchmarks.size_limits 1 --data DATA

Uses the soft labels and variants that `benchmarks.agreement` left in its work folder. Sizes are
searched on validation rows; each chosen student is measured once on the test rows. Writes
`results/smaller-asap-sas-<prompt>.json`.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks import record
from benchmarks.work_folder import asap_sas
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.size_search.distil import distil_to_size
from kd_edge.size_search.search import Search
from kd_edge.size_search.tried import Limits

LIMITS = (8_000, 16_000, 32_000, 64_000)


@click.command()
@click.argument("prompt")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(prompt: str, data: Path, work: Path) -> None:
    """Search sizes for an ASAP-SAS PROMPT."""
    left = asap_sas(prompt, data, work, test=True)
    texts, human = [row.text for row in left.test], human_scores(left.test)
    figures = {}
    for limit in LIMITS:
        with tempfile.TemporaryDirectory() as scratch:
            made, sized = distil_to_size(
                LearningData(left.item, left.rows, left.held_out, left.labels, left.variants),
                DistilOptions(),
                Path(scratch),
                Search(Limits(limit), left.held_out, left.sources),
            )
        test = {}
        for name, student in (("student", made.student), ("without teacher", made.baseline)):
            machine = decided(student.probabilities(texts), student.scale, student.decision)
            test[name] = asdict(agreement(human, machine, student.scale))
        figures[str(limit)] = {
            "chosen": asdict(sized.chosen),
            "tried": [asdict(one) for one in sized.tried],
            "test": test,
        }
    click.echo(str(record.write(f"smaller-asap-sas-{prompt}", figures, 0)))


if __name__ == "__main__":
    main()
