"""Sequences that once broke a promise: each is replayed, and has to hold ever after."""

from __future__ import annotations

from tests.core.story import CORP
from tests.simulation.aws import Rotation
from tests.simulation.happenings import numbered
from tests.simulation.promise import PROMISES
from tests.simulation.replay import Run, run
from tests.simulation.script import Happening
from tests.simulation.world import ROTATIONS
from tray.core.sessions.schedule import share

HOUR = 3600.0
OLD = "https://old.awsapps.com/start"
IGNORES = next(seed for seed in range(100) if share(seed, "person", CORP.key, 0) > 0.9)
"""A seed whose person leaves the first page open."""
LONG = 90 * 24 * HOUR


class Sequence:
    """
    A few things that happen, and what they showed.

    Args:
        shows: what went wrong, in a few words.
        seed: decides what the script does not.
        things: what happens.
        until: seconds, for which it goes on.
        rotation: of AWS's refresh tokens.
        length: seconds of a portal session.
        held: the promises that are looked at.
    """

    def __init__(
        self,
        shows: str,
        seed: int,
        *things: Happening,
        until: float = 0.0,
        rotation: Rotation | None = None,
        length: float | None = None,
        held: frozenset[str] = frozenset(PROMISES),
    ) -> None:
        self.shows = shows
        self.seed = seed
        self.things = numbered(things)
        self.until = until or things[-1].at + 3 * HOUR
        self.rotation = rotation
        self.length = length
        self.held = held

    def run(self, *, traced: bool = False) -> Run:
        """Replay it."""
        return run(
            self.seed,
            10_000,
            script=self.things,
            until=self.until,
            rotation=self.rotation,
            length=self.length,
            held=self.held,
            traced=traced,
        )


def do(
    kind: str, at: float, key: str = CORP.key, much: float = 0.5, step: int | None = None
) -> Happening:  # fmt: skip
    """Let something happen to a session, so many seconds after the start."""
    return Happening(kind, at, key, much, step)


def weather(seconds: float) -> float:
    """Return how much makes AWS's trouble last so long."""
    return float(((seconds - 10) / 7200) ** (1 / 3))


def asleep(seconds: float) -> float:
    """Return how much makes the machine sleep so long."""
    return float(((seconds - 600) / (14 * HOUR)) ** 0.5)


FULL = (do("aws sso login", 10, much=0.1), do("read", 10.02))
"""A sign-in by the AWS CLI, and a copy of its full file before it is adopted."""

