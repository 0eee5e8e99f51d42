"""The transformer student: some layers of the fine-tuned teacher, with the pieces of the item.

It starts from the teacher's own weights and learns from its soft labels, so that one pass over
responses and variants is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from kd_edge.students.base import Recipe, TextSources, no_teacher
from kd_edge.students.cutting import Cut, build_network, cut_network
from kd_edge.students.decoders import refuse_decoder, refuse_decoder_teacher
from kd_edge.students.layers import in_order
from kd_edge.students.student import Network
from kd_edge.students.tokens import TokenKind, TokenText
from kd_edge.students.uncut import TRANSFORMER, Uncut
from kd_edge.teacher.card import read_item_card
from kd_edge.teacher.classifier import TeacherModel, build, load_teacher
from kd_edge.teacher.language_model import read_config
from kd_edge.teacher.vectors import kept_vectors
from kd_edge_export import form_writers
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text import NEW_RULES

if TYPE_CHECKING:
    from typing_extensions import Self  # of typing from Python 3.11 on


@dataclass(frozen=True)
class TransformerOptions:
    """What a transformer student keeps of its teacher.

    Attributes:
        layers: the numbers of the teacher's layers, from 0, each once and ascending; None for a
            choice by their number.
        min_responses: at least this many responses, or students where it is known who wrote
            each, must share a piece of a word; single letters, digits and signs are known anyway.
        longest: tokens after which a response is cut; fewer if the teacher reads fewer.
        variants: the most variants to learn from, spread evenly over all; None for all.
        vector_weight: how much it counts, beside people's scores, that its vectors of responses
            are near to the teacher's; 0 for not at all. The teacher reads all that it learns from
            once more then.
        config: the configuration of its network, as transformers calls it; None before it is cut.

    Raises:
        InputError: a value is out of its range.
    """

    layers: Sequence[int] | None = None
    min_responses: int = 3
    longest: int = 192
    variants: int | None = 20_000
    vector_weight: float = 0.0
    config: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.variants is not None and self.variants < 0:
            raise InputError(f"{self.variants} variants are too few: the number must be 0 or more")
        if not 0 <= self.vector_weight < inf:  # false for NaN too
            raise InputError(f"the vectors' weight is {self.vector_weight}, it must be 0 or more")
        if self.layers is not None:  # a list in JSON
            object.__setattr__(self, "layers", in_order(self.layers))


class CutText(TokenText):
    """The text stage; unless it was saved, with the cut that a network starts from.

    Args:
        tokenizer: what the network reads by.
        start: the cut.
        teacher: the folder of the teacher that it was cut out of.
        rules: see `TokenText`.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        start: Cut | None = None,
        teacher: Path | None = None,
        rules: int = NEW_RULES,
    ) -> None:
        super().__init__(tokenizer, rules)
        self.start, self.teacher = start, teacher


class TransformerNetwork(Network):
    """The network of a transformer student of K classes."""

    def __init__(self, config: Mapping[str, Any], classes: int, between: int | None = None) -> None:
        super().__init__()
        self.cut = build_network(config, classes, between)
        self._attention = self.cut.backbone.config._attn_implementation

    @property
    def last(self) -> torch.nn.Linear:
        """See `Network`."""
        if self.cut.head is not None:
            return self.cut.head
        linear = [part for part in self.cut.modules() if isinstance(part, torch.nn.Linear)]
        return [part for part in linear if part.out_features == self.cut.classes][-1]

    @property
    def new_parameters(self) -> list[torch.nn.Parameter]:
        """See `Network`: the head's."""
        return self.cut.parameter_groups()[1]

    def train(self, mode: bool = True) -> Self:
        """See `torch.nn.Module`.

        While it learns, attention is computed step by step: on a CPU the gradients of torch's own
        attention take longer for responses of this length.
        """
        choose = getattr(self.cut.backbone, "set_attn_implementation", None)
        if choose is not None:  # older transformers have none
            choose("eager" if mode else self._attention)
        return super().train(mode)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits [B, K] from ids and mask [B, T]."""
        return cast(torch.Tensor, self.cut(ids, _never_empty(mask)))

    def with_vectors(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Network`: of ids and mask, what the last layer says."""
        ids, mask = inputs
        return self.cut.with_vectors(ids, _never_empty(mask))


