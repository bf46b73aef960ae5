"""What is said about credentials that programs ask for."""
