"""The command line, `kd-edge`: a quick start for scoring, and click for the rest."""
