"""Responses as rows, read from tables and split for training and measuring."""
