"""Commands in the time Python takes to start, where a daemon answers and nothing is unusual."""
