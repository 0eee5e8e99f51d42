"""Agreement with people's scores, calibration, review thresholds, RSMTool's figures."""
