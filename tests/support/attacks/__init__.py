"""Bundles that are made to harm: one function for each kind of attack, by the part it is made of.

Each makes the bytes of a bundle whose hashes and sizes are right, wherever that is meant.
"""
