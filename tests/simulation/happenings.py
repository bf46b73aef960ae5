"""What can happen in the made-up world beside what the rules ask for, drawn by a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from tests.core.story import CORP, LAB, OLD, catalog
from tests.simulation import programs
from tests.simulation.aws import Weather
from tests.simulation.inputs import CREDENTIALS, PASSING
from tests.simulation.keyring import KeyringMode
from tests.simulation.machine import EVERY_FILE
from tests.simulation.script import Happening, session_of
from tray.core import events as ev
from tray.core.model import SsoSession
from tray.core.requests import SignInAllRequested
from tray.core.state import TrayState
from tray.core.views.view import view

if TYPE_CHECKING:
    from tests.simulation.world import World

MOVED = SsoSession(
    key="corp", start_url="https://moved.awsapps.com/start", region="eu-west-1", profiles=("dev",)
)
TWIN = SsoSession(
    key="twin", start_url=CORP.start_url, region=CORP.region, profiles=("twin",)
)  # fmt: skip
"""Another session of the same portal."""
KEYS = (CORP.key, CORP.key, LAB.key, OLD.key, TWIN.key)
CATALOGS = (
    catalog(CORP, LAB, OLD, TWIN),
    catalog(CORP, LAB, OLD, TWIN),
    catalog(CORP, OLD),
    catalog(MOVED, LAB, OLD),
    catalog(TWIN, OLD, LAB, CORP),
)
"""What a config may say; the first is the usual one."""
GAPS = ((0.5, 2), (6.0, 3), (60.0, 5), (900.0, 5), (3600.0, 3), (5 * 3600.0, 1))
"""Longest pause before the next thing, seconds, and how often it is drawn."""
BETWEEN_STEPS = (
    "aws sso login", "sdk refreshes", "remove", "put back", "sdk writes older", "clock",
    "keyring locked", "offline", "revoke",
)  # fmt: skip
"""What half of the time waits for a step of the session's next transaction."""
STEPS = 14
CONFIG_BROKEN = 0.3
"""How often an edit of the config leaves it broken for a while."""
JUMPS = (60.0, 900.0, 7200.0, 86400.0, 100 * 86400.0, -60.0, -7200.0, -86400.0)
MINUTE = 60.0
LONGEST = 500
"""Things in one script."""


def script_of(seed: int) -> list[Happening]:
    """
    Draw what happens in a walk.

    Each walk knows only some of the faults (swarm testing): few together go deeper than all of
    them at once, which mostly undo one another.
    """
    draws = Random(f"walk {seed}")
    kinds = [kind for kind in WEIGHTS if kind in ALWAYS or draws.random() < 0.4]
    weights = [WEIGHTS[kind] for kind in kinds]
    keys = KEYS if draws.random() < 0.5 else (draws.choice(KEYS),)
    pace = draws.choice((0.3, 1.0, 1.0, 3.0))
    script: list[Happening] = []
    at = 0.0
    for number in range(LONGEST):
        (longest,) = draws.choices([gap for gap, _ in GAPS], [often for _, often in GAPS])
        at += longest * pace * draws.random()
        (kind,) = draws.choices(kinds, weights)
        waits = kind in BETWEEN_STEPS and draws.random() < 0.5
        step = draws.randrange(STEPS) if waits else None
        much = min(round(draws.random(), 3), 0.999)
        script.append(Happening(kind, round(at, 3), draws.choice(keys), much, step, number))
    script = _with_second_thoughts(script, Random(f"second thoughts {seed}"))
    script = _with_synced_files(script, Random(f"synced files {seed}"))
    return _with_managed_default(script, Random(f"managed default {seed}"))


def _with_second_thoughts(script: list[Happening], draws: Random) -> list[Happening]:
    """Let removals be undone and folders be lost in some walks; the others stay as they were."""
    if draws.random() < 0.5:
        return script
    more: list[Happening] = []
    for one in script:
        at = round(one.at + draws.random() ** 3 * 7200, 3)
        if one.kind == "remove" and draws.random() < 0.5:
            more.append(Happening("undo", at, one.key, number=LONGEST + len(more)))
        elif draws.random() < 0.01:
            more.append(Happening("folder lost", at, one.key, number=LONGEST + len(more)))
    return sorted([*script, *more], key=lambda one: one.at)


