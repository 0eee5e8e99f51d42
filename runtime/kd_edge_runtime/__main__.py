"""`python -m kd_edge_runtime` is `kd-edge`."""

from kd_edge_runtime.cli.start import main

main()
