"""The kit: a folder, or one zip, with everything that a device installs."""
