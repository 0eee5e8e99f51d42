"""How well a scorer agrees with people: agreement, calibration, review, RSMTool's figures."""
