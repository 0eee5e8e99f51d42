"""The most accurate student that fits a number of bytes."""
