"""Which notices are due, and when they are shown, joined and withdrawn (W1-W3)."""
