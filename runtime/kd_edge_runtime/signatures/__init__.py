"""Signatures of bundles, made and checked by OpenSSH."""
