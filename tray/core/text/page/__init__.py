"""What the accounts page says that its server decides."""
