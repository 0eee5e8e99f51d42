"""Stages of long work: a record of each one's inputs, and which need not run again."""
