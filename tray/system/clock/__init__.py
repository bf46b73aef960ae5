"""The clock: an alarm on it, and how the user reads it."""
