"""What can happen in the made-up world beside what the rules ask for, drawn by a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from tests.core.story import CORP, LAB, OLD, catalog
from tests.simulation import programs
from tests.simulation.script import Happening, session_of
from tray.core import events as ev
from tray.core.model import Catalog, Preferences, SsoSession
from tray.core.requests import SignInAllRequested

if TYPE_CHECKING:
    from tests.simulation.world import World

MOVED = SsoSession(
    key="corp", start_url="https://moved.awsapps.com/start", region="eu-west-1", profiles=("dev",)
)
GAPS = ((0.5, 2), (6.0, 3), (60.0, 5), (900.0, 5), (3600.0, 3), (5 * 3600.0, 1))
"""Longest pause before the next thing, seconds, and how often it is drawn."""
AT_ONCE = ("aws sso login", "sdk refreshes", "remove", "put back")
"""What half of the time waits for our next renewal of that session, to come in the midst of it."""
CONFIG_BROKEN = 0.3
"""How often an edit of the config leaves it broken for a while."""


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


# --- AWS and the network --------------------------------------------------


def _weather(kind: str) -> Callable[[World, Happening], None]:
    def act(world: World, one: Happening) -> None:
        world.machine.weather = kind  # type: ignore[assignment] # a word of Weather
        told = kind == "offline" and one.which < 0.5
        if told:
            world.tell(ev.SystemEvent("network-down"))

        def over() -> None:
            world.machine.weather = "well"
            world.disturbed_at = world.machine.time
            if told:
                world.tell(ev.SystemEvent("network-up"))

        world.later(10 + one.much**3 * 7200, f"{kind} is over", over)

    return act


def _revoked(world: World, one: Happening) -> None:
    portal = world.portal(session_of(world, one).start_url)
    if one.much < 0.5:
        portal.cut_short(world.machine.time)
    else:
        portal.sign_out()


def _registration(world: World, one: Happening) -> None:
    world.portal(session_of(world, one).start_url).registered_until = world.machine.time


# --- The machine ----------------------------------------------------------


def _keyring(mode: str) -> Callable[[World, Happening], None]:
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
    ahead = one.much < 0.5
    world.machine.met["clock-ahead" if ahead else "clock-back"] += 1
    world.machine.offset += jump if ahead else -jump
    world.promises.clock_set()
    world.tell(ev.SystemEvent("clock-set"))


def _screen(world: World, one: Happening) -> None:
    if world.locked:
        return
    world.locked = True
    world.tell(ev.SystemEvent("locked"))

    def unlocked() -> None:
        world.locked = False
        world.tell(ev.SystemEvent("unlocked"))

    world.later(60 + one.much * 7200, "the screen is unlocked", unlocked)


def _restart(world: World, one: Happening) -> None:
    del one
    world.start()
    if world.locked:
        world.tell(ev.SystemEvent("locked"))


def _config(world: World, one: Happening) -> None:
    catalogs: tuple[Catalog, ...] = (
        catalog(CORP, LAB, OLD),
        catalog(CORP, LAB, OLD),
        catalog(CORP, OLD),
        catalog(MOVED, LAB, OLD),
        catalog(OLD, LAB, CORP),
    )
    chosen = catalogs[int(one.which * len(catalogs))]
    if one.much >= CONFIG_BROKEN:
        world.configure(chosen)
        return
    world.tell(ev.ConfigBroken("~/.aws/config, line 3: no section."))
    world.machine.met["config-broken"] += 1
    mended_after = 5 + (one.much / CONFIG_BROKEN) ** 2 * 3600
    world.later(mended_after, "the config is mended", lambda: world.configure(chosen))


def _setting(world: World, one: Happening) -> None:
    world.adopt = one.much < 0.7
    world.tell(ev.PreferencesRead(Preferences(adopt=world.adopt)))


# --- The person -----------------------------------------------------------


def _click(world: World, one: Happening) -> None:
    afresh = None if one.much < 0.7 else one.much < 0.85
    world.tell(ev.SignInRequested(session_of(world, one).key, afresh=afresh))


def _click_all(world: World, one: Happening) -> None:
    del one
    world.tell(SignInAllRequested())


def _cancel(world: World, one: Happening) -> None:
    world.tell(ev.SignInCancelled(session_of(world, one).key))


def _sign_out(world: World, one: Happening) -> None:
    world.tell(ev.SignOutRequested(session_of(world, one).key))


def _renew(world: World, one: Happening) -> None:
    world.tell(ev.RenewRequested(session_of(world, one).key, "typed"))


def _release(world: World, one: Happening) -> None:
    world.tell(ev.ReleaseRequested(session_of(world, one).key))


def _credentials(world: World, one: Happening) -> None:
    key = session_of(world, one).key
    entry = world.machine.file(key).entry
    world.tell(ev.CredentialsGiven(key))
    if entry is None or world.machine.weather != "well":
        return
    if not world.portal(entry.place).check(entry.given.name, world.machine.time):
        world.machine.met["doubted"] += 1
        world.tell(ev.TokenRejected(key, entry.given.name))


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
    world.keyring("well")
    if world.locked:
        world.locked = False
        world.tell(ev.SystemEvent("unlocked"))
    world.tell(ev.SystemEvent("network-up"))
    world.tell(ev.SystemEvent("clock-set"))
    world.tell(ev.PreferencesRead(Preferences()))
    world.configure(catalog(CORP, LAB, OLD))
    for session in world.catalog.sessions:
        world.look(session.key)


ACTS: dict[str, Callable[[World, Happening], None]] = {
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
    "aws sso login": programs.aws_login,
    "aws sso logout": programs.aws_logout,
    "sdk refreshes": programs.sdk_refresh,
    "sdk reads": programs.sdk_reads,
    "remove": programs.removed,
    "put back": programs.put_back,
    "tear": programs.torn,
    "damage": programs.bad,
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

WEIGHTS = dict.fromkeys(ACTS, 2) | {
    "click": 9,
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
