"""Which responses people should score next."""
