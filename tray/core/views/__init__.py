"""What the tray, ``status`` and the prompt show, computed from the state."""
