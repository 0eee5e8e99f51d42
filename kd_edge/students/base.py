"""What a kind of student has to bring; `kd_edge.students` has the short list."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from kd_edge.students.sharing import Sharing
from kd_edge.students.student import Network, Student, TextStage
from kd_edge_export.form_writers import Form, Forms
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.relation import Relation
from kd_edge_runtime.text.vocabulary import BagVocabulary


@dataclass(frozen=True)
class Recipe:
    """How a kind of student is trained; measured, see `benchmarks/README.md`.

    Attributes:
        learning_rate: the highest, reached after a tenth of the steps.
        epochs: passes over responses and variants.
        batch_size: examples in a step.
        least_steps: with few examples more passes are made, until there are this many steps.
        clip: greatest norm of the gradient.
        head_rate: how many times higher the rate of `Network.new_parameters` is.
        decay: weight decay of AdamW; None for Adam.
        part: examples after which the run is measured and saved, within an epoch; 0 for whole
            epochs only. A run in parts keeps its last weights, not its best ones.
        variants: the most variants to learn from, spread evenly over all; None for all.
        low_precision: whether to train in bf16 where there is hardware for it, on a GPU if there
            is one, as the teacher is.
        vector_weight: how much it counts that the network's vectors of responses are near to the
            teacher's; 0 for not at all. See `loss.vector_loss`.
    """

    learning_rate: float
    epochs: int
    batch_size: int
    least_steps: int
    clip: float
    head_rate: float = 1.0
    decay: float | None = None
    part: int = 0
    variants: int | None = None
    low_precision: bool = False
    vector_weight: float = 0.0


@dataclass(frozen=True)
class TextSources:
    """What a text stage is learnt from.

    Attributes:
        texts: the scored responses.
        teacher: the teacher's folder, for a student that is cut out of it.
        relations: for a student of many questions, what it knows of each, by item id.
        sharing: how it is counted who shares a word.
        references: for a student of many questions, the reference answers to each.
    """

    texts: Sequence[str]
    teacher: Path | None = None
    relations: Mapping[str, Relation] = field(default_factory=dict)
    sharing: Sharing = field(default_factory=Sharing)
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def nothing_shared(self, least: int) -> InputError:
        """The error where no word is in so many responses as a vocabulary asks for."""
        words = f"none of the words of {len(self.texts)} responses"
        if self.sharing.writers:
            count = len({*self.sharing.writers})
            return InputError(
                f"{words} is one that {least} of their {count} students share: they share nothing "
                "to learn from (--student-column names another column)"
            )
        return InputError(f"{words} is in {least} of them: they share nothing to learn from")


def no_teacher(kind: str) -> InputError:
    """The error where a student is cut out of its teacher, and there is none."""
    return InputError(f"a {kind} student is cut out of the teacher: name the teacher's folder")


def no_questions(item_id: str) -> InputError:
    """The error where a bundle is asked for of a student's folder, which holds no questions."""
    return InputError(
        f"item '{item_id}': its student scores many items by their reference answers, which are "
        "not in its folder: take the bundle that 'kd-edge run --together' wrote"
    )


TextMember = tuple[Mapping[str, Any], tuple[str, bytes]]


