"""What fine-tuning a teacher and training a student share."""
