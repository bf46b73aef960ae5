"""The machine the rules live on: its clock, keyring, token files and what goes wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.core.story import T0
from tests.simulation.portal import Given
from tray.core import events as ev
from tray.core.model import Memory, Now, TokenFacts, TokenStore

KeyringMode = Literal["well", "locked", "denied", "absent", "slow"]
Weather = Literal["well", "offline", "5xx", "429", "html"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A token as a file or the keyring holds it; times are the machine's wall clock, seconds."""

    given: Given
    place: str
    issued: float
    expires: float
    refresh: int | None

    def lean(self) -> Entry:
        """Return it without refresh data (K3)."""
        return Entry(self.given, self.place, self.issued, self.expires, None)


@dataclass(slots=True)
class CacheFile:
    """
    One token cache file.

    Args:
        entry: what it holds once it can be read; None = there is no file.
        torn: somebody is writing it.
        bad: why it cannot be used, if so.
    """

    entry: Entry | None = None
    torn: bool = False
    bad: Literal["bad-file", "no-permission"] | None = None


@dataclass
class Machine:
    """
    Clock, keyring, files, records: all that outlives a restart of the daemon.

    Args:
        time: true seconds since the start; nothing ever sets it back.
        offset: how far the wall clock is ahead of the truth.
        slept: seconds spent asleep, which the monotonic clock does not count.
        accepts: whether AWS would take an entry's refresh token now.
    """

    time: float = 0.0
    offset: float = 0.0
    slept: float = 0.0
    asleep: bool = False
    weather: Weather = "well"
    keyring_mode: KeyringMode = "well"
    files: dict[str, CacheFile] = field(default_factory=dict)
    keyring: dict[str, Entry] = field(default_factory=dict)
    stores: dict[str, TokenStore | None] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    in_hand: dict[str, Entry] = field(default_factory=dict)
    thrown_away: set[tuple[str, int]] = field(default_factory=set)
    met: Counter[str] = field(default_factory=Counter)
    accepts: Callable[[Entry], bool] = lambda _: True

    @property
    def wall(self) -> float:
        """What the wall clock says."""
        return T0 + self.time + self.offset

    @property
    def now(self) -> Now:
        """Both clocks."""
        return Now(wall=self.wall, mono=self.time - self.slept)

    def file(self, key: str) -> CacheFile:
        """Return the cache file of a session, which may not exist."""
        return self.files.setdefault(key, CacheFile())

    def entry(self, given: Given, place: str) -> Entry:
        """Return a token as this machine would write it now: AWS tells a life, not an end."""
        life = given.ends - given.issued
        return Entry(given, place, self.wall, self.wall + life, given.refresh)

    def write(self, key: str, entry: Entry | None) -> None:
        """Replace a file as a whole, or remove it."""
        file = self.file(key)
        file.entry, file.torn, file.bad = entry, False, None

    def thrown(self, key: str) -> None:
        """Note that somebody else takes a file away, and with it perhaps the last of a grant."""
        old = self.file(key).entry
        if old is None or old.refresh is None:
            return
        self.files[key] = CacheFile()
        if not self.holds(key, old):
            self.thrown_away.add((old.place, old.given.family))
        self.files[key] = CacheFile(old)

    def holds(self, key: str, old: Entry) -> bool:
        """Whether a token of the same sign-in, and no older one, has refresh data AWS takes."""
        held = (self.file(key).entry, self.keyring.get(key), self.in_hand.get(key))
        return any(
            one is not None
            and one.refresh is not None
            and one.given.issued >= old.given.issued
            and self.accepts(one)
            and (one.place, one.given.family) == (old.place, old.given.family)
            for one in held
        )

    def file_status(self, key: str) -> ev.TokenFileStatus:
        """Return what a look at a cache file shows."""
        file = self.file(key)
        if file.torn:
            self.met["file-torn"] += 1
            return ev.FileTorn()
        if file.bad is not None:
            self.met[f"file-{file.bad}"] += 1
            return ev.FileBad(file.bad, "It is bad.")
        return ev.FileAbsent() if file.entry is None else facts(file.entry)

    def keep(self, key: str, entry: Entry) -> None:
        """Put a token into the keyring; what it kept of another start URL goes (K2)."""
        old = self.keyring.get(key)
        if old is not None and old.place != entry.place:
            self.thrown_away.add((old.place, old.given.family))
        self.keyring[key] = entry

    @property
    def keyring_refuses(self) -> bool:
        """Whether the keyring can neither be read nor written just now."""
        return self.keyring_mode in ("locked", "denied", "absent")


def facts(entry: Entry) -> TokenFacts:
    """Return what the rules may know of a token."""
    return TokenFacts(
        fingerprint=entry.given.name,
        expires_at=entry.expires,
        issued_at=entry.issued,
        refreshable=entry.refresh is not None,
        start_url=entry.place,
    )
