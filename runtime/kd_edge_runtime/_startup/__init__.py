"""Light stand-ins for what takes long to import, so that a device starts quickly."""
