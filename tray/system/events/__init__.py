"""What the machine says of itself: sleep, network, screen."""
