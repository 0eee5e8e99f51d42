"""The command line, `kd-edge`, through click; plain calls of `score` do without it."""
