"""The process that comes and goes: everything heavy, and everything that may block."""
