"""A student as a folder: `student.json`, `weights.safetensors`, its text stage, their hashes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from kd_edge.data.responses import Scale
from kd_edge.evaluation.review import LABELS_ONLY
from kd_edge.files import atomic_folder, read_json, write_json
from kd_edge.stages.folder_sums import changed_file, write_sums
from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge.training.tensors import save_tensors
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.errors import InputError, KdEdgeError, missing_file, read_error

DESCRIPTION = "student.json"
_WEIGHTS = "weights.safetensors"
MARKERS = (DESCRIPTION, _WEIGHTS)
"""Files, one of which shows that a folder is a student's and may be replaced."""


def save(student: Student, folder: Path) -> None:
    """Writes a student's folder, whole or not at all.

    Raises:
        InputError: the folder cannot be written, or holds something else.
    """
    with atomic_folder(folder, MARKERS) as new:
        save_tensors(new / _WEIGHTS, student.network.state_dict())
        description: dict[str, Any] = {
            "kind": student.kind,
            "item_id": student.item_id,
            "classes": list(student.scale.classes),
            "numeric": student.scale.numeric,
            "decision": student.decision,
            "options": asdict(student.options),
            "parameters": student.parameters,
            "provenance": student.provenance,
            "held_out": list(student.held_out),
            "flags": asdict(student.flags),
        }
        if student.markup:
            description["markup"] = True
        description |= registry.get(student.kind).save_text(student.text, new)
        write_json(new / DESCRIPTION, description)
        write_sums(new)


def chosen_by_labels(folder: Path) -> bool:
    """Whether a folder holds a student that learnt from labels alone, without reading all of it.

    False where it holds none that can be read, which `load` says in words.
    """
    try:
        provenance = read_json(folder / DESCRIPTION)["provenance"]
        return LABELS_ONLY in provenance
    except (OSError, ValueError, TypeError, KeyError):
        return False


def load(folder: Path) -> Student:
    """Reads a student's folder.

    Raises:
        InputError: the folder does not exist or holds no student, or part of the student is missing
            or damaged.
    """
    path = folder / DESCRIPTION
    if not folder.exists():
        raise missing_file(folder, "folder", "name the folder of a student")
    if not path.is_file():
        places = ("student", "item-*/student")  # of `distill`, and of `run`
        found = [one for place in places for one in sorted(folder.glob(f"{place}/{DESCRIPTION}"))]
        hint = f"; do you mean {found[0].parent}?" if found else ""
        raise InputError(f"{folder}: no student's folder (it has no {DESCRIPTION}){hint}")
    try:
        if damage := changed_file(folder):
            raise InputError(damage)
        return _load(folder, read_json(path))
    except PermissionError as error:
        raise read_error(error.filename or folder, error) from None
    except MemoryError:
        raise
    except Exception as error:  # whatever json, safetensors and tokenizers call it
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> InputError:
    why = type(error).__name__
    if isinstance(error, FileNotFoundError):
        why = f"it has no {Path(error.filename or _WEIGHTS).name}"  # safetensors names no file
    elif isinstance(error, KdEdgeError):
        why = str(error)
    return InputError(f"{folder}: this student is damaged or half written ({why}): distil it again")


def _load(folder: Path, raw: dict[str, Any]) -> Student:
    kind = registry.get(raw["kind"])
    options = kind.options(raw["options"])
    text = kind.load_text(folder, raw, options)
    network = kind.build(text, len(raw["classes"]), options)
    network.load_state_dict(load_file(folder / _WEIGHTS))
    network.eval()
    return Student(
        kind=kind.name,
        item_id=raw["item_id"],
        scale=Scale(tuple(raw["classes"]), raw["numeric"]),
        decision=raw["decision"],
        options=options,
        text=text,
        network=network,
        provenance=raw["provenance"],
        held_out=tuple(raw.get("held_out", ())),
        flags=Flags.from_json(raw.get("flags", {}), DESCRIPTION),
        markup=raw.get("markup", False),
    )
