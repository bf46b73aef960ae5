"""The rules, pure: no I/O, no clock, no secrets. Everything that decides is in this room."""
