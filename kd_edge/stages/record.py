"""A stage's record, by which a stage whose inputs have not changed is not run again.

Each stage (rows, soft labels, student, bundle) leaves beside its output a small JSON file with
its options and the hashes of its inputs. A stage whose options and inputs are the
same, and whose outputs are still what it wrote, need not run again. A record holds no
absolute path, no time of day and no machine's name, so that it can be compared across machines.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from kd_edge.files import read_json, write_json
from kd_edge_runtime.errors import KdEdgeError, printable
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.slots.durable import sync_folder


class StoppedError(KdEdgeError):
    """The user stopped a stage; the message says how to continue."""

    exit_code = 130  # what a shell reports after Ctrl-C


@dataclass(frozen=True)
class StageRecord:
    """The options and inputs of a stage, and its outputs.

    Attributes:
        stage: the stage's name, e.g. "teacher".
        options: the stage's options, absolute paths shortened to their last part.
        inputs: name to sha256 (hex) of each input.
        outputs: path relative to the record's folder to sha256 (hex) of each output.
        versions: name to version of what ran: kd-edge, torch, transformers, python.
        seconds: how long it took.
        sizes: bytes of each output, of a folder those of all its files; empty in records of
            version 0.2.
    """

    stage: str
    options: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    versions: dict[str, str]
    seconds: float
    sizes: dict[str, int] = field(default_factory=dict)


def hash_file(path: Path) -> str:
    """The sha256 (hex) of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def hash_files(files: Mapping[str, Path]) -> str:
    """The sha256 (hex) of several files: of their names, sorted, each with its own hash."""
    return hash_json([[name, hash_file(files[name])] for name in sorted(files)])


def hash_folder(path: Path) -> str:
    """The sha256 (hex) of a folder: of all its files' relative paths and contents, sorted."""
    files = (file for file in path.rglob("*") if file.is_file())
    return hash_files({file.relative_to(path).as_posix(): file for file in files})


def hash_rows(rows: Iterable[Any]) -> str:
    """The sha256 (hex) of dataclass instances, in the order given.

    Fields whose metadata say `"hashed": False` are left out.
    """
    digest = hashlib.sha256()
    for row in rows:
        values = asdict(row)
        for one in fields(row):
            if not one.metadata.get("hashed", True):
                del values[one.name]
        digest.update(_canonical(values) + b"\n")
    return digest.hexdigest()


def hash_json(value: Any) -> str:
    """The sha256 (hex) of a value of JSON types, whatever the order of its keys."""
    return hashlib.sha256(_canonical(value)).hexdigest()


def plain_options(options: Any) -> dict[str, Any]:
    """Options, a dataclass or a mapping, as JSON types; of absolute paths their last part."""
    is_instance = is_dataclass(options) and not isinstance(options, type)
    values = asdict(options) if is_instance else dict(options)
    plain: dict[str, Any] = json.loads(json.dumps(_plain(values)))
    return plain


def versions() -> dict[str, str]:
    """The versions that a stage's outcome can depend on, without importing the packages."""
    found = {"python": platform.python_version()}
    for name in ("kd-edge", "torch", "transformers"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # a source tree that is not installed
            found[name] = "unknown"
    return found


NOT_FINISHED = "it was not finished"
"""Why a stage without a record is to be run."""


def is_current(
    record_path: Path,
    stage: str,
    options: Any,
    inputs: Mapping[str, str],
    outputs: Sequence[Path] = (),
) -> bool:
    """Whether a stage's outputs are there, with these options and inputs; see `why_outdated`."""
    return not why_outdated(record_path, stage, options, inputs, outputs)


def why_outdated(
    record_path: Path,
    stage: str,
    options: Any,
    inputs: Mapping[str, str],
    outputs: Sequence[Path] = (),
) -> str:
    """Why a stage has to be run, or run again.

    Versions are recorded and not compared: an upgrade alone does not throw hours of work away.

    Args:
        record_path: the record that `write_record` wrote.
        stage: the stage's name.
        options: a dataclass instance or a mapping.
        inputs: name to sha256 of each input.
        outputs: what the record must speak of; none for whatever it does.

    Returns:
        "" where all is there, unchanged, with these options and inputs; else the reason in words,
        `NOT_FINISHED` where there is no record.
    """
    if not record_path.exists():
        return NOT_FINISHED
    record = read_record(record_path)
    if record is None:
        return "its record is damaged"
    if (record.stage, record.options) != (stage, plain_options(options)):
        return "its options have changed"
    if record.inputs != dict(inputs):
        names = sorted({*record.inputs, *inputs})
        changed = [name for name in names if record.inputs.get(name) != inputs.get(name)]
        return f"what it is made from has changed ({', '.join(map(printable, changed))})"
    folder = record_path.parent
    for name in sorted({*record.outputs, *(_relative(path, folder) for path in outputs)}):
        if damage := _damage(record, folder, name):
            return damage
    return ""


def _damage(record: StageRecord, folder: Path, name: str) -> str:
    """What is wrong with an output, or ""."""
    output = folder / name
    if not output.exists():
        return f"{printable(name)} is missing"
    if name in record.sizes and record.sizes[name] != _size_of(output):
        return f"{printable(name)} has another size than it was written with"
    if _hash_output(output) != record.outputs.get(name):
        return f"{printable(name)} was changed or is damaged"
    return ""


def read_record(record_path: Path) -> StageRecord | None:
    """Read a record; None where there is none, or none that can be read."""
    try:
        record = StageRecord(**read_json(record_path))
    except (OSError, ValueError, TypeError):
        return None
    tables = (record.options, record.inputs, record.outputs, record.versions, record.sizes)
    return record if all(isinstance(table, dict) for table in tables) else None


def write_record(
    record_path: Path,
    stage: str,
    options: Any,
    inputs: Mapping[str, str],
    outputs: Sequence[Path],
    seconds: float,
) -> None:
    """Record a finished stage beside its output.

    Args:
        record_path: the file to write.
        stage: the stage's name.
        options: a dataclass instance or a mapping, of JSON types and paths.
        inputs: name to sha256 of each input.
        outputs: the files and folders that the stage wrote.
        seconds: how long the stage took.

    Raises:
        InputError: the record cannot be written.
    """
    folder = record_path.parent
    # On the disk by their names too before the record says so.
    with plain_write_errors(record_path):
        for parent in {path.parent for path in outputs}:
            sync_folder(parent)
    record = StageRecord(
        stage=stage,
        options=plain_options(options),
        inputs=dict(inputs),
        outputs={_relative(path, folder): _hash_output(path) for path in outputs},
        versions=versions(),
        seconds=round(seconds, 1),
        sizes={_relative(path, folder): _size_of(path) for path in outputs},
    )
    write_json(record_path, asdict(record))


def _canonical(value: Any) -> bytes:
    # ASCII escapes, so that a lone surrogate in a damaged response hashes too
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _hash_output(path: Path) -> str:
    return hash_folder(path) if path.is_dir() else hash_file(path)


def _size_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, Path):
        value = printable(value.as_posix())
    if isinstance(value, str):
        for kind in (PurePosixPath, PureWindowsPath):
            if kind(value).is_absolute():
                return printable(kind(value).name)
    return value
