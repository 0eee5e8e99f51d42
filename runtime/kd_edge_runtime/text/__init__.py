"""Text rules, version 1: from a response to its words and n-grams."""
