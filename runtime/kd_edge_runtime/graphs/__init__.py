"""Checks of ONNX and TFLite members before a native library sees them.

A bundle's hashes say that a graph is the one that was written, not that it does no harm. ONNX
Runtime and TFLite trust what they load: so these modules read a graph's bytes themselves, in plain
Python, and let through only what a student of the manifest's kind and sizes consists of.
"""
