"""`python -m kd_edge_runtime` runs `kd-edge`."""

from kd_edge_runtime.cli.start import main

main()
