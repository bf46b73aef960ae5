"""Connections to message buses that may be missing, end and come back."""
