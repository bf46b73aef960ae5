"""The tray on Linux: StatusNotifierItem and dbusmenu on our own connection."""
