"""The figures of a report, computed from a run's folder."""
