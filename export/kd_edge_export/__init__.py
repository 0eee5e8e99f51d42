"""Exports trained students to the forms that devices run, and writes them into a bundle."""
