"""Bundles installed side by side on a device, one of them in use."""
