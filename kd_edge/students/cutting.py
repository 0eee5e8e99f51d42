"""Cuts a student out of a fine-tuned teacher: some of its layers, the pieces that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer

from kd_edge.students.decoders import refuse_decoder
from kd_edge.students.layers import check_layers, usual_layers
from kd_edge.students.shape import CannotCutError, layers_in
from kd_edge.students.sharing import Sharing
from kd_edge.students.trimming import Trimmed, trim
from kd_edge.students.uncut import TRANSFORMER, Uncut
from kd_edge.teacher.classifier import TeacherModel
from kd_edge.teacher.language_model import quiet

# Models that number positions from the padding token's id + 1.
_AFTER_PAD = {"camembert", "mpnet", "roberta", "xlm-roberta"}
# Models whose table of positions serves nothing else.
_WITH_POSITIONS = {*_AFTER_PAD, "bert", "distilbert", "electra"}
# Of a configuration: what says nothing of the network, or where it came from.
_LEFT_OUT = {
    "_name_or_path",
    "transformers_version",
    "id2label",
    "label2id",
    "dtype",
    "torch_dtype",
}
_NEAR = 1e-3  # how much a logit may change by being computed in another network


@dataclass(frozen=True)
class Cut:
    """A network cut out of a teacher.

    Attributes:
        tokenizer: the trimmed one; it pads and truncates.
        config: the configuration of its language model, JSON types.
        state: its weights by name.
        classes: the number of classes that it gives logits for.
        layers: the numbers that its layers have in the teacher, from 0.
        longest: tokens of a response that it reads.
        start: the id before a reference answer and a response, where it reads both as segments.
        between: that after each of them; None where it reads a response alone.
    """

    tokenizer: Tokenizer
    config: Mapping[str, Any]
    state: Mapping[str, torch.Tensor]
    classes: int
    layers: tuple[int, ...]
    longest: int
    start: int | None = None
    between: int | None = None


def cut_network(
    teacher: TeacherModel,
    texts: Sequence[str],
    layers: Sequence[int] | None,
    least: int,
    longest: int,
    sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
    known: Sequence[str] = (),
    uncut: Uncut = TRANSFORMER,
) -> Cut:
    """Cuts a network out of a teacher.

    Args:
        teacher: on the CPU, in evaluation mode; it is used up. One that reads `pairs` gives a
            network that does too.
        texts: the responses whose pieces it has to know.
        layers: the numbers of the layers to keep, from 0, ascending; None for `usual_layers`.
        least: responses that must share a piece, see `trimming.trim`.
        longest: tokens of a response to read; fewer if the teacher reads fewer.
        sharing: how it is counted who shares a piece.
        known: texts that are no student's, whose pieces it has to know too.
        uncut: what is said of the student where it cannot be cut.

    Raises:
        InputError: the teacher has no such layers, or is one that cannot be cut: the message says
            why.
    """
    refuse_decoder(teacher.backbone.config, uncut)
    tokenizer = getattr(teacher.tokenizer, "backend_tokenizer", None)
    try:
        if tokenizer is None:
            raise CannotCutError("its tokenizer is written in Python, and has no tokenizer.json")
        return _cut(teacher, tokenizer, texts, layers, least, longest, sharing, known)
    except CannotCutError as error:
        kind = teacher.backbone.config.model_type
        raise uncut.error(f"this teacher ({kind})", str(error)) from None


def _cut(
    teacher: TeacherModel,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    layers: Sequence[int] | None,
    least: int,
    longest: int,
    sharing: Sharing,
    known: Sequence[str],
) -> Cut:
    total = teacher.backbone.config.num_hidden_layers
    kept = usual_layers(total) if layers is None else tuple(layers)
    check_layers(kept, total)
    _keep_layers(teacher, kept)
    trimmed = trim(tokenizer, texts, least, teacher.tokenizer.pad_token_id, sharing, known)
    ends = _ends(teacher, trimmed) if teacher.pairs else (None, None)
    longest = min(longest, teacher.max_length, teacher.tokenizer.model_max_length)
    before = _probe(teacher, torch.tensor(trimmed.kept), longest)
    config = _trim_network(teacher, trimmed, longest)
    state = teacher.state_dict()
    ready = trimmed.tokenizer
    cut = Cut(ready, config, state, teacher.classes, kept, longest, *ends)
    _check_same(cut, before)
    fill = config.get("pad_token_id") or 0
    ready.enable_padding(pad_id=fill, pad_token=ready.id_to_token(fill))
    side = "right" if teacher.pairs else teacher.tokenizer.truncation_side
    ready.enable_truncation(longest, direction=side)
    return cut


def _ends(teacher: TeacherModel, trimmed: Trimmed) -> tuple[int, int]:
    """The new ids of the token at the start, and of that between a reference and a response."""
    new = {old: at for at, old in enumerate(trimmed.kept)}
    start, between = teacher.tokenizer.cls_token_id, teacher.tokenizer.sep_token_id
    if start not in new or between not in new:
        raise CannotCutError("its tokenizer puts no tokens around a text that could part two")
    return new[start], new[between]


def build_network(
    config: Mapping[str, Any], classes: int, between: int | None = None
) -> TeacherModel:
    """A network as `Cut` describes it, with random weights and without a tokenizer."""
    import transformers

    values = dict(config)
    parsed = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
    is_classifier = any(
        name.endswith("ForSequenceClassification") for name in parsed.architectures or ()
    )
    if is_classifier:
        parsed.num_labels = classes
        kind: Any = transformers.AutoModelForSequenceClassification
    else:
        kind = transformers.AutoModel
    with quiet():
        backbone = kind.from_config(parsed)
    network = TeacherModel(backbone.float(), None, classes, 0)
    network.pairs, network.separator = between is not None, between
    _drop_pooler(network)
    return network


def _keep_layers(teacher: TeacherModel, layers: Sequence[int]) -> None:
    """Removes the other layers in place, and what is a layer's in the configuration."""
    backbone = teacher.backbone
    total = backbone.config.num_hidden_layers
    outermost = layers_in(backbone)
    stack = backbone.get_submodule(outermost)
    parent, _, last = outermost.rpartition(".")
    chosen = torch.nn.ModuleList([stack[layer] for layer in layers])
    setattr(backbone.get_submodule(parent), last, chosen)
    for name, value in backbone.config.to_dict().items():
        if isinstance(value, list) and len(value) == total:
            setattr(backbone.config, name, [value[layer] for layer in layers])
    backbone.config.num_hidden_layers = len(layers)
    _drop_pooler(teacher)


