"""The cross-encoder student: layers of a teacher that reads a reference answer and the response.

As the transformer student, but for what it reads: two segments, by the runtime's rules, so that
training sees what devices see. One network serves all questions; what is specific to a question are
its reference answers, which a bundle holds as ids of pieces.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from kd_edge.students.base import TextMember, TextSources, no_questions, no_teacher
from kd_edge.students.cutting import Cut
from kd_edge.students.decoders import refuse_decoder, refuse_decoder_teacher
from kd_edge.students.layers import spread_layers
from kd_edge.students.sharing import LEAST, Sharing
from kd_edge.students.student import Student
from kd_edge.students.tokens import EncodedTokens
from kd_edge.students.transformer import (
    CutText,
    TransformerKind,
    TransformerNetwork,
    TransformerOptions,
    cut_of,
)
from kd_edge.students.uncut import CROSS
from kd_edge.teacher.classifier import TeacherModel, build, load_teacher
from kd_edge.teacher.language_model import read_config
from kd_edge.teacher.pair_text import reads_parts
from kd_edge_export import form_writers
from kd_edge_export.form_writers import Forms
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text import NEW_RULES
from kd_edge_runtime.text.reference_parts import ADDED, MOST_IDS, Reader, ReferenceParts

_LAYERS = 6  # two or three do not compare: what they learn of it again is far behind the teacher
_CHUNK = 1000  # responses encoded at a time
_WHOLE = 1000  # as a reference's word in `pairs`: times its inverse document frequency


@dataclass(frozen=True)
class CrossOptions(TransformerOptions):
    """What a cross-encoder student keeps of its teacher; see `TransformerOptions`.

    `longest` is that of a reference answer and a response together, with the tokens around them.

    Attributes:
        variants: the most variants to learn from, spread evenly over all; None for all.
        start: the id before both parts; None before it is cut.
        between: the id after each part; None before it is cut.

    Raises:
        InputError: `longest` leaves no room for a response, or there is a `vector_weight`.
    """

    variants: int | None = 2_000
    start: int | None = None
    between: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.longest <= ADDED:
            raise InputError(
                f"{self.longest} tokens are too few for a cross-encoder student: the number must "
                f"be above {ADDED}, which are around a reference answer and a response"
            )
        if self.vector_weight:
            raise InputError("a cross-encoder student does not learn from the teacher's vectors")


class CrossText(CutText):
    """The text stage: a tokenizer, and the reference answers to each question.

    Args:
        tokenizer: what the network reads by.
        ends: the ids before both parts, and after each.
        start: see `CutText`.
        teacher: see `CutText`.
        rules: see `CutText`.

    Attributes:
        questions: how responses to each are read, by item id; see `with_questions`.
        written: the forms that were written of its network, by their names and the tokenizer's
            hash: all questions share them, and writing takes seconds.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        ends: tuple[int, int],
        start: Cut | None = None,
        teacher: Path | None = None,
        rules: int = NEW_RULES,
    ) -> None:
        super().__init__(tokenizer, start, teacher, rules)
        self.ends = ends
        self.questions: Mapping[str, ReferenceParts] = {}
        self.written: dict[tuple[str, ...], Forms] = {}
        self._readers: dict[str, Reader] = {}

    def with_questions(
        self,
        references: Mapping[str, Sequence[str]],
        texts: Sequence[str],
        least: int = LEAST,
        sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
    ) -> CrossText:
        """The same, which knows questions.

        Args:
            references: the reference answers to each, by item id. Those that are read alike count
                once, and of very many the first ones (`MOST_IDS`).
            texts: the responses learnt from: a piece counts the more, the rarer it is there.
            least: responses that must share a piece, else it counts as if none had it: a bundle
                holds the weights, which would tell of single responses.
            sharing: how it is counted who shares a piece.
        """
        known = CrossText(self.tokenizer, self.ends, self.start, self.teacher, self.rules)
        read = [{*ids} for ids in self._pieces(texts)]
        frequency = Counter(code for codes in read for code in codes)
        shared = sharing.tally(read)

        def weight(code: int) -> int:
            count = frequency[code] if shared[code] >= least else 0
            return 1 + round(_WHOLE * math.log((len(texts) + 1) / (count + 1)))

        truncation = self.tokenizer.truncation
        assert truncation is not None, "the runtime needs it too"
        longest = int(truncation["max_length"])
        found = {}
        for name, answers in references.items():
            ids = self._references(answers)
            codes = sorted({code for one in ids for code in one})
            weights = tuple(map(weight, codes))
            found[name] = ReferenceParts(*self.ends, ids, weights, longest)
        known.questions = found
        return known

    def _references(self, answers: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """The ids of reference answers, each that has any once."""
        # What parts it from the response is not within it, as in `pair_text.join_parts`.
        between = self.ends[1]
        read = (tuple(code for code in ids if code != between) for ids in self._pieces(answers))
        different = [*filter(None, dict.fromkeys(read))]
        ends = accumulate(map(len, different))
        return tuple(ids for ids, end in zip(different, ends, strict=True) if end <= MOST_IDS)

    def encode(self, texts: Sequence[str], questions: Sequence[str] = ()) -> EncodedTokens:
        """See `TextStage`.

        Raises:
            KeyError: nothing is known of one of the questions.
        """
        padding = self.tokenizer.padding
        assert padding is not None, "the runtime needs it too"
        ids = [
            self._reader(question).join(pieces)
            for question, pieces in zip(questions, self._pieces(texts), strict=True)
        ]
        return EncodedTokens(ids, padding["pad_id"])

    def _reader(self, question: str) -> Reader:
        if question not in self._readers:
            self._readers[question] = self.questions[question].reader()
        return self._readers[question]

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of texts by themselves."""
        ids: list[list[int]] = []
        for start in range(0, len(texts), _CHUNK):
            chunk = list(texts[start : start + _CHUNK])
            encoded = self._unpadded.encode_batch(chunk, add_special_tokens=False)
            ids += [encoding.ids for encoding in encoded]
        return ids


class CrossKind(TransformerKind):
    """The registered kind; see `Kind`."""

    name = runs_as = "cross"
    # Products are in floats: scales of integers would be set by responses to one question.
    forms: Mapping[str, form_writers.Form] = {  # type: ignore[misc]
        name: form._replace(sampled=False) for name, form in form_writers.TRANSFORMER.items()
    }
    options_type = CrossOptions
    # It has the teacher's layers, and learns what rare words are that it reads letter by letter.
    recipe = replace(TransformerKind.recipe, learning_rate=2e-5)
    holds = (
        "A cross-encoder scores all items by reading a reference answer and the response. It holds "
        "no response. Its vocabulary holds pieces of words as they are, for anybody to read: those "
        "of a public language model that at least {} share, those of the reference answers, and "
        "single characters; and it holds the reference answers."
    )

    def check_model(self, model: Path, sources: TextSources, options: CrossOptions) -> None:  # type: ignore[override]
        """See `Kind`: cuts it as it is."""
        refuse_decoder(read_config(model), CROSS)
        start = build(model, ("0", "1"), options.longest, 0)
        start.pairs = True
        _cut(start, sources, options)

    def learn_text(self, sources: TextSources, options: CrossOptions) -> CrossText:  # type: ignore[override]
        """See `Kind`: the teacher's tokenizer, trimmed, and the reference answers."""
        if sources.teacher is None:
            raise no_teacher(self.name)
        refuse_decoder_teacher(sources.teacher, CROSS)
        teacher = load_teacher(sources.teacher)
        if not teacher.pairs:
            raise InputError(
                "the teacher reads no reference answers, and a cross-encoder student does: "
                "fine-tune one for all items together (--together)"
            )
        start = _cut(teacher, sources, options)
        assert start.start is not None, "it was cut out of one that reads both"
        assert start.between is not None, "as above"
        text = CrossText(start.tokenizer, (start.start, start.between), start, sources.teacher)
        return text.with_questions(
            sources.references, sources.texts, options.min_responses, sources.sharing
        )

    def fit_options(self, values: Mapping[str, Any], text: CrossText) -> CrossOptions:  # type: ignore[override]
        """See `Kind`: how the teacher was cut."""
        options: CrossOptions = super().fit_options(values, text)  # type: ignore[assignment]
        return replace(options, start=text.ends[0], between=text.ends[1])

    def network(  # type: ignore[override]
        self, config: Mapping[str, Any], classes: int, options: CrossOptions
    ) -> TransformerNetwork:
        """See `TransformerKind`: it tells the two segments."""
        return TransformerNetwork(config, classes, options.between)

    def load_text(
        self, folder: Path, description: Mapping[str, Any], options: CrossOptions
    ) -> CrossText:
        """See `Kind`; the questions are not in the folder, see `CrossText.with_questions`."""
        text = super().load_text(folder, description, options)
        assert options.start is not None, "a saved student says how it reads"
        assert options.between is not None, "as above"
        return CrossText(text.tokenizer, (options.start, options.between), rules=text.rules)

    def text_member(self, student: Student) -> TextMember:
        """See `Kind`."""
        settings, member = super().text_member(student)
        parts: ReferenceParts | None = student.text.questions.get(student.item_id)
        if parts is None:
            raise no_questions(student.item_id)
        of_question = {
            "start": parts.start,
            "between": parts.between,
            "references": [list(ids) for ids in parts.references],
            "weights": list(parts.weights),
        }
        return {**settings, **of_question}, member

    def make_forms(
        self,
        student: Student,
        names: Sequence[str],
        vectorizer_sha256: str,
        _texts: Sequence[str] = (),
    ) -> Forms:
        """See `Kind`: the same of all questions, none of which a graph names."""
        written: dict[tuple[str, ...], Forms] = student.text.written
        key = (*names, vectorizer_sha256)
        if key not in written:
            shared = replace(student, item_id="")
            written[key] = super().make_forms(shared, names, vectorizer_sha256)
        return written[key]


def _cut(teacher: TeacherModel, sources: TextSources, options: CrossOptions) -> Cut:
    if teacher.prompt is not None or not reads_parts(teacher.tokenizer):
        kind = teacher.backbone.config.model_type
        why = "it has no tokens that part a reference answer from a response"
        raise CROSS.error(f"this teacher ({kind})", why)
    if options.layers is None:
        total = teacher.backbone.config.num_hidden_layers
        options = replace(options, layers=spread_layers(total, _LAYERS))
    return cut_of(teacher, sources, options, CROSS)


KIND = CrossKind()
