"""What a report tells of a run, as numbers."""