def _drop_pooler(network: TeacherModel) -> None:
    """Removes the layer that makes one vector of a response, where nothing reads it."""
    if network.head is not None and getattr(network.backbone, "pooler", None) is not None:
        network.backbone.pooler = None


def _trim_network(teacher: TeacherModel, trimmed: Trimmed, longest: int) -> dict[str, Any]:
    """Keeps the embeddings of some tokens and positions, in place; returns the configuration."""
    backbone, kept = teacher.backbone, trimmed.kept
    config = backbone.config
    new = {old: at for at, old in enumerate(kept)}
    with torch.no_grad():
        backbone.set_input_embeddings(_some(backbone.get_input_embeddings(), [*kept]))
    old_pad = config.pad_token_id
    values = config.to_dict()
    for name, value in values.items():
        if name.endswith("_token_id") and value is not None:
            setattr(config, name, new.get(value) if isinstance(value, int) else None)
    config.vocab_size = len(kept)
    positions = _positions(backbone)
    if config.model_type in _WITH_POSITIONS and positions is not None:
        rows = range(longest)
        if config.model_type in _AFTER_PAD:
            first = old_pad - config.pad_token_id
            rows = range(first, first + config.pad_token_id + 1 + longest)
        parent = backbone.get_submodule(positions)
        parent.position_embeddings = _some(parent.position_embeddings, [*rows])
        config.max_position_embeddings = len(rows)
    changed: dict[str, Any] = config.to_dict()
    return {name: value for name, value in changed.items() if name not in _LEFT_OUT}


def _positions(backbone: Any) -> str | None:
    """The name of the part that has a table of positions, if one has."""
    end = ".position_embeddings"
    for name, module in backbone.named_modules():
        if name.endswith(end) and isinstance(module, torch.nn.Embedding):
            return str(name.removesuffix(end))
    return None


def _some(table: torch.nn.Embedding, rows: Sequence[int]) -> torch.nn.Embedding:
    kept = torch.nn.Embedding(len(rows), table.embedding_dim)
    kept.weight = torch.nn.Parameter(table.weight.detach()[rows].clone())
    return kept


def _probe(network: TeacherModel, tokens: torch.Tensor, longest: int) -> torch.Tensor:
    """The network's logits of some random responses; [B, K].

    Args:
        network: left in evaluation mode.
        tokens: the ids of the pieces that may be in a response; [V].
        longest: tokens of the longest response.
    """
    generator = torch.Generator().manual_seed(0)
    places = torch.randint(len(tokens), (4, longest), generator=generator)
    mask = (torch.arange(longest) < torch.tensor([longest, 9, 3, 1])[:, None]).long()
    with torch.inference_mode():
        logits: torch.Tensor = network.eval()(tokens[places], mask)
    return logits


def _check_same(cut: Cut, before: torch.Tensor) -> None:
    """Refuses a cut whose network cannot be built, or scores otherwise than it did in the teacher.

    Args:
        cut: the network cut out of the teacher.
        before: what `_probe` gave in the teacher, without the other layers.
    """
    network = build_network(cut.config, cut.classes, cut.between)
    chosen = ", ".join(map(str, cut.layers))
    try:
        network.load_state_dict(cut.state)
    except RuntimeError:
        raise CannotCutError(
            f"layers {chosen} do not fit together; the first layer of some models differs from "
            "the others: keep layer 0 too",
        ) from None
    after = _probe(network, torch.arange(cut.config["vocab_size"]), cut.longest)
    if not torch.allclose(before, after, atol=_NEAR):
        raise CannotCutError(f"layers {chosen} compute something else without the others")
