"""The notebook: as it is committed it was executed, and it executes."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "benchmarks" / "knowledge_distillation.ipynb"


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def figures(cells):
    """The table of figures that the notebook ends its evaluation with."""
    (found,) = [
        output.data["text/markdown"]
        for cell in cells
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    return found


def test_it_is_committed_with_what_it_gave():
    cells = code(nbformat.read(NOTEBOOK, 4))
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    kinds = [output.output_type for cell in cells for output in cell.outputs]
    assert kinds.count("display_data") >= 4
    assert "error" not in kinds
    assert "| **student** |" in figures(cells)


def test_it_executes(tiny_model):
    notebook = nbformat.read(NOTEBOOK, 4)
    (parameters,) = [
        cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", ())
    ]
    before = parameters.source
    parameters.source = f'MODEL = {str(tiny_model)!r}\nEPOCHS = 1\nVARIANTS = 40\nITEM = "pond-web"'
    names = [line.partition(" =")[0] for line in before.splitlines()]
    assert names == [line.partition(" =")[0] for line in parameters.source.splitlines()]
    NotebookClient(
        notebook, timeout=1200, startup_timeout=600, kernel_name="python3"
    ).execute()  # raises what a cell does
    assert figures(code(notebook)).count("\n") == 5
