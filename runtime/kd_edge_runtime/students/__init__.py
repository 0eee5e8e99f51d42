"""An item's student as a bundle holds it."""
