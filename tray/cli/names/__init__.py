"""Which profile or session a person means: a name, a few words, or a pick from a list."""
