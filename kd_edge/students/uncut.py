"""The error where a student cannot be cut out of a teacher: which student, why, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Uncut:
    """What is said of a kind of student that cannot be cut out of a teacher.

    Attributes:
        student: what people call it.
        instead: what to do without it.
    """

    student: str
    instead: str

    def error(self, teacher: str, why: str) -> InputError:
        """The error.

        Args:
            teacher: which one, in words.
            why: what it lacks.
        """
        return InputError(
            f"{self.student} cannot be cut out of {teacher}: {why}. {self.instead}, or take "
            "another language model: an encoder such as BERT, RoBERTa, DeBERTa or MiniLM"
        )


TRANSFORMER = Uncut(
    "a transformer student", "Choose a student that learns from labels alone (--student bag or rnn)"
)
CROSS = Uncut("a cross-encoder student", "Leave --student both out")
