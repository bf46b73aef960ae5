"""The name by which a daemon of version 0.1 restarts after an upgrade; goes with version 0.3."""
