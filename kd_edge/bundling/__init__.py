"""From a student to a bundle: forms, parity with PyTorch, model card."""