def _with_synced_files(script: list[Happening], draws: Random) -> list[Happening]:
    """Let files from other machines follow sign-outs, some while AWS is out of reach."""
    more: list[Happening] = []
    outs = (one for one in script if one.kind == "sign out" and draws.random() < 0.7)
    for number, out in enumerate(outs, LONGEST):
        at, much = out.at + 20 + draws.random() ** 3 * 7200, round(draws.random(), 3)
        if draws.random() < 0.5:
            more.append(Happening("offline", round(at - 5, 3), out.key, much, None, 2 * number))
        more.append(Happening("synced login", round(at, 3), out.key, much, None, 2 * number + 1))
    return sorted([*script, *more], key=lambda one: one.at)


def _with_managed_default(script: list[Happening], draws: Random) -> list[Happening]:
    """Let the user's own ``[default]`` follow the active profile in some walks."""
    if draws.random() < 0.6:
        return script
    more = [
        Happening(
            "apply default", round(draws.random() ** 2 * script[-1].at / 4, 3),
            much=round(draws.random(), 3), number=3 * LONGEST + number,
        )
        for number in range(3)
    ]  # fmt: skip
    return sorted([*script, *more], key=lambda one: one.at)


# --- AWS and the network --------------------------------------------------


def _weather(kind: Weather) -> Callable[[World, Happening], None]:
    def act(world: World, one: Happening) -> None:
        aws = world.machine.aws
        aws.weather = kind
        aws.retry_after = (5, 90, 900, 3000)[int(one.much * 4)]
        world.truth.unwell()
        told = kind == "offline" and world.draw("told") < 0.5
        if told:
            world.tell(ev.SystemEvent("network-down"))

        def over() -> None:
            aws.weather = "well"
            world.truth.unwell()
            if told:
                world.tell(ev.SystemEvent("network-up"))

        world.later(10 + one.much**3 * 7200, f"{kind} is over", over)

    return act


def _flaps(world: World, one: Happening) -> None:
    """The network comes and goes."""
    world.truth.unwell()
    for number in range(2 + int(one.much * 20)):
        what = ev.SystemEvent("network-up" if number % 2 else "network-down")
        world.later(number * 20.0, "the network flaps", lambda what=what: world.tell(what))  # type: ignore[misc] # bound now
    world.later(400.0, "it is up", lambda: world.tell(ev.SystemEvent("network-up")))


def _cut_short(world: World, one: Happening) -> None:
    world.portal(session_of(world, one).start_url).cut_short(world.machine.time)
    world.truth.unwell()


def _revoked(world: World, one: Happening) -> None:
    """An administrator ends the portal session; a program may notice before we do."""
    key = session_of(world, one).key
    world.portal(session_of(world, one).start_url).sign_out()
    world.truth.unwell()
    if world.draw("doubt", key) < 0.5:
        at = 30 * world.draw("doubted", key) ** 6
        world.later(at, f"{key}: its token is refused", lambda: world.person.programs_ask(key, 2))


def _registration(world: World, one: Happening) -> None:
    world.portal(session_of(world, one).start_url).end_registrations(world.machine.time)
    world.truth.unwell()


# --- The machine ----------------------------------------------------------


def _keyring(mode: KeyringMode) -> Callable[[World, Happening], None]:
    def act(world: World, one: Happening) -> None:
        world.keyring(mode)
        world.truth.unwell()

        def over() -> None:
            world.truth.unwell()
            world.keyring("well")

        longest = 600 if mode == "losing" else 5400
        world.later(5 + one.much**3 * longest, f"the keyring is no longer {mode}", over)

    return act


def _sleep(world: World, one: Happening) -> None:
    world.sleep(600 + one.much**2 * 14 * 3600)
    world.truth.unwell()


def _clock(world: World, one: Happening) -> None:
    """The clock is set wrong, and right again a moment or hours later."""
    which = one.much * len(JUMPS)
    jump, share = JUMPS[int(which)], which % 1
    world.machine.met["clock-ahead" if jump > 0 else "clock-back"] += 1
    if world.workers.busy():
        world.machine.met["clock-set-during-a-job"] += 1
    _set_clock(world, jump)
    right_after = 1.0 if share < 0.3 else share**4 * 20_000
    world.later(right_after, "the clock is right again", lambda: _set_clock(world, 0.0))


