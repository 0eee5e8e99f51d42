"""Scoring for other programs, over a Unix socket or a TCP port."""
