"""Notices on the desktop: one chain of ways to show them."""
