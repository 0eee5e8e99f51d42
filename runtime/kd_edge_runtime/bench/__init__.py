"""What a student costs a device: bytes, time, memory and heat, with its quality beside them."""
