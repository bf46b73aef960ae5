"""Accounts and roles that the portal lists, with or without a profile."""
