"""The names of what has to hold, and what is raised where it does not."""

from __future__ import annotations

PROMISES = (
    "the next look lies ahead",
    "few wakeups",
    "no token of another place",
    "one job a session",
    "a released session is left alone",
    "nothing is begun asleep",
    "only a person signs out",
    "only a person hands back",
    "one sign-in a session",
    "a late answer changes nothing",
    "only AWS's own no ends a session",
    "no page without a click",
    "no notice while nobody is there",
    "no notice for what renews itself",
    "each notice is shown once",
    "each cause is told once",
    "no state changes between two looks",
    "no refresh token is lost",
    "AWS is asked with measure",
    "SDKs never have to",
    "what works is not called over",
    "what was only deleted is put back",
    "what is over is not called well",
    "a well world is shown well",
    "signing in helps",
    "a fresh token is left alone",
    "few notices",
    "the rules do not fail",
)
"""Each is caught breaking by at least one slip of `tests.simulation.broken`."""


class Broken(AssertionError):
    """
    A promise does not hold.

    Args:
        promise: its name, for who compares two runs.
        told: what was seen.
    """

    def __init__(self, promise: str, told: str) -> None:
        assert promise in PROMISES, promise
        super().__init__(f"{promise}: {told}")
        self.promise = promise
