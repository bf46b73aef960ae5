"""What can happen in the made-up world beside what the rules ask for, drawn by a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.core.story import CORP, LAB, OLD, catalog
from tests.simulation.machine import CacheFile, Entry
from tests.simulation.portal import Given
from tray.core import events as ev
from tray.core.model import Catalog, Preferences, SsoSession

if TYPE_CHECKING:
    from tests.simulation.world import World

Act = Callable[["World", "Happening"], bool | None]
"""Lets something happen; False = it met nothing that it could happen to."""

MOVED = SsoSession(
    key="corp", start_url="https://moved.awsapps.com/start", region="eu-west-1", profiles=("dev",)
)
GAPS = ((0.5, 2), (6.0, 3), (60.0, 5), (900.0, 5), (3600.0, 3), (5 * 3600.0, 1))
"""Longest pause before the next thing, seconds, and how often it is drawn."""


@dataclass(frozen=True, slots=True)
class Happening:
    """
    One thing that happens.

    Args:
        number: its place in the seed's script.
        kind: a key of :data:`ACTS`.
        at: seconds of the machine being awake since the start.
        which, much: two numbers in [0, 1): to whom, and how.
    """

    number: int
    kind: str
    at: float
    which: float
    much: float


_scripts: dict[int, list[Happening]] = {}


def happening(seed: int, number: int) -> Happening:
    """Return the so-manieth thing of a seed's script."""
    if seed not in _scripts:
        _scripts.clear()
        _scripts[seed] = []
    script = _scripts[seed]
    while len(script) <= number:
        draws = Random(f"{seed}/{len(script)}")
        (longest,) = draws.choices([gap for gap, _ in GAPS], [often for _, often in GAPS])
        at = (script[-1].at if script else 0.0) + longest * draws.random()
        (kind,) = draws.choices(list(WEIGHTS), list(WEIGHTS.values()))
        script.append(Happening(len(script), kind, at, draws.random(), draws.random()))
    return script[number]


def _session(world: World, one: Happening) -> SsoSession:
    known = world.catalog.sessions or (CORP,)
    return known[int(one.which * len(known))]


# --- AWS and the network --------------------------------------------------


def _weather(kind: str) -> Act:
    def act(world: World, one: Happening) -> None:
        world.machine.weather = kind  # type: ignore[assignment] # a word of Weather
        told = kind == "offline" and one.which < 0.5
        if told:
            world.tell(ev.Mood("network-down"))

        def over() -> None:
            world.machine.weather = "well"
            world.disturbed_at = world.machine.time
            if told:
                world.tell(ev.Mood("network-up"))

        world.later(10 + one.much**3 * 7200, f"{kind} is over", over)

    return act


def _revoked(world: World, one: Happening) -> None:
    portal = world.portal(_session(world, one).start_url)
    if one.much < 0.5:
        portal.cut_short(world.machine.time)
    else:
        portal.sign_out()


def _registration(world: World, one: Happening) -> None:
    world.portal(_session(world, one).start_url).registered_until = world.machine.time


# --- The machine ----------------------------------------------------------


def _keyring(mode: str) -> Act:
    def act(world: World, one: Happening) -> None:
        world.keyring(mode)

        def over() -> None:
            world.disturbed_at = world.machine.time
            world.keyring("well")

        world.later(5 + one.much**3 * 5400, f"the keyring is no longer {mode}", over)

    return act


def _sleep(world: World, one: Happening) -> None:
    world.sleep(600 + one.much**2 * 14 * 3600)


def _clock(world: World, one: Happening) -> None:
    jump = (60.0, 900.0, 7200.0, 86400.0)[int(one.which * 4)] * (0.2 + one.much)
    world.machine.met["clock-ahead" if one.much < 0.5 else "clock-back"] += 1
    world.machine.offset += jump if one.much < 0.5 else -jump
    world.promises.clock_set()
    world.tell(ev.Mood("clock-set"))


def _screen(world: World, one: Happening) -> bool:
    if world.locked:
        return False
    world.locked = True
    world.tell(ev.Mood("locked"))

    def unlocked() -> None:
        world.locked = False
        world.tell(ev.Mood("unlocked"))

    world.later(60 + one.much * 7200, "the screen is unlocked", unlocked)
    return True


def _restart(world: World, one: Happening) -> None:
    del one
    world.start()
    if world.locked:
        world.tell(ev.Mood("locked"))


