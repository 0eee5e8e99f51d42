"""The scale of an item from its scores, and the class that a score is."""
