"""Scores written as tables, lines, gradebooks and explanations."""
