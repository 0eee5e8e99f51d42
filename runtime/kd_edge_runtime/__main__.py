"""`python -m kd_edge_runtime` is `kd-edge`."""

from kd_edge_runtime.start import main

main()
