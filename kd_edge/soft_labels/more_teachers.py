"""More teachers like one that is there: the same but for their seed, for the mean of their labels.

What `kd-edge run --teachers` fine-tunes in one go, for a teacher that was fine-tuned by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kd_edge.console.model_names import RESEARCH, ModelNames
from kd_edge.console.progress import say
from kd_edge.data.responses import Item
from kd_edge.files import make_folder, sweep
from kd_edge.soft_labels.label_rows import as_read_by, refuse_other_classes
from kd_edge.stages.lock import held
from kd_edge.stages.record import hash_rows
from kd_edge.stages.runner import Stages
from kd_edge.teacher.building import model_inputs
from kd_edge.teacher.card import read_item_card
from kd_edge.teacher.finetune import Teacher, finetune
from kd_edge.teacher.held_out import learning_rows
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import resolve
from kd_edge_runtime.errors import InputError


def more_teachers(
    item: Item,
    teacher: Path,
    count: int,
    options: TeacherOptions,
    work: Path,
    names: ModelNames = RESEARCH,
) -> tuple[Path, ...]:
    """Fine-tune more teachers like one, for `label_rows` and `label_variants` with all of them.

    They learn from the same responses and hold out the same; their seeds are those that follow on
    the first one's. So labels by all are to the bit those of `kd-edge run --teachers`, on one
    machine with the same number of threads.

    Args:
        item: the item; its test rows are left out.
        teacher: the folder of the first teacher.
        count: how many there are to be with it, >= 1.
        options: the first one's; see `options_of`.
        work: a folder for the others, `teacher-2` and so on. They stay there: one that is whole,
            and of the same responses and options, is not fine-tuned again.
        names: what progress calls a teacher.

    Returns:
        The folders of all, the first one's first.

    Raises:
        InputError: the folder holds no teacher, or one of other classes or responses; the count or
            a seed is out of its range; or a teacher cannot be fine-tuned.
        StoppedError: the user pressed Ctrl-C while a teacher was fine-tuned; the same call
            resumes.
    """
    if count < 1:
        raise InputError(f"the number of {names.teacher}s cannot be {count}: use 1 or more")
    card = read_item_card(teacher)
    refuse_other_classes(item, teacher, card)
    learning_rows(item, teacher, options.seed)  # which refuses a teacher of other responses
    read = as_read_by(card, item)
    # All of them now, so that the last one's seed is refused before the second is fine-tuned.
    each = [replace(options, seed=options.seed + at) for at in range(1, count)]
    folders = [work / f"teacher-{at}" for at in range(2, count + 1)]
    if not folders:
        return (teacher,)
    inputs = {"rows": hash_rows(read.learning), **model_inputs(read, resolve(options.model))}
    same = {"classes": [*card.classes], "validation_ids": sorted(card.validation_ids)}
    title = f"Item '{item.item_id}'"
    with held(work, "fine-tuning teachers"):
        make_folder(work)
        sweep(work)
        stages = Stages(
            work, title, {one.name: one.name.replace("teacher", names.teacher) for one in folders}
        )
        for at, (folder, own) in enumerate(zip(folders, each, strict=True), 2):
            say(f"{title}: {names.teacher} {at} of {count}")
            # The model's hash is an input, so that its name on this machine does not matter.
            stages.run(
                folder.name,
                {**replace(own, model="").as_input(), **same},
                inputs,
                [folder],
                _finetuning(read, own, folder, card.validation_ids, names),
            )
    return (teacher, *folders)


def _finetuning(
    item: Item,
    options: TeacherOptions,
    folder: Path,
    validation_ids: tuple[str, ...],
    names: ModelNames,
) -> Callable[[], Teacher]:
    return lambda: finetune(item, item.learning, options, folder, validation_ids, names)