def _config(world: World, one: Happening) -> None:
    if one.much < 0.3:
        world.tell(ev.ConfigBroken("~/.aws/config, line 3: no section."))
        world.later(one.much * 400, "the config is whole again", lambda: _config_read(world, one))
        return
    _config_read(world, one)


def _config_read(world: World, one: Happening) -> None:
    if world.calm:
        return
    catalogs: tuple[Catalog, ...] = (
        catalog(CORP, LAB, OLD),
        catalog(CORP, LAB, OLD),
        catalog(CORP, OLD),
        catalog(MOVED, LAB, OLD),
        catalog(OLD, LAB, CORP),
    )
    world.catalog = catalogs[int(one.which * len(catalogs))]
    world.tell(ev.ConfigRead(world.catalog))


def _setting(world: World, one: Happening) -> None:
    world.adopt = one.much < 0.7
    world.tell(ev.PreferencesRead(Preferences(adopt=world.adopt)))


# --- Files and other programs ---------------------------------------------


def _aws_login(world: World, one: Happening) -> bool:
    session = _session(world, one)
    if world.machine.weather != "well":
        return False
    file = world.machine.file(session.key)
    file.torn = True
    world.look(session.key)
    given = world.portal(session.start_url).sign_in(world.machine.time)
    world.signed_in_at.setdefault(session.key, []).append(world.machine.time)
    _writes(world, session, given, 0.05 + one.much**4 * 5, "login")
    return True


def _writes(world: World, session: SsoSession, given: Given, delay: float, what: str) -> None:
    entry = world.machine.entry(given, session.start_url)
    world.being_written.append(entry)
    world.later(delay, f"{session.key}: another program has written",
                lambda: _written(world, session.key, entry, what))  # fmt: skip


def _written(world: World, key: str, entry: Entry, what: str) -> None:
    _meanwhile(world, key, what)
    world.disturbed_at = world.machine.time
    world.being_written.remove(entry)
    world.machine.thrown(key)
    world.machine.write(key, entry)
    world.look(key)


def _meanwhile(world: World, key: str, what: str) -> None:
    world.machine.met[f"{what}-written"] += 1
    if world.is_renewing(key):
        world.machine.met[f"{what}-during-renewal"] += 1


def _aws_logout(world: World, one: Happening) -> bool:
    key = _session(world, one).key
    entry = world.machine.file(key).entry
    if world.machine.weather != "well" or entry is None:
        return False
    world.portal(entry.place).sign_out()
    world.machine.write(key, None)
    world.look(key)
    return True


def _sdk_refresh(world: World, one: Happening) -> bool:
    """An SDK refreshes from a full file, or with what it read from one a while ago."""
    session, machine = _session(world, one), world.machine
    read = machine.file(session.key).entry if one.much < 0.6 else None
    read = read or world.memory_of_sdk.get(session.key)
    if read is None or read.refresh is None or machine.weather != "well":
        return False
    if read.place != session.start_url:
        return False
    given = world.portal(session.start_url).refresh(read.refresh, machine.time)
    if not isinstance(given, Given):
        return False
    _writes(world, session, given, 0.02 + one.much, "sdk")
    return True


def _sdk_reads(world: World, one: Happening) -> bool:
    key = _session(world, one).key
    entry = world.machine.file(key).entry
    if entry is None or world.machine.file(key).torn:
        return False
    world.memory_of_sdk[key] = entry
    world.backups[key] = entry
    return True


def _removed(world: World, one: Happening) -> bool:
    key = _session(world, one).key
    entry = world.machine.file(key).entry
    if entry is None:
        return False
    world.machine.thrown(key)
    _meanwhile(world, key, "removal")
    world.machine.write(key, None)
    world.look(key)
    if one.much < 0.4:
        world.later(one.much * 5, f"{key}: put back", lambda: _put_later(world, key))
        world.backups[key] = entry
    return True


def _put_later(world: World, key: str) -> None:
    _put(world, key)


def _put(world: World, key: str) -> bool:
    entry = world.backups.get(key)
    if entry is None:
        return False
    world.disturbed_at = world.machine.time
    world.machine.thrown(key)
    _meanwhile(world, key, "put-back")
    world.promises.put_back(key)
    kept = world.machine.keyring.get(key)
    if kept is not None and entry.refresh is not None:
        # Written last, it is the newer truth (K4), and who put it there has chosen so.
        world.machine.thrown_away.add((kept.place, kept.given.family))
    world.machine.write(key, entry)
    world.look(key)
    return True


