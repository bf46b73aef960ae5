"""Attacks on the ports of 127.0.0.1, bounded, run by ``make soak``."""
