"""What the menu's rows ask for."""
