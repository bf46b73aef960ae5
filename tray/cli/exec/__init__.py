"""``exec``: a command with a profile's credentials, or with an endpoint that renews them."""
