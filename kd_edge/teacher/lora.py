"""LoRA: small matrices beside the frozen weights of a language model (Hu et al. 2021).

What is trained, kept and written are these matrices and the head, some thousandths of the model.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from kd_edge.files import read_json, write_json
from kd_edge.teacher.families import adapted, is_classifier
from kd_edge.training.tensors import save_tensors
from kd_edge_runtime.errors import InputError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_DROPOUT = 0.05


@dataclass(frozen=True)
class LoraSettings:
    """How an adapter is made.

    Attributes:
        rank: of its matrices, >= 1; None for the family's.
        targets: names of the linear layers beside which they stand; none for the family's.
    """

    rank: int | None = None
    targets: tuple[str, ...] = ()


def add_adapter(backbone: Any, settings: LoraSettings) -> Any:
    """Freeze a language model but its head, and put an adapter that changes nothing yet into it.

    Args:
        backbone: the transformers model, changed in place.
        settings: how.

    Returns:
        peft's model around it.

    Raises:
        InputError: peft is not installed, or the model has no such layers.
    """
    peft = _peft()
    usual = adapted(backbone.config)
    rank = settings.rank or usual.rank
    targets = usual.targets if not settings.targets else settings.targets
    config = peft.LoraConfig(
        # As a classifier peft trains its head too.
        task_type="SEQ_CLS" if is_classifier(backbone.config) else None,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=_DROPOUT,
        target_modules=targets if isinstance(targets, str) else list(targets),
    )
    try:
        return _wrapped(backbone, config)
    except ValueError as error:  # peft's for layers that are not there
        kind = backbone.config.model_type
        raise InputError(
            f"LoRA cannot adapt the layers {', '.join(config.target_modules)} of this language "
            f"model ({kind}): name some of its linear layers with --lora-targets, or "
            "'all-linear' for all of them."
        ) from error


def save_adapter(model: Any, folder: Path, base: str) -> None:
    """Write an adapter, as peft would; `base` is what it calls the language model.

    Raises:
        InputError: the files cannot be written.
    """
    save_tensors(folder / WEIGHTS, _peft().get_peft_model_state_dict(model))
    config = model.peft_config["default"].to_dict()
    config |= {
        "base_model_name_or_path": base,
        "inference_mode": True,
        "peft_type": "LORA",
        "target_modules": _listed(config["target_modules"]),
    }
    write_json(folder / CONFIG, config)


def load_adapter(backbone: Any, folder: Path) -> Any:
    """Put the adapter that `save_adapter` wrote into its language model.

    Returns:
        peft's model around it.

    Raises:
        InputError: peft is not installed, or the adapter is missing, damaged or of another model.
    """
    peft = _peft()
    try:
        values = read_json(folder / CONFIG)
        # What is needed and nothing else: peft's configuration can name files and code to load.
        config = peft.LoraConfig(
            task_type=values["task_type"],
            r=int(values["r"]),
            lora_alpha=float(values["lora_alpha"]),
            lora_dropout=float(values["lora_dropout"]),
            target_modules=values["target_modules"],
        )
        weights = load_file(folder / WEIGHTS)
        model = _wrapped(backbone, config)
        result = peft.set_peft_model_state_dict(model, weights)
        lost = [
            name for name in result.missing_keys if "lora_" in name or "modules_to_save" in name
        ]
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        raise InputError(f"the adapter in '{folder}' is missing or damaged.") from error
    if lost or result.unexpected_keys:
        raise InputError(f"the adapter in '{folder}' is damaged: it lacks weights, or has others.")
    return model


def merge(model: Any) -> Any:
    """Add an adapter to the weights beside it, in fp32, in place.

    Args:
        model: peft's model; it is used up.

    Returns:
        The language model, as if all of it had been fine-tuned.
    """
    with _their_warnings():
        return model.float().merge_and_unload()


def _wrapped(backbone: Any, config: Any) -> Any:
    with _their_warnings():
        return _peft().get_peft_model(backbone, config)


def _listed(targets: Any) -> Any:
    return targets if isinstance(targets, str) else sorted(targets)


def _peft() -> Any:
    try:
        with _their_warnings():
            import peft
    except ImportError as error:
        raise InputError(
            "LoRA needs the package peft, which is not installed. Install it with\n"
            "  pip install 'kd-edge[lora]'\n"
            "or fine-tune the whole language model, without --lora."
        ) from error
    return peft


@contextmanager
def _their_warnings() -> Iterator[None]:
    """Keep warnings to peft's own developers from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
