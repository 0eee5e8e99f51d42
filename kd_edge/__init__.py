"""Distil a large scoring model into one that scores students' answers on a classroom device.

    from kd_edge import distil, export, finetune, label, read_responses

    responses = read_responses("responses.csv")
    teacher = finetune(responses)
    labels = label(teacher, responses)
    distilled = distil(responses, labels)
    export(distilled, "item.kdz", responses=responses)

`run` does all of this and measures the result, `report` writes its figures as a page, `evaluate`
compares any of the models with people's scores, `suggest` says which responses to score next.
Importing this package loads none of the
libraries that these functions need.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import kd_edge.report as _report
import kd_edge.suggest as _suggest
from kd_edge_runtime._version import __version__ as __version__

if TYPE_CHECKING:
    from kd_edge.api.evaluate import evaluate, hold_out
    from kd_edge.api.full_run import RunResult, report, run
    from kd_edge.api.llm import ask_llm
    from kd_edge.api.read import read_responses
    from kd_edge.api.steps import Labels, distil, export, finetune, label
    from kd_edge.api.suggest import suggest
    from kd_edge.distillation.options import DistilOptions
    from kd_edge.runs.options import RunOptions
    from kd_edge.teacher.options import TeacherOptions


__all__ = [
    "DistilOptions",
    "Labels",
    "RunOptions",
    "RunResult",
    "TeacherOptions",
    "ask_llm",
    "distil",
    "evaluate",
    "export",
    "finetune",
    "hold_out",
    "label",
    "read_responses",
    "report",
    "run",
    "suggest",
]

_MODULES = {
    "kd_edge.api.evaluate": ("evaluate", "hold_out"),
    "kd_edge.api.full_run": ("RunResult", "report", "run"),
    "kd_edge.api.llm": ("ask_llm",),
    "kd_edge.api.read": ("read_responses",),
    "kd_edge.api.steps": ("Labels", "distil", "export", "finetune", "label"),
    "kd_edge.api.suggest": ("suggest",),
    "kd_edge.distillation.options": ("DistilOptions",),
    "kd_edge.runs.options": ("RunOptions",),
    "kd_edge.teacher.options": ("TeacherOptions",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


class _Callable(ModuleType):
    """A package, like `kd_edge.report`, which is also the function of that name."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        name = self.__name__.rpartition(".")[2]
        return getattr(importlib.import_module(_MODULE_OF[name]), name)(*args, **options)


for _package in (_report, _suggest):
    _package.__class__ = _Callable


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *vars(sys.modules[__name__])})
