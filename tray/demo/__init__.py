"""``sso-tray demo``: the real program against the embedded Identity Center."""
