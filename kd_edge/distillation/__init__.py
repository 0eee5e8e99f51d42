"""From a teacher's soft labels to a student: the paper's loss, its training, the baseline."""