def _set_clock(world: World, offset: float) -> None:
    if world.machine.offset == offset:
        return
    world.machine.offset = offset
    world.promises.clock_set()
    world.truth.unwell()
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


def _restart_without(*, old: bool) -> Callable[[World, Happening], None]:
    """Stop the daemon, lose or age a file of our state directory, start it again."""

    def act(world: World, one: Happening) -> None:
        world.workers.close()
        done = world.machine.damage_state(one.much, old=old)
        if world.draw("input-damage") < 0.3:
            world.machine.damage_state(world.draw("input-file"), old=old, inputs=True)
            world.inputs.last_good = None
        if done is not None:
            if done.startswith("applied.json"):
                world.inputs.managed.forgotten()
            world.say(done)
            world.promises.forgetful()
        _restart(world, one)

    return act


def _compare(world: World, one: Happening) -> None:
    """Restart the daemon in a quiet moment, and compare what it shows a minute later."""
    if not world.promises.is_quiet() or world.workers.kill_after is not None:
        return
    state, before = world.state, _shown(world)
    damage = (None, False, True)[int(one.much * 3)]
    if damage is None:
        _restart(world, one)
    else:
        _restart_without(old=damage)(world, Happening("restart", much=world.draw("damage")))
    happened = world.happened
    world.machine.met["restart-compared"] += 1

    def compare() -> None:
        if world.happened == happened and world.promises.is_quiet(MINUTE / 2):
            # Within that minute a daemon that ran on may have come to half an hour before an end.
            world.promises.same((before, _shown(world, state)), _shown(world))

    world.later(60.0, "the restart is compared", compare)


def _shown(world: World, state: TrayState | None = None) -> dict[str, tuple[object, ...]]:
    rows = view(world.state if state is None else state, world.machine.now).sessions
    return {row.key: (row.state, row.reason, row.renews, row.store) for row in rows}


def _kill(world: World, one: Happening) -> None:
    """Kill a worker at one of its next steps."""
    world.workers.kill_after = int(one.much * 40)


def _config(world: World, one: Happening) -> None:
    chosen = CATALOGS[int(world.draw("config") * len(CATALOGS))]
    world.truth.unwell()
    if one.much >= CONFIG_BROKEN:
        world.inputs.configure(chosen)
        return
    world.inputs.damage()
    world.machine.met["config-broken"] += 1
    if world.draw("config-restart") < 0.3:
        world.machine.met["config-broken-at-start"] += 1
        _restart(world, one)

    def whole() -> None:
        world.truth.unwell()
        world.inputs.configure(chosen)

    whole_after = 5 + (one.much / CONFIG_BROKEN) ** 2 * 3600
    world.later(whole_after, "the config is whole again", whole)


def _setting(world: World, one: Happening) -> None:
    world.truth.unwell()
    world.inputs.let_adopt(adopt=one.much < 0.7)


def _use(world: World, one: Happening) -> None:
    """A person picks the active profile, in the menu or where no daemon is asked."""
    profile = ("dev", "prod", "lab", None)[int(world.draw("use") * 4)]
    if one.much < 0.5:
        world.tell(ev.UseRequested(profile))
    else:
        world.inputs.use(profile)


def _apply(world: World, one: Happening) -> None:
    """A person lets a bare ``aws`` follow the active profile, or no longer."""
    world.inputs.managed.apply(on=one.much < 0.8)


def _unread(world: World, one: Happening) -> None:
    """
    The system cannot read the daemon's files for seconds, seldom minutes: one, or all of them.

    Somebody saves it meanwhile, changed or not, or the daemon is started: it has to be read then.
    """
    inputs = world.inputs
    which = one.much * 5
    name = (*inputs.paths, EVERY_FILE)[int(which)]
    path = str(inputs.paths.get(name, name))
    number = PASSING[int(world.draw("unread-number") * len(PASSING))]
    world.machine.read_errors[path] = number
    world.truth.unwell()
    if world.draw("unread-start") < 0.3:
        world.machine.met["unread-at-start"] += 1
        _restart(world, one)
    saved = CATALOGS[int(world.draw("unread-config") * len(CATALOGS))]
    match name:
        case "config":
            inputs.configure(saved)
        case "credentials":
            inputs.write(name, CREDENTIALS)
        case "settings":
            inputs.let_adopt(adopt=world.draw("unread-adopt") < 0.7)
        case "active-profile":
            inputs.use("prod")
        case _:
            inputs.configure(world.catalog)
            for session in world.catalog.sessions:
                world.look(session.key)

    def over() -> None:
        world.machine.read_errors.pop(path, None)
        inputs.changed()
        world.truth.unwell()

    world.later(2 + (which % 1) ** 4 * 600, f"{name} can be read again", over)


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
    world.truth.unwell()


