"""Results of `kd-edge bench`, read from several devices and compared."""
