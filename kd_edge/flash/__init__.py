"""Puts bundles onto devices: memory cards, sticks and machines reached by ssh."""
