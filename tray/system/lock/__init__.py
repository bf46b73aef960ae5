"""Locks across processes that die with their holder."""
