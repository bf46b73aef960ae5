"""``doctor``: what works here and what to do, and a support bundle without secrets."""
