"""The process that stays: one loop that owns the state, watches, asks workers and answers."""
