"""The protocol between the daemon and its clients."""
