"""The OS keyring: which one, how items are written, and what is not yet saved."""
