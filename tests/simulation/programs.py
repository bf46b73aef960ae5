"""Other programs of the made-up world, and what they do to the token files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.simulation.machine import CacheFile, Entry
from tests.simulation.portal import Given
from tests.simulation.script import Happening, session_of
from tray.core.model import SsoSession

if TYPE_CHECKING:
    from tests.simulation.world import World

READ_AT_ONCE = 0.5
"""How often a program that runs on reads what another has just written."""


def aws_login(world: World, one: Happening) -> None:
    """``aws sso login``: empties the file, signs in, writes it a moment later."""
    session = session_of(world, one)
    if world.machine.weather != "well":
        return
    file = world.machine.file(session.key)
    file.torn = True
    world.look(session.key)
    given = world.portal(session.start_url).sign_in(world.machine.time)
    world.note("sign-in", session.key)
    _writes(world, session, given, 0.01 + one.much**4 * 5, "login")


def _writes(world: World, session: SsoSession, given: Given, delay: float, what: str) -> None:
    entry = world.machine.entry(given, session.start_url)
    world.being_written.append(entry)
    world.later(delay, f"{session.key}: another program has written",
                lambda: _written(world, session.key, entry, what))  # fmt: skip


def _written(world: World, key: str, entry: Entry, what: str) -> None:
    world.disturbed_at = world.machine.time
    world.being_written.remove(entry)
    world.met_during_renewal(f"{what}-written", what, key)
    world.note("given", key)
    world.machine.thrown(key)
    # What is written last is the truth, even where two of them have raced each other (K4).
    world.machine.thrown_away.update(_superseded(world, key, entry))
    world.machine.write(key, entry)
    world.look(key)
    if world.draw("sdk", key) < READ_AT_ONCE:
        world.memory_of_sdk[key] = entry


def _superseded(world: World, key: str, entry: Entry) -> Iterator[tuple[str, int]]:
    """Yield the sign-ins that are over for us with this: other ones, and one known by more."""
    for one in (world.machine.file(key).entry, world.machine.keyring.get(key)):
        if one is None or one.place != entry.place:
            continue
        if one.given.family != entry.given.family or one.given.issued > entry.given.issued:
            yield one.place, one.given.family


def aws_logout(world: World, one: Happening) -> None:
    """``aws sso logout``: AWS hears of it, the file goes."""
    key = session_of(world, one).key
    entry = world.machine.file(key).entry
    if world.machine.weather != "well" or entry is None:
        return
    world.portal(entry.place).sign_out()
    world.machine.write(key, None)
    world.look(key)


def sdk_refresh(world: World, one: Happening) -> None:
    """An SDK refreshes from a full file, or with what it read from one a while ago."""
    session, machine = session_of(world, one), world.machine
    read = machine.file(session.key).entry
    if read is None or read.refresh is None:
        read = world.memory_of_sdk.get(session.key)
    if read is None or read.refresh is None or machine.weather != "well":
        return
    if read.place != session.start_url:
        return
    given = world.portal(session.start_url).refresh(read.refresh, machine.time)
    if not isinstance(given, Given):
        return
    _writes(world, session, given, 0.01 + one.much**3, "sdk")


def sdk_reads(world: World, one: Happening) -> None:
    """An SDK, or a backup, reads a file and keeps what it held."""
    key = session_of(world, one).key
    entry = world.machine.file(key).entry
    if entry is not None and not world.machine.file(key).torn:
        world.backups[key] = entry
        if entry.refresh is not None:  # a lean one does not undo what another process has read
            world.memory_of_sdk[key] = entry


def removed(world: World, one: Happening) -> None:
    """Somebody removes a file, and may regret it."""
    key = session_of(world, one).key
    entry = world.machine.file(key).entry
    if entry is None:
        return
    world.met_during_renewal("file-removed", "removed", key)
    world.note("removed", key)
    world.machine.thrown(key)
    world.machine.write(key, None)
    world.look(key)
    if one.much < 0.4:
        world.later(one.much * 5, f"{key}: put back", lambda: put(world, key))
        world.backups[key] = entry


def put_back(world: World, one: Happening) -> None:
    """Put back what was read from a file a while ago."""
    put(world, session_of(world, one).key)


def put(world: World, key: str) -> None:
    """Put an old file back, if there is one."""
    entry = world.backups.get(key)
    if entry is None:
        return
    world.disturbed_at = world.machine.time
    world.met_during_renewal("put-back-written", "put-back", key)
    world.note("given", key)
    world.machine.thrown(key)
    world.promises.put_back(key)
    kept = world.machine.keyring.get(key)
    if kept is not None and entry.refresh is not None:
        # Written last, it is the newer truth (K4), and who put it there has chosen so.
        world.machine.thrown_away.add((kept.place, kept.given.family))
    world.machine.write(key, entry)
    world.look(key)


def torn(world: World, one: Happening) -> None:
    """Somebody writes a file in place."""
    key = session_of(world, one).key
    file = world.machine.file(key)
    if file.entry is None:
        return
    file.torn = True
    world.look(key)
    world.later(one.much**2 * 10, f"{key}: whole again", lambda: _whole(world, key, file))


def bad(world: World, one: Happening) -> None:
    """A file is damaged, or closed to us."""
    key = session_of(world, one).key
    file = world.machine.file(key)
    if file.entry is None:
        return
    file.bad = "bad-file" if one.much < 0.5 else "no-permission"
    world.look(key)
    world.later(30 + one.much * 1800, f"{key}: mended", lambda: _whole(world, key, file))


def _whole(world: World, key: str, file: CacheFile) -> None:
    world.disturbed_at = world.machine.time
    file.torn, file.bad = False, None
    world.look(key)
