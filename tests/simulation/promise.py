"""The names of what has to hold, and what is raised where it does not."""

from __future__ import annotations

PROMISES = (
    "the next look lies ahead",
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
    "a fresh token is left alone",
    "the rules do not fail",
    "liveness: what AWS would renew is tried in time",
    "truth: what works is not called over",
    "truth: what is over is not called well",
    "truth: after a sign-out only AWS's word signs in",
    "truth: what AWS would renew is not given up",
    "truth: only what holds refresh data renews",
    "truth: failing is said after a failure",
    "truth: no reason outlives its cause",
    "truth: no notice is false",
    "truth: a doubt is taken up",
    "truth: a sign-out is known to the portal's other sessions",
    "truth: what cannot be read is told",
    "truth: what a file says counts",
    "truth: the last good config counts",
    "truth: the managed default follows",
    "safety: nothing changes on an unread fact",
    "safety: the managed default outlives an unread fact",
    "safety: no refresh token is lost",
    "safety: no older token over a newer",
    "safety: no older refresh token is sent",
    "safety: nothing comes back after a sign-out",
    "safety: a removed file stays away",
    "safety: one refresh of a session at a time",
    "economy: Retry-After is obeyed",
    "economy: AWS is asked with measure",
    "economy: few jobs",
    "economy: few notices",
    "economy: few wakeups",
    "convergence: a well world is shown well",
    "convergence: signing in helps",
    "restart equivalence",
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
