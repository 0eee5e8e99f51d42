"""Files of all formats and encodings, read into rows."""
