"""Rows that hold several responses or scores, and scores in a second table: as one a row."""
