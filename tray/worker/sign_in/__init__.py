"""Signing in by browser or by code."""
