"""The kit: one folder or file that holds all a device installs."""
