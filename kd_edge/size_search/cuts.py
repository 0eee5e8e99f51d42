"""Which transformers are worth training: those whose bundle can be within the limits.

Training one takes minutes, so that few are tried: of one layer, two and three, each with as many
pieces of words as fit. What a bundle takes is known before: a network takes the same bytes and the
same time whether it is trained or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kd_edge.bundling.parity import Limits as ParityLimits
from kd_edge.console.progress import track
from kd_edge.data.responses import Item
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.size_search.cost import Cost
from kd_edge.size_search.search import LEAST_SHARE, Search
from kd_edge.size_search.tried import Limits, Untrained, layers_in_words
from kd_edge.students import registry
from kd_edge.students.base import no_teacher
from kd_edge.students.decoders import refuse_decoder_teacher
from kd_edge.students.layers import check_layers, spread_layers
from kd_edge.students.registry import BOTH, SECOND
from kd_edge.students.shape import Shape, shape_of
from kd_edge.students.student import Student, TextStage
from kd_edge.students.uncut import TRANSFORMER
from kd_edge.teacher.classifier import load_teacher
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE

_MOST_LAYERS = 3

# Responses that must share a piece of a word: the usual number, and more for fewer pieces.
_SHARED = (6, 12, 25)

# Bytes of a number of a layer at the least, compressed. For exclusion before anything is cut.
_LEAST_BYTES = 0.7

# Bytes of a piece's name in the tokenizer's file, compressed.
_NAME_BYTES = 6

# What training adds: figures in the model card, and flags.
_TRAINED_BYTES = 1_500

# Of a network that learnt nothing yet any scores will do.
_ANY = ParityLimits(greatest=1.0, equal=0.0, qwk_loss=2.0)


@dataclass(frozen=True, eq=False)
class PlannedCut:
    """A transformer that is worth training.

    Attributes:
        options: those that it is distilled with.
        text: its text stage, and the network that it starts from.
        kinds: which of transformer and both can be within the limits with it.
    """

    options: DistilOptions
    text: TextStage
    kinds: frozenset[str]

    @property
    def layers(self) -> tuple[int, ...]:
        """The teacher's layers in it."""
        return tuple(self.options.student_options["layers"])

    def __str__(self) -> str:
        return f"transformer of {layers_in_words(self.layers)}"


def plan_cuts(
    data: LearningData, options: DistilOptions, search: Search, kinds: Sequence[str]
) -> tuple[list[PlannedCut], list[Untrained]]:
    """The transformers that are worth training, and those that are not.

    Args:
        data: what students learn from.
        options: those of a transformer; with `layers`, no others are tried.
        search: its limits, and what a bundle is to hold.
        kinds: which of transformer and both are searched for.

    Raises:
        InputError: there is no teacher, or none that can be cut, or it has no such layers.
    """
    if data.teacher is None:
        raise no_teacher(SECOND)
    refuse_decoder_teacher(data.teacher, TRANSFORMER)
    shape = shape_of(load_teacher(data.teacher))
    given = options.student_options.get("layers")
    counts = range(1, min(_MOST_LAYERS, shape.layers) + 1)
    if given is None:
        wanted = [spread_layers(shape.layers, count) for count in counts]
    else:
        check_layers(given, shape.layers)  # also where they are too large to be trained
        wanted = [tuple(given)]
    least = {layers: int(_LEAST_BYTES * len(layers) * shape.of_layer) for layers in wanted}
    small = [layers for layers in wanted if search.limits.within_bytes(least[layers])]
    untrained = [Untrained(layers, least[layers]) for layers in wanted if layers not in small]
    planned: list[PlannedCut] = []
    if not small:
        return planned, untrained
    with track("measuring transformers before training", len(small)) as tracker:
        for layers in small:
            cut = _planned(data, _with(options, layers=layers), shape, search, kinds)
            if isinstance(cut, PlannedCut):
                planned.append(cut)
            else:
                untrained.append(cut)
            tracker.advance()
    return planned, untrained


def _planned(
    data: LearningData,
    options: DistilOptions,
    shape: Shape,
    search: Search,
    kinds: Sequence[str],
) -> PlannedCut | Untrained:
    limits = search.limits
    text = data.learn_text(options)
    student = _untrained(data.item, text, options)
    cost = search.bundle_cost(student, _ANY)
    whole, pieces = cost.bytes + _TRAINED_BYTES, _pieces(text)
    each = shape.width * cost.bytes / student.parameters + _NAME_BYTES
    size = whole
    least = registry.get(SECOND).options(options.student_options).min_responses
    for shared in _SHARED:
        if limits.within_bytes(size):
            break
        if shared <= least:  # as many must share a piece already
            continue
        options = _with(options, min_responses=shared)
        text = data.learn_text(options)
        size = whole - int(each * (pieces - _pieces(text)))
    possible = _possible(Cost(size, cost.ms), limits, kinds)
    if not possible:
        return Untrained(tuple(options.student_options["layers"]), size, cost.ms)
    return PlannedCut(options, text, possible)


def _possible(cost: Cost, limits: Limits, kinds: Sequence[str]) -> frozenset[str]:
    """Which of the kinds can be within the limits, by what a transformer alone takes."""
    if not limits.within_bytes(cost.bytes):
        return frozenset()
    # Beside a bag it takes a share of its time, and the bag next to nothing.
    ms = {SECOND: cost.ms, BOTH: LEAST_SHARE * cost.ms}
    return frozenset(kind for kind in kinds if limits.ms is None or ms[kind] <= limits.ms)


def _untrained(item: Item, text: TextStage, options: DistilOptions) -> Student:
    """A student that learnt nothing yet."""
    kind = registry.get(options.student)
    chosen = kind.fit_options(options.student_options, text)
    return Student(
        kind=options.student,
        item_id=item.item_id,
        scale=item.scale,
        decision=MOST_PROBABLE,
        options=chosen,
        text=text,
        network=kind.build(text, len(item.scale.classes), chosen).eval(),
        provenance={"rows": 0, "variants": 0},
        markup=item.markup,
    )


def _with(options: DistilOptions, **chosen: Any) -> DistilOptions:
    return replace(options, student_options={**options.student_options, **chosen})


def _pieces(text: Any) -> int:
    """The pieces of words that a tokenizer knows."""
    pieces: int = text.tokenizer.get_vocab_size()
    return pieces
