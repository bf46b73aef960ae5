"""The command line: everything the menu does, for people and scripts without a tray."""
