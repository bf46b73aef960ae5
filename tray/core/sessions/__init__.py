"""The life of a session: its token file, renewals, sign-ins and end."""
