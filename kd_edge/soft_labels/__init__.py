"""Soft labels: a teacher's probabilities for responses and for variants of them."""
