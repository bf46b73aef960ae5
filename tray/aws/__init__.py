"""AWS's own formats and calls: config, token cache, OIDC, portal, STS. Knows no UI."""
