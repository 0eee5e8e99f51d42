"""The bundle file and its manifest."""