def _torn(world: World, one: Happening) -> bool:
    key = _session(world, one).key
    file = world.machine.file(key)
    if file.entry is None:
        return False
    file.torn = True
    world.look(key)
    world.later(one.much**2 * 10, f"{key}: whole again", lambda: _whole(world, key, file))
    return True


def _bad(world: World, one: Happening) -> bool:
    key = _session(world, one).key
    file = world.machine.file(key)
    if file.entry is None:
        return False
    file.bad = "bad-file" if one.much < 0.5 else "no-permission"
    world.look(key)
    world.later(30 + one.much * 1800, f"{key}: mended", lambda: _whole(world, key, file))
    return True


def _whole(world: World, key: str, file: CacheFile) -> None:
    world.disturbed_at = world.machine.time
    file.torn, file.bad = False, None
    world.look(key)


# --- The person -----------------------------------------------------------


def _click(world: World, one: Happening) -> None:
    afresh = None if one.much < 0.7 else one.much < 0.85
    world.tell(ev.SignInWanted(_session(world, one).key, afresh=afresh))


def _click_all(world: World, one: Happening) -> None:
    del one
    world.tell(ev.SignInAllWanted())


def _cancel(world: World, one: Happening) -> None:
    world.tell(ev.SignInCancelled(_session(world, one).key))


def _sign_out(world: World, one: Happening) -> None:
    world.tell(ev.SignOutWanted(_session(world, one).key))


def _renew(world: World, one: Happening) -> None:
    world.tell(ev.RenewWanted(_session(world, one).key, "typed"))


def _release(world: World, one: Happening) -> None:
    world.tell(ev.ReleaseWanted(_session(world, one).key))


def _credentials(world: World, one: Happening) -> None:
    key = _session(world, one).key
    entry = world.machine.file(key).entry
    world.tell(ev.CredentialsGiven(key))
    if entry is None or world.machine.weather != "well":
        return
    if not world.portal(entry.place).check(entry.given.name, world.machine.time):
        world.machine.met["doubted"] += 1
        world.tell(ev.Doubted(key, entry.given.name))


def _well(world: World, one: Happening) -> None:
    """Let everything work from now on; what others had begun, they end."""
    del one
    machine = world.machine
    machine.weather = "well"
    machine.offset = 0.0
    world.promises.clock_set()
    for file in machine.files.values():
        file.torn, file.bad = False, None
    world.adopt = True
    world.catalog = catalog(CORP, LAB, OLD)
    world.keyring("well")
    if world.locked:
        world.locked = False
        world.tell(ev.Mood("unlocked"))
    world.tell(ev.Mood("network-up"))
    world.tell(ev.Mood("clock-set"))
    world.tell(ev.PreferencesRead(Preferences()))
    world.tell(ev.ConfigRead(world.catalog))
    for session in world.catalog.sessions:
        world.look(session.key)


ACTS: dict[str, Act] = {
    "offline": _weather("offline"),
    "5xx": _weather("5xx"),
    "429": _weather("429"),
    "html": _weather("html"),
    "revoke": _revoked,
    "registration-ends": _registration,
    "keyring locked": _keyring("locked"),
    "keyring denied": _keyring("denied"),
    "keyring absent": _keyring("absent"),
    "keyring slow": _keyring("slow"),
    "sleep": _sleep,
    "clock": _clock,
    "screen": _screen,
    "restart": _restart,
    "config": _config,
    "setting": _setting,
    "aws sso login": _aws_login,
    "aws sso logout": _aws_logout,
    "sdk refreshes": _sdk_refresh,
    "sdk reads": _sdk_reads,
    "remove": _removed,
    "put back": lambda world, one: _put(world, _session(world, one).key),
    "tear": _torn,
    "damage": _bad,
    "click": _click,
    "click all": _click_all,
    "cancel": _cancel,
    "sign out": _sign_out,
    "renew": _renew,
    "release": _release,
    "credentials": _credentials,
    "all is well": _well,
}
"""Everything that can happen, by name."""

RACERS = ("aws sso login", "sdk refreshes", "remove", "put back", "tear")
"""What other programs do to a file, at any time and in the middle of a renewal."""

WEIGHTS = dict.fromkeys(ACTS, 2) | {
    "click": 9,
    "sdk refreshes": 6,
    "aws sso login": 3,
    "sdk reads": 3,
    "credentials": 3,
    "release": 1,
    "sign out": 1,
    "aws sso logout": 1,
    "setting": 1,
    "registration-ends": 1,
    "revoke": 1,
    "clock": 1,
    "all is well": 1,
}
