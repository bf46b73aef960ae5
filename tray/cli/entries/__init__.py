"""Commands that place SSO Tray among what the desktop starts."""
