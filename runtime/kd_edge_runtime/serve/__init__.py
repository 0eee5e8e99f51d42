"""Scoring for other programs, over a Unix socket."""
