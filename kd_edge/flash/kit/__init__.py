"""The kit: a folder, or one zip, with everything that is installed on a device."""
