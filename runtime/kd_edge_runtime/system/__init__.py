"""What the system gives and takes: standard streams, disks, names that may be any bytes."""
