"""Everything heavy or blocking: a process that starts on demand."""
