"""The command ``settings``: each key, its value, and who has set it."""
