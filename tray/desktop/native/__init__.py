"""The tray on macOS and Windows, by pystray's own backends."""
