"""``add``: profiles for the accounts and roles of a session."""