SEQUENCES = (
    Sequence(
        "failed tries lock a session for an hour, and its token dies", 1,
        do("aws sso login", 10), do("aws 503", 1500, much=weather(2000)), length=LONG,
    ),
    Sequence(
        "programs spend the tries of the clock", 1,
        do("aws sso login", 10), do("aws 503", 99, much=weather(60)),
        do("sleep", 100, much=asleep(2 * HOUR)),
        *(do("crowd", 100.5 + 3 * number, much=0.8) for number in range(15)), length=LONG,
    ),
    Sequence(
        "three renewals by hand starve the clock's", 1,
        do("aws sso login", 10), *(do("renew", at, much=0.0) for at in (60, 90, 120)),
        length=LONG,
    ),
    Sequence(
        "unlocking the screen breaks Retry-After", 1,
        do("aws sso login", 10), do("aws 429", 1600, much=0.8), do("screen", 1800, much=0.01),
        length=LONG,
    ),
    Sequence(
        "a flapping network breaks Retry-After", 1,
        do("aws sso login", 10), do("aws 429", 1600, much=0.8), do("network flaps", 1800),
        length=LONG,
    ),
    Sequence(
        "an older lean file ends a living session", 1,
        do("aws sso login", 10), do("read", 100), do("put back", 2500, much=0.0), length=LONG,
    ),
    Sequence(
        "an older lean file put back during a renewal ends the session", 1,
        do("aws sso login", 10), do("read", 100), do("put back", 1900, much=0.0, step=6),
        length=LONG,
    ),
    Sequence(
        "an SDK writes an older lean file after a failed renewal", 1,
        do("aws sso login", 10), do("read", 100), do("sdk writes older", 2500, much=0.0),
        length=LONG,
    ),
    Sequence(
        "an older lean file revives a session that was signed out", 1,
        do("aws sso login", 10), do("read", 100), do("sign out", 2000),
        do("put back", 2100, much=0.0), length=LONG,
    ),
    *(
        Sequence(
            f"an older full file covers the newest refresh token ({rotation})", 1,
            *FULL, do("put back", 2500, much=0.0), rotation=rotation, length=LONG,
        )
        for rotation in ROTATIONS
    ),
    Sequence(
        "an older full file revives a session that was signed out", 1,
        *FULL, do("sign out", 2000), do("put back", 2100, much=0.0), length=LONG,
    ),
    Sequence(
        "release deletes the item over an older lean file", 1,
        do("aws sso login", 10), do("read", 100), do("put back", 2500, much=0.0),
        do("release", 2500), length=LONG,
    ),
    Sequence(
        "release deletes the item over another portal's file", 1,
        do("aws sso login", 10), do("aws sso login", 20, "lab"), do("foreign", 2500),
        do("release", 2500), length=LONG,
    ),
    Sequence(
        "a lost state.json gives a session up", 1,
        do("aws sso login", 10), do("restart, state lost", 100, much=0.999), length=LONG,
    ),
    Sequence(
        "an old state.json gives a session up", 5,
        do("aws sso login", 10), do("release", 100), do("read", 4 * HOUR),
        do("click", 18 * HOUR, much=0.8), do("restart, state old", 30 * HOUR, much=0.999),
        length=LONG,
    ),
    Sequence(
        "a clock ahead for a second ends the registration", 1,
        do("aws sso login", 10), do("clock", 1000, much=4.1 / 8, step=0), length=LONG,
    ),
    Sequence(
        "an end written a year ahead puts the renewal off", 1,
        do("aws sso login", 10), do("redate", 100, much=0.3), length=LONG,
    ),
    Sequence(
        "an end written into the past stays there", 20,
        do("click", 2672.559, OLD, 0.144), do("redate", 4289.71, OLD, 0.863), until=9636,
    ),
    Sequence(
        "an end written into a full file is not believed", 24,
        do("keyring absent", 16151.691, OLD, 0.727), do("click", 16804.844, OLD, 0.337),
        do("redate", 20654.927, OLD, 0.9), until=21925,
    ),
    Sequence(
        "a sign-in page left open blocks the renewal", IGNORES,
        do("aws sso login", 10), do("aws 503", 1600, much=weather(1900)), do("click", 3499),
        length=LONG,
    ),
    Sequence(
        "a restart breaks Retry-After", 1,
        do("aws sso login", 10), do("aws 429", 1600, much=0.8), do("restart", 1900),
        length=LONG,
    ),
    Sequence(
        "a sign-out leaves the portal's other session signed in", 1,
        do("aws sso login", 10), do("aws sso login", 20, "twin"), do("sign out", 100),
        length=LONG,
    ),
    *(
        Sequence(
            f"a sign-in killed at step {step} stays signed out", 2,
            do("kill", 99, much=step / 40), do("click", 100), length=LONG,
        )
        for step in (4, 5, 6, 7)
    ),
    Sequence(
        "an older CLI's sign-in after a sign-out claims to renew", 1,
        do("aws sso login", 10), do("sign out", 100), do("old login", 200), length=LONG,
    ),
    Sequence(
        "a sign-in under a clock that is a day behind is written over", 22,
        do("click", 8.328, OLD, 0.005), do("unreadable", 108.808, OLD, 0.338),
        do("clock", 4168.801, OLD, 0.966, step=3),
        do("aws sso login", 4170.256, OLD, 0.199, step=13), until=23357,
    ),
    Sequence(
        "an old registration is taken for a living portal session", 19,
        do("aws sso login", 0.109, "twin", 0.259), do("registration ends", 7938.124, "twin", 0.94),
        do("click", 7962.352, "twin", 0.826), until=8986,
    ),
    Sequence(
        "a released session outlives an abandoned sign-in afresh", 31,
        do("aws sso login", 56700.538, much=0.765), do("release", 57266.562, much=0.457),
        do("redate", 72129.611, much=0.494), do("click", 72130.93, much=0.775), until=75556,
    ),
    Sequence(
        "an older CLI's token that our sign-in replaced comes back", 16,
        do("old login", 11749.094, much=0.859), do("read", 14959.709, much=0.212),
        do("click", 30899.266, much=0.765), do("sdk writes older", 37279.118, much=0.549),
        until=38552,
    ),
    Sequence(
        "an older CLI's token comes back over a sign-in that a slow keyring left in the file", 16,
        do("old login", 11749.094, much=0.859), do("read", 14959.709, much=0.212),
        do("keyring slow", 30824.849, much=0.512), do("click", 30899.266, much=0.765),
        do("sdk writes older", 37279.118, much=0.549), until=38552,
    ),
    Sequence(
        "an older CLI's sign-in after a removal claims to renew", 37,
        do("click", 3772.033, much=0.407), do("click", 20785.891, much=0.729),
        do("remove", 50041.934, much=0.229), do("old login", 53201.32, much=0.99), until=53803,
    ),
    Sequence(
        "a sign-in killed before its record is not looked for over an older token", 110,
        do("aws sso login", 2544.327, "twin", 0.777), do("aws mute", 4084.744, "twin", 0.551),
        do("cut short", 10108.208, "twin", 0.584), do("kill", 11010.783, "twin", 0.099),
        until=14060,
    ),
)  # fmt: skip
"""What an explorer has found, once."""
