"""Accounts and roles that a person can reach, with or without a profile, and how one is found."""
