"""``login``: signing in from a terminal."""
