"""Stages of long work: what each was made from, and which need not run again."""
