"""Fine-tune a language model on an item's scored responses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from kd_edge.console.model_names import RESEARCH, ModelNames
from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import validation_rows
from kd_edge.files import atomic_folder, check_replaceable, mend_folder
from kd_edge.stages.folder_sums import changed_file
from kd_edge.stages.lock import held
from kd_edge.stages.record import StoppedError
from kd_edge.teacher import classifier
from kd_edge.teacher.card import CARD, TeacherCard, read_card
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.reading_limit import training_doubts
from kd_edge.teacher.source import resolve
from kd_edge.teacher.training_run import TrainingRun
from kd_edge.training.checkpoint import Checkpoint
from kd_edge.training.doubts import Doubt, say_doubts
from kd_edge.training.run_state import read_state
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import plain_write_errors

_CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Teacher:
    """A fine-tuned teacher.

    Attributes:
        folder: where the teacher is.
        card: its teacher.json: options, validation rows and the figures of each epoch.
        train_rows: responses it learned from.
        parameters: weights of the network.
        seconds: time spent, that of the runs before an interruption included.
        warnings: what is doubtful about its responses.
    """

    folder: Path
    card: TeacherCard
    train_rows: int
    parameters: int
    seconds: float
    warnings: tuple[Doubt, ...] = ()


def finetune(
    item: Item,
    rows: Sequence[Row],
    options: TeacherOptions,
    folder: Path,
    validation_ids: Collection[str] | None = None,
    names: ModelNames = RESEARCH,
    *,
    warn: bool = False,
) -> Teacher:
    """Fine-tune a teacher, or continue a run that was stopped.

    Cross entropy with smoothed labels, plus `ordinal_weight` times the squared error of the
    expected score where the classes are numbers; AdamW on a one-cycle schedule. A moving average
    of the weights of the schedule's second half is kept. With `patience` it is the epoch with the
    highest validation QWK (accuracy where the classes are words), of equals the one with less
    validation loss. After each epoch the run is saved in `folder`/checkpoint; in fp32 on a CPU a
    run that was stopped ends with the very weights of one that was not. A teacher that is there
    already, whole and of the same rows, options and model, is kept.

    Args:
        item: the item; its scale gives the classes.
        rows: the rows to learn from, test rows left out; those without a score are passed over.
        options: how.
        folder: where the teacher goes; a teacher that is there is replaced at the end.
        validation_ids: response ids to hold out; None draws `options.validation` of each class.
        names: what progress calls the teacher.
        warn: whether to say what is doubtful about the responses.

    Returns:
        The teacher.

    Raises:
        InputError: the model cannot be found or loaded, there are too few rows, this machine
            cannot compute as the options say, or the folder cannot be written or is in use.
        StoppedError: the user pressed Ctrl-C; the same call goes on.
        ValueError: a test row is among `rows`.
    """
    folder = folder.resolve()
    training, held_out = _split(item, rows, options, validation_ids)
    with held(folder, "fine-tuning"):
        with plain_write_errors(folder):
            mend_folder(folder)
        check_replaceable(folder, (CARD, _CHECKPOINT))
        source = resolve(options.model)
        doubts: tuple[Doubt, ...] = ()
        if warn:
            doubts = training_doubts(item, item.item_id, training, held_out, options)
            say_doubts(doubts)
        run = TrainingRun(item, training, held_out, options, source)
        card, seconds = _finished(folder, run.key), 0.0
        if card is None:
            card, seconds = _train(item, run, folder, names)
        else:
            say(f"The {names.teacher} of these responses and options is there already: kept.")
    return Teacher(folder, card, len(training), run.model.parameter_count, seconds, doubts)


def _finished(folder: Path, key: str) -> TeacherCard | None:
    """The card of a whole teacher of this very run; None where it is not there."""
    try:
        card = read_card(folder)
    except InputError:
        return None
    return card if card.key == key and not changed_file(folder, listed=True) else None


def _train(
    item: Item, run: TrainingRun, folder: Path, names: ModelNames
) -> tuple[TeacherCard, float]:
    """Trains and writes the teacher; its card, and the seconds that it took."""
    checkpoint = Checkpoint(folder / _CHECKPOINT, run.model, run.optimizer)
    try:
        state = run.train(checkpoint, f"fine-tuning the {names.teacher}")
        run.keep(checkpoint)
        card = run.card(state, folder)
        with atomic_folder(folder, (CARD, _CHECKPOINT)) as new:
            classifier.save(run.model, card, new)
    except KeyboardInterrupt:
        raise _stopped(item, folder / _CHECKPOINT, run.epochs) from None
    return card, state.seconds


def _split(
    item: Item,
    rows: Sequence[Row],
    options: TeacherOptions,
    validation_ids: Collection[str] | None,
) -> tuple[list[Row], list[Row]]:
    if any(row.split == "test" for row in rows):
        raise ValueError("a teacher must not learn from test rows")
    scored = [row for row in rows if row.score is not None]
    if validation_ids is None and scored:
        validation_ids = validation_rows(scored, options.validation, options.seed)
    ids = set(validation_ids or ())
    held_out = [row for row in scored if row.response_id in ids]
    training = [row for row in scored if row.response_id not in ids]
    if not training or not held_out:
        raise InputError(
            f"item '{item.item_id}': {len(scored)} scored responses are too few for a teacher: "
            f"{len(training)} to learn from and {len(held_out)} to choose the best epoch by."
        )
    return training, held_out


def _stopped(item: Item, folder: Path, epochs: int) -> StoppedError:
    state = read_state(folder)
    saved = f"after epoch {state.epochs} of {epochs}" if state else "before the first epoch's end"
    return StoppedError(
        f"Item '{item.item_id}': fine-tuning was stopped {saved}. "
        "Start the same command again to resume from there."
    )
