"""What a command line means: the table of commands, read lightly or by click."""
