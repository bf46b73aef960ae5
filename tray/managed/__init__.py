"""``[default]`` and ``[profile sso-tray]`` in the user's AWS config."""
