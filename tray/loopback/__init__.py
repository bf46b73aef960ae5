"""The HTTP server on 127.0.0.1: for a sign-in's callback, ``exec --endpoint`` and ``console``."""
