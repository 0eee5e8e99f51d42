"""The workshop of kd-edge: from scored responses to a student in a bundle.

Nothing is imported here: `kd_edge.data.responses` costs nothing, `kd_edge.teacher` brings torch.
"""

__version__ = "0.1.0"
