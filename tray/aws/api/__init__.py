"""AWS's services as Identity Center needs them: sign-in, portal, STS, every error classified."""
