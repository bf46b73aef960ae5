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
    *(
        Sequence(
            f"after a sign-out another machine's {what} file signs in unasked", 1,
            do("aws sso login", 10), do("sign out", 100), do("offline", 200, much=weather(900)),
            do("synced login", 300, much=much), do("restart", 400), length=LONG,
        )
        for what, much in (("lean", 0.1), ("full", 0.9))
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
    Sequence(
        "an older login that is written last is what AWS renews", 22,
        do("clock", 4168.801, OLD, 0.966, step=3), do("click", 4171.799, OLD, 0.436),
        do("aws sso login", 15467.05, OLD, 0.662, step=2),
        do("aws sso login", 15537.119, OLD, 0.363, step=5), until=23357,
    ),
    Sequence(
        "an end written into the file while the keyring is silent stays there", 24,
        do("click", 6416.694, OLD, 0.237), do("cut short", 19794.894, OLD, 0.211),
        do("keyring slow", 19824.728, OLD, 0.599), do("redate", 20654.927, OLD, 0.9),
        until=21925,
    ),
    Sequence(
        "an end written into the file is believed once the records are lost", 125,
        do("aws sso login", 17229.992, OLD, 0.521),
        do("restart, state lost", 20093.954, OLD, 0.204), do("redate", 20658.584, OLD, 0.054),
        do("restart, state lost", 20703.951, OLD, 0.493), until=22676,
    ),
    Sequence(
        "a released session is well again over a token that was signed out", 2007,
        do("aws sso login", 73002.761, "lab", 0.524), do("click", 80872.826, "lab", 0.091),
        do("redate", 80875.998, "lab", 0.101), do("read", 98517.606, "lab", 0.593),
        do("sign out", 107036.663, "lab", 0.78), do("release", 110187.817, "lab", 0.952),
        do("sdk writes older", 110605.611, "lab", 0.573), until=111403,
    ),
    Sequence(
        "a clock that is set right breaks Retry-After", 2007,
        do("clock", 122364.037, "lab", 0.609, step=7),
        do("aws sso login", 125129.279, "lab", 0.808), do("aws 429", 127529.366, "lab", 0.916),
        until=130954,
    ),
    Sequence(
        "an older file that is written over breaks Retry-After", 30000,
        do("click", 21282.515, "twin", 0.893), do("click", 76337.647, "twin", 0.162),
        do("revoke", 85711.105, "twin", 0.109), do("read", 117434.799, "twin", 0.406),
        do("remove", 119921.843, "twin", 0.568, step=13), do("click", 121171.421, "twin", 0.916),
        do("put back", 129598.997, "twin", 0.27, step=12),
        do("aws 429", 129616.965, "twin", 0.237), until=129714,
    ),
    Sequence(
        "a login that another sign-in covered takes its place again", 2009,
        do("click", 26683.272, much=0.124), do("aws sso login", 26773.52, much=0.197),
        do("damage", 26774.78), do("damage", 27701.948, much=0.109), until=27706,
    ),
    Sequence(
        "a sign-in of a released session that was killed is not looked for", 105,
        do("release", 11017.103, much=0.362), do("kill", 11076.892, much=0.124),
        do("click", 11083.518, much=0.114), until=11249,
    ),
    Sequence(
        "a token of the portal's other session ends the renewals", 20006,
        do("click", 7423.1, "twin", 0.772), do("click", 8049.377, much=0.626),
        do("foreign", 14164.261, "twin", 0.682), until=26452,
    ),
    Sequence(
        "an older CLI's sign-in that ends a judgement claims to renew", 20011,
        do("click", 12797.35, much=0.516), do("sign out", 20964.299, much=0.898),
        do("restart, state old", 21032.917, much=0.375), do("old login", 21032.997, much=0.429),
        until=24465,
    ),
    Sequence(
        "a sign-in that a slow keyring left in the file stays there", 20029,
        do("click", 61334.794, much=0.726), do("click", 79528.735, much=0.273),
        do("keyring slow", 79643.658, much=0.475), until=81423,
    ),
    Sequence(
        "a sign-in that a locked keyring left in the file stays there", 20063,
        do("keyring locked", 2777.811, OLD, 0.508), do("click all", 3166.927, OLD, 0.661),
        until=4667,
    ),
    Sequence(
        "a sign-in afresh that is killed once published is over", 20049,
        do("kill", 15098.802, "lab", 0.223), do("click", 18166.773, "twin", 0.738), until=18963,
    ),
    Sequence(
        "a restart forgets what a sign-in afresh has ended", 20076,
        do("click", 8325.965, much=0.313), do("click", 16516.663, much=0.803),
        do("restart, state lost", 16531.356, "lab", 0.976), until=16738,
    ),
    Sequence(
        "a released session is adopted because the keyring was locked before", 31039,
        do("aws sso login", 2.135, much=0.454, step=2), do("clock", 749.329, much=0.314, step=4),
        do("aws sso login", 3149.712, much=0.039, step=4),
        do("keyring locked", 4097.399, much=0.16, step=6),
        do("aws sso login", 7234.362, much=0.176, step=3),
        do("aws sso login", 7237.318, much=0.667), until=7541,
    ),
    Sequence(
        "a sign-out under a locked keyring forgets what that keeps", 30052,
        do("click", 13030.301, OLD, 0.495), do("old login", 16531.856, OLD, 0.563),
        do("keyring locked", 16532.732, OLD, 0.464), do("sign out", 16622.726, OLD, 0.845),
        do("restart, state old", 43571.515, OLD, 0.883), until=43572,
    ),
    Sequence(
        "a restart forgets that a session was signed out elsewhere", 30045,
        do("click", 9578.31, "twin", 0.072), do("click", 10445.488, "twin", 0.262),
        do("aws sso logout", 19817.732, "twin", 0.37),
        do("restart compared", 22213.474, "twin", 0.959), until=22274,
    ),
    Sequence(
        "what was kept beside a dead token counts as alive", 31037,
        do("clock", 1719.542, "twin", 0.288, step=10), do("click", 2160.637, "twin", 0.244),
        do("click", 2407.493, "twin", 0.824), do("aws sso login", 2407.569, "twin", 0.095),
        do("aws 500", 2622.864, "twin", 0.947), do("html", 4029.167, "twin", 0.675), until=7454,
    ),
    Sequence(
        "an end written before anybody saw the file cannot be known", 33002,
        do("unreadable", 0.005, much=0.928), do("aws sso login", 0.738, much=0.615),
        do("redate", 561.259, much=0.524), until=4541,
    ),
    Sequence(
        "a sign-in left in the file after a sign-out is cleaned away", 27,
        do("click", 5017.804, much=0.369), do("sign out", 8916.241, much=0.32),
        do("click", 12394.218, much=0.737), do("keyring absent", 12807.681, much=0.958),
        do("click", 13233.422, much=0.706), do("keyring absent", 13855.048, much=0.062),
        do("sleep", 14114.068, much=0.718), until=14117,
    ),
    Sequence(
        "an end written over a token that was published again is believed", 40029,
        do("click all", 1610.753, "twin", 0.702), do("remove", 2200.035, much=0.928, step=0),
        do("redate", 4689.505, much=0.688), until=7110,
    ),
    Sequence(
        "an end written into a full file of our sign-in is adopted", 15,
        do("unread", 23.478, "twin", 0.017), do("click", 3262.459, "twin", 0.74),
        do("keyring hung", 3777.773, "twin", 0.861), do("sleep", 5870.544, "twin", 0.927),
        do("redate", 6517.306, "twin", 0.284), until=9290,
    ),
    Sequence(
        "a file that an IDE has deleted is put back", 1,
        do("aws sso login", 10), do("remove", 600, much=0.9), length=LONG,
    ),
    Sequence(
        "a removal is undone, and the file is removed again", 1,
        do("aws sso login", 10), do("remove", 600, much=0.9), do("undo", 700),
        do("remove", 900, much=0.9), do("undo", 3 * HOUR), length=LONG,
    ),
    Sequence(
        "a lost state.json brings a removed session back", 1,
        do("aws sso login", 10), do("remove", 600, much=0.9),
        do("restart, state lost", 700, much=0.999), length=LONG,
    ),
    Sequence(
        "an old state.json brings a removed session back", 1,
        do("aws sso login", 10), do("remove", 15 * HOUR, much=0.9),
        do("restart, state old", 15 * HOUR + 60, much=0.999), length=LONG,
    ),
    Sequence(
        "an older lean file brings a removed session back", 1,
        do("aws sso login", 10), do("read", 100), do("remove", 2500, much=0.9),
        do("put back", 2600, much=0.0), length=LONG,
    ),
    Sequence(
        "a lost folder is taken for a sign-out", 1,
        do("aws sso login", 10), do("folder lost", 600), length=LONG,
    ),
    Sequence(
        "a file lost with its folder is called working while AWS is not to be asked", 12,
        do("click", 22906.549, "twin", 0.139), do("aws 429", 25624.359, "lab", 0.651),
        do("folder lost", 26427.574, much=0.741), do("aws 503", 26433.299, much=0.164),
        until=27139,
    ),
)  # fmt: skip
"""What an explorer has found, once."""
