"""What is measured, and the tables made from it; see README.md."""
