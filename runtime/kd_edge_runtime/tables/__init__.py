"""Tables of responses: read, scored and written again."""
