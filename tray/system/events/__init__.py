"""System events: sleep, network, screen lock."""
