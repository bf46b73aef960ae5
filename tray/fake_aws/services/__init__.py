"""AWS's services as the embedded Identity Center speaks them."""
