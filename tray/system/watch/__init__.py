"""Changes in directories."""