class Kind(ABC):
    """A kind of student. Stateless: one object a kind, the module's `KIND`.

    Attributes:
        name: as in `registry.REGISTRY` and on the command line.
        options_type: a frozen dataclass, a default for each field. A field `min_responses`, if
            there is one, is named in the model card.
        forms: the forms that a bundle can hold of it, by name, in the order in which they are
            shown.
        runs_as: the kind that a device is told, one of those in FORMAT.md. It decides what the
            runtime feeds a graph with: "bag" gets counts of n-grams; "rnn" and "transformer"
            get token ids and a mask.
        holds: sentences for the model card: what a bundle holds of people's words. "{}"
            becomes the fewest that share a word, like "3 students".
        needs_teacher: whether `learn_text` needs the teacher's folder.
        has_sizes: whether students can be trained to fit into a number of bytes
            (`kd_edge.size_search`): the text stage has a `vocabulary` of n-grams, the options
            have `ngrams`, `dimensions` and `bits`.
    """

    name: ClassVar[str]
    options_type: ClassVar[type[Any]]
    recipe: ClassVar[Recipe]
    forms: ClassVar[Mapping[str, Form]]
    runs_as: ClassVar[str]
    holds: ClassVar[str]
    needs_teacher: ClassVar[bool] = False
    has_sizes: ClassVar[bool] = False

    def options(self, values: Mapping[str, Any] | None = None) -> Any:
        """An instance of `options_type`; options that have no value keep their defaults.

        Raises:
            InputError: the kind has no such option.
        """
        values = values or {}
        unknown = sorted(set(values) - {option.name for option in fields(self.options_type)})
        if unknown:
            raise InputError(f"students of kind {self.name} have no option {', '.join(unknown)}")
        return self.options_type(**values)

    def fit_options(self, values: Mapping[str, Any], _text: Any) -> Any:
        """The options once the text stage is known, on which those without a value may depend."""
        return self.options(values)

    def recipe_for(self, _options: Any) -> Recipe:
        """How it is trained with these options."""
        return self.recipe

    def teacher_vectors(
        self, text: Any, _texts: Sequence[str], _folder: Path
    ) -> npt.NDArray[np.float32]:
        """The teacher's vectors of N responses, for a recipe with `vector_weight`.

        Args:
            text: a text stage that `learn_text` made.
            texts: the responses.
            folder: where they are kept for a run that is stopped and started again.

        Returns:
            [N, D], as wide as the network's own (`Network.with_vectors`).
        """
        raise NotImplementedError(f"students of kind {self.name} have no vectors")

    def check_model(  # noqa: B027 (labels are enough for most kinds)
        self, model: Path, sources: TextSources, options: Any
    ) -> None:
        """Refuses a language model that no student can be made from once it is fine-tuned.

        Args:
            model: the language model's folder.
            sources: the responses; there is no teacher yet.
            options: the student's.

        Raises:
            InputError: it says why.
        """

    @abstractmethod
    def learn_text(self, sources: TextSources, options: Any) -> TextStage:
        """Freezes a text stage.

        Raises:
            InputError: the sources do not suffice.
        """

    @abstractmethod
    def build(self, text: Any, classes: int, options: Any) -> Network:
        """A network for K classes, to be trained or to be given weights.

        Its weights are drawn from torch's generator, or are those of the teacher from whose folder
        the text stage was learnt.
        """

    @abstractmethod
    def save_text(self, text: Any, folder: Path) -> Mapping[str, Any]:
        """Writes a text stage into a student's folder; returns what to add to student.json."""

    @abstractmethod
    def load_text(self, folder: Path, description: Mapping[str, Any], options: Any) -> TextStage:
        """Reads what `save_text` wrote; the description is the student.json."""

    @abstractmethod
    def text_member(self, student: Student) -> TextMember:
        """The student's text stage as a bundle holds it.

        Returns:
            What the runtime's text stage needs to know, see FORMAT.md, JSON types; and the
            name and bytes of the member that holds a vocabulary, a tokenizer or a question.
        """

    @abstractmethod
    def make_forms(
        self,
        student: Student,
        names: Sequence[str],
        vectorizer_sha256: str,
        texts: Sequence[str] = (),
    ) -> Forms:
        """The student's network in some of the `forms`; file name and bytes by form.

        Args:
            student: the student.
            names: the forms.
            vectorizer_sha256: of the text member's bytes, to be kept in graphs.
            texts: a sample of responses, for forms that are `sampled`.
        """

    def in_bits(self, student: Student, bits: int | None) -> Student:
        """The student with its numbers in so many bits, by default those it was trained in.

        Raises:
            InputError: the kind has no choice of bits.
        """
        if bits is not None:
            raise InputError(
                f"item '{student.item_id}': students of kind {self.name} have no table of "
                "n-grams, whose bits could be chosen; leave out --bits"
            )
        return student

    def text_rules(self, _student: Student) -> int:
        """The number of the text rules by which a device reads words for its flags."""
        return 1

    def known_ngrams(self, _student: Student) -> BagVocabulary | None:
        """The n-grams by which a device tells unfamiliar responses; None if it cannot."""
        return None
