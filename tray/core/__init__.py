"""All decisions, pure: no I/O, no clock, no secrets."""
