"""How people call the split into responses to learn from and responses to measure on."""

from __future__ import annotations

# As `roles.plain` of the runtime leaves them, in English, German, French, Spanish and Turkish.
_TRAIN = "training tr learn dev devset val valid validation validate validierung eval entrainement"
_MORE_TRAIN = "apprentissage entrenamiento validacion egitim dogrulama"
_TEST = "testing testset te holdout heldout prueba sinama"

SPLITS = {
    "train": "train",
    "test": "test",
    **dict.fromkeys(f"{_TRAIN} {_MORE_TRAIN} trainset trainingset".split(), "train"),
    **dict.fromkeys(_TEST.split(), "test"),
}
"""Word → "train" or "test"."""
