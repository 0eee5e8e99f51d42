"""TFLite graphs of students."""
