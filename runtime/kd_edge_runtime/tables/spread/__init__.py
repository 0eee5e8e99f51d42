"""Scores a long table in several processes; imported only where that pays."""
