"""The shell hook and completion."""