def _renew(world: World, one: Happening) -> None:
    for _ in range(1 + int(one.much * 4)):
        world.tell(ev.RenewRequested(session_of(world, one).key, "typed"))


def _undo(world: World, one: Happening) -> None:
    """Somebody wants a removed session back, whether it was removed or not."""
    world.person.undo(session_of(world, one).key)


def _release(world: World, one: Happening) -> None:
    world.person.release(session_of(world, one).key)


def _well(world: World, one: Happening) -> None:
    """Let everything work from now on; what others had begun, they end."""
    del one
    machine = world.machine
    machine.aws.weather = "well"
    machine.read_errors.clear()
    _set_clock(world, 0.0)
    world.truth.unwell()
    world.keyring("well")
    if world.locked:
        world.locked = False
        world.tell(ev.SystemEvent("unlocked"))
    world.tell(ev.SystemEvent("network-up"))
    world.tell(ev.SystemEvent("clock-set"))
    world.inputs.let_adopt(adopt=True)
    world.inputs.configure(CATALOGS[0])
    for session in world.catalog.sessions:
        world.look(session.key)


ACTS: dict[str, Callable[[World, Happening], None]] = {
    "offline": _weather("offline"),
    "aws 503": _weather("503"),
    "aws 500": _weather("500"),
    "aws 429": _weather("429"),
    "aws slow": _weather("slow"),
    "aws mute": _weather("mute"),
    "html": _weather("html"),
    "network flaps": _flaps,
    "cut short": _cut_short,
    "revoke": _revoked,
    "registration ends": _registration,
    "keyring locked": _keyring("locked"),
    "keyring denied": _keyring("denied"),
    "keyring absent": _keyring("absent"),
    "keyring slow": _keyring("slow"),
    "keyring hung": _keyring("hung"),
    "keyring losing": _keyring("losing"),
    "sleep": _sleep,
    "clock": _clock,
    "screen": _screen,
    "restart": _restart,
    "restart, state lost": _restart_without(old=False),
    "restart, state old": _restart_without(old=True),
    "restart compared": _compare,
    "kill": _kill,
    "config": _config,
    "setting": _setting,
    "use": _use,
    "unread": _unread,
    "aws sso login": programs.aws_login,
    "old login": programs.old_login,
    "aws sso logout": programs.aws_logout,
    "sdk refreshes": programs.sdk_refresh,
    "sdk writes older": programs.sdk_writes_older,
    "read": programs.reads,
    "remove": programs.removed,
    "put back": programs.put_back,
    "foreign": programs.foreign,
    "redate": programs.redated,
    "tear": programs.torn,
    "damage": programs.damaged,
    "unreadable": programs.unreadable,
    "crowd": programs.crowd,
    "click": _click,
    "click all": _click_all,
    "cancel": _cancel,
    "sign out": _sign_out,
    "renew": _renew,
    "release": _release,
    "all is well": _well,
    "undo": _undo,
    "folder lost": programs.folder_lost,
    "synced login": programs.synced_login,
    "apply default": _apply,
}
"""Everything that can happen, by name."""

SECOND_THOUGHTS = ("undo", "folder lost", "synced login", "apply default")
WEIGHTS = dict.fromkeys((one for one in ACTS if one not in SECOND_THOUGHTS), 2) | {
    "click": 8,
    "aws sso login": 4,
    "read": 3,
    "crowd": 3,
    "release": 1,
    "sign out": 1,
    "aws sso logout": 1,
    "setting": 1,
    "use": 1,
    "registration ends": 1,
    "all is well": 1,
}
ALWAYS = ("click", "aws sso login", "all is well", "read")


def numbered(script: Sequence[Happening]) -> list[Happening]:
    """Return a script whose things are numbered in their order."""
    return [replace(one, number=number) for number, one in enumerate(script)]
