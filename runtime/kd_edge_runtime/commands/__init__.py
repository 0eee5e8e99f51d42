"""The verbs that every device has, one file each."""
