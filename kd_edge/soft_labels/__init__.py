"""What a teacher says of responses and of variants of them."""
