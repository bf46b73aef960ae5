"""Which profiles may be picked, added and managed."""
