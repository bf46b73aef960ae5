"""The credential helper and the shell hooks: what programs and shells run."""