def _never_empty(mask: torch.Tensor) -> torch.Tensor:
    """A mask by which a response without a token counts as one padding token; [B, T]."""
    return torch.cat((torch.ones_like(mask[:, :1]), mask[:, 1:]), 1)


class TransformerKind(TokenKind):
    """The registered kind; see `Kind`."""

    name = runs_as = "transformer"
    forms = form_writers.TRANSFORMER
    options_type = TransformerOptions
    recipe = Recipe(
        2e-4,
        epochs=1,
        batch_size=32,
        least_steps=300,
        clip=1.0,
        head_rate=5.0,
        decay=0.01,
        part=1536,
        low_precision=True,
    )
    holds = (
        "A transformer holds no response. Its vocabulary holds pieces of words as they are, for "
        "anybody to read: those of a public language model that at least {} share, and single "
        "characters."
    )
    needs_teacher = True

    def check_model(self, model: Path, sources: TextSources, options: TransformerOptions) -> None:
        """See `Kind`: cuts it as it is."""
        refuse_decoder(read_config(model), TRANSFORMER)
        start = build(model, ("0", "1"), options.longest, 0)
        cut_of(start, sources, options, TRANSFORMER)

    def learn_text(self, sources: TextSources, options: TransformerOptions) -> CutText:
        """See `Kind`: the teacher's tokenizer, trimmed."""
        if sources.teacher is None:
            raise no_teacher(self.name)
        refuse_decoder_teacher(sources.teacher, TRANSFORMER)
        read_item_card(sources.teacher)  # since it reads a response alone
        start = cut_of(load_teacher(sources.teacher), sources, options, TRANSFORMER)
        return CutText(start.tokenizer, start, sources.teacher)

    def recipe_for(self, options: TransformerOptions) -> Recipe:
        """See `Kind`."""
        return replace(self.recipe, variants=options.variants, vector_weight=options.vector_weight)

    def teacher_vectors(
        self, text: CutText, texts: Sequence[str], folder: Path
    ) -> npt.NDArray[np.float32]:
        """See `Kind`: the mean of its last layer's vectors over the tokens."""
        assert text.teacher is not None, "a student that learns was cut out of one"
        return kept_vectors(text.teacher, texts, folder)

    def fit_options(self, values: Mapping[str, Any], text: CutText) -> TransformerOptions:
        """See `Kind`: how the teacher was cut."""
        options: TransformerOptions = self.options(values)
        start = text.start
        if start is None:
            return options
        return replace(options, layers=start.layers, longest=start.longest, config=start.config)

    def build(self, text: CutText, classes: int, options: TransformerOptions) -> TransformerNetwork:
        """See `Kind`: with the teacher's weights."""
        start = text.start
        config = options.config if start is None else start.config
        assert config is not None, "a saved student has its network's configuration"
        if start is not None and start.classes != classes:
            raise InputError(
                f"the teacher gives {start.classes} scores and the responses have {classes}: "
                "fine-tune it on these responses"
            )
        network = self.network(config, classes, options)
        if start is not None:
            network.cut.load_state_dict(start.state)
        return network

    def network(
        self, config: Mapping[str, Any], classes: int, _options: TransformerOptions
    ) -> TransformerNetwork:
        """A network with random weights."""
        return TransformerNetwork(config, classes)

    def load_text(self, folder: Path, description: Mapping[str, Any], options: Any) -> CutText:
        """See `Kind`."""
        text = super().load_text(folder, description, options)
        return CutText(text.tokenizer, rules=text.rules)


def cut_of(
    teacher: TeacherModel, sources: TextSources, options: TransformerOptions, uncut: Uncut
) -> Cut:
    """What is cut out of a teacher for a student with these options; see `cut_network`."""
    return cut_network(
        teacher,
        sources.texts,
        options.layers,
        options.min_responses,
        options.longest,
        sources.sharing,
        [text for references in sources.references.values() for text in references],
        uncut,
    )


KIND = TransformerKind()
