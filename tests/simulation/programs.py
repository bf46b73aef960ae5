"""Other programs of the made-up world, and what they do to the token files."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

from tests.simulation.aws import Given
from tests.simulation.inputs import PASSING
from tests.simulation.script import Happening, session_of
from tray.core.model import SsoSession
from tray.core.text.timestamps import format_timestamp

if TYPE_CHECKING:
    from tests.simulation.world import World

READ_AT_ONCE = 0.5
"""How often a program that runs on reads what another has just written."""
YEAR = 365 * 86400.0


def aws_login(world: World, one: Happening) -> None:
    """``aws sso login``: empties the file, signs in, writes it a moment later."""
    session = session_of(world, one)
    if world.machine.aws.weather != "well":
        return
    given = world.portal(session.start_url).sign_in(world.machine.time, f"aws {session.key}")
    _signed_in(world, session, given)
    document = world.machine.document(given, session)
    _writes(world, session, given, document, 0.01 + one.much**4 * 5, "login")


def old_login(world: World, one: Happening) -> None:
    """An older AWS CLI signs in: eight hours, no refresh data."""
    session = session_of(world, one)
    if world.machine.aws.weather != "well":
        return
    given = world.portal(session.start_url).sign_in_without_refresh(world.machine.time)
    _signed_in(world, session, given)
    expires = float(int(world.machine.wall() + given.ends - given.issued))
    document = world.machine.lean(given, session, expires)
    _writes(world, session, given, document, 0.01 + one.much**4, "old-login")


def synced_login(world: World, one: Happening) -> None:
    """After a sign-out the file of a sign-in on another machine arrives, with a network or not."""
    session, machine = session_of(world, one), world.machine
    if session.key not in world.truth.signed_out_at or machine.data(session.key) is not None:
        return
    portal, at = world.portal(session.start_url), machine.time
    lean = one.much < 0.3
    given = portal.sign_in_without_refresh(at) if lean else portal.sign_in(at, "elsewhere")
    _signed_in(world, session, given)
    world.truth.unwell()
    world.note("given", session.key)
    expires = float(int(machine.wall() + given.ends - given.issued))
    document = machine.lean(given, session, expires) if lean else machine.document(given, session)
    machine.met["synced-login-offline"] += machine.aws.weather == "offline"
    machine.write(session.key, document)


def _signed_in(world: World, session: SsoSession, given: Given) -> None:
    world.note("sign-in", session.key)
    world.truth.thrown(session.key)
    logins = world.truth.unproved.get(session.key, ())
    unasked = bool(logins) and world.machine.aws.taken.isdisjoint(logins)
    out = session.key in world.truth.signed_out_at or unasked
    out = out and session.key not in world.truth.unrecorded_outs
    # Its name may mean another portal by now, of which nobody has signed out.
    out = out and world.truth.signed_out_of.get(session.key, given.place) == given.place
    world.truth.signed_in(session.key, given)
    if out:
        world.truth.unproved[session.key] = (*(logins if unasked else ()), given.access)


def _writes(
    world: World,
    session: SsoSession,
    given: Given,
    document: bytes,
    delay: float,
    what: str,
    *,
    newest: bool = True,
) -> None:
    """Empty the file and write it later, through one descriptor, as open(path, "w") does."""
    world.truth.thrown(session.key)
    file = world.machine.emptied(session.key)
    world.machine.stamp(file.fileno())
    world.look(session.key)
    world.note("given", session.key)  # whoever removed it before has it back, empty at first
    world.machine.writing[session.key] += 1
    world.truth.in_writing.append((session.key, given))

    def written() -> None:
        world.machine.writing[session.key] -= 1
        world.truth.in_writing.remove((session.key, given))
        world.truth.unwell()
        world.note("given", session.key)
        world.machine.met[f"{what}-written"] += 1
        if world.workers.busy():
            world.machine.met[f"{what}-written-beside-a-job"] += 1
        with file:
            if world.machine.is_in_place(session.key, file):  # it covers what another has written
                world.truth.thrown(session.key)
                memory = world.memories().get(session.key)
                # What was signed out of on this machine is not kept beside another sign-in (K5).
                if newest or (memory is not None and memory.removal is not None):
                    world.truth.stands(session.key, given)
            file.write(document)
            world.machine.stamp(file.fileno())
        world.look(session.key)
        if world.draw("sdk", session.key) < READ_AT_ONCE:
            world.read_by_sdk[session.key] = document

    world.later(delay, f"{session.key}: another program has written", written)


def aws_logout(world: World, one: Happening) -> None:
    """``aws sso logout``: AWS hears of it, the file goes."""
    key = session_of(world, one).key
    entry = world.machine.file(key)
    if world.machine.aws.weather != "well" or entry is None or entry.given is None:
        return
    if not world.machine.aws.works(entry.given.access):
        return
    world.portal(entry.given.place).sign_out()
    world.note("removed", key)  # under another portal's file it was this machine's session alone
    world.machine.write(key, None)
    world.truth.unwell()


def sdk_refresh(world: World, one: Happening) -> None:
    """An SDK refreshes from a full file, or with what it read from one a while ago."""
    session, machine = session_of(world, one), world.machine
    read = machine.entry_in(machine.data(session.key))
    if read is None or read.refresh is None:
        read = machine.entry_in(world.read_by_sdk.get(session.key))
    if read is None or read.refresh is None or machine.aws.weather != "well":
        return
    if read.place != session.start_url:
        return
    given = world.portal(session.start_url).refresh(read.refresh, machine.time)
    if not isinstance(given, Given):
        machine.met["sdk-refused"] += 1
        if world.portal(session.start_url).rotation == "family":
            # The SDK has used a token twice, and AWS has ended all that came of it.
            world.truth.unwell()
        return
    newest = world.truth.is_newest(session.key, given)
    if newest:
        world.truth.signed_in(session.key, given)
    else:
        world.truth.received(given)
    world.truth.unwell()
    document = machine.document(given, session)
    _writes(world, session, given, document, 0.01 + one.much**3, "sdk", newest=newest)


def sdk_writes_older(world: World, one: Happening) -> None:
    """The C++ SDK writes what it had read before a renewal failed, without the refresh data."""
    session = session_of(world, one)
    older = [one for one in world.backups.get(session.key, []) if b"accessToken" in one]
    if not older:
        return
    members = json.loads(older[int(one.much * len(older))])
    lean = {
        name: members[name]
        for name in ("accessToken", "expiresAt", "region", "startUrl")
        if name in members
    }
    world.truth.thrown(session.key)
    world.note("given", session.key)
    world.truth.unwell()
    world.promises.put_back(session.key)
    world.machine.write(session.key, json.dumps(lean).encode())


def reads(world: World, one: Happening) -> None:
    """An SDK, or a backup, reads a file and keeps what it held."""
    key = session_of(world, one).key
    data = world.machine.data(key)
    entry = world.machine.entry_in(data)
    if data is None or entry is None:
        return
    world.backups.setdefault(key, []).append(data)
    if entry.refresh is not None:  # a lean one does not undo what another process has read
        world.read_by_sdk[key] = data


def removed(world: World, one: Happening) -> None:
    """Somebody removes a file, and may regret it."""
    key = session_of(world, one).key
    data = world.machine.data(key)
    if data is None:
        return
    world.note("removed", key)
    world.truth.thrown(key)
    world.truth.unwell()
    world.truth.removed(key)
    world.truth.unlinked(key)
    world.machine.write(key, None)
    if one.much < 0.4 and world.machine.entry_in(data) is not None:
        world.backups.setdefault(key, []).append(data)
        again = Happening("put back", key=key, much=0.99)
        world.later(one.much * 5, f"{key}: put back", lambda: put_back(world, again))


def folder_lost(world: World, one: Happening) -> None:
    """The folder of all token files is gone, and an empty one is there, as on a restored home."""
    world.truth.all_thrown()
    for session in world.catalog.sessions:
        world.truth.unlinked(session.key)
    world.truth.unwell()
    world.machine.lose_folder(one.number)


def put_back(world: World, one: Happening) -> None:
    """Put back what was read from a file: of any age, with the time of now or its own."""
    key = session_of(world, one).key
    older = world.backups.get(key)
    if not older:
        return
    data = older[int(one.much * len(older))]
    world.note("given", key)
    world.truth.thrown(key)
    world.truth.unwell()
    world.promises.put_back(key)
    mtime = world.machine.wall() - 86400 if world.draw("mtime", key) < 0.3 else None
    world.machine.write(key, data, mtime=mtime)


def foreign(world: World, one: Happening) -> None:
    """The file of another session lands under this one's name, mostly of another portal."""
    key = session_of(world, one).key
    others = [data for other, data in _files(world) if other != key]
    if not others:
        return
    world.truth.thrown(key)
    world.truth.unwell()
    world.note("given", key)
    data = others[int(one.much * len(others))]
    world.truth.copied(data)
    world.machine.write(key, data)


def _files(world: World) -> list[tuple[str, bytes]]:
    found = [(one.key, world.machine.data(one.key)) for one in world.catalog.sessions]
    return [(key, data) for key, data in found if data and world.machine.entry_in(data)]


def redated(world: World, one: Happening) -> None:
    """Somebody writes another end into a file: a year ahead, or long past."""
    key = session_of(world, one).key
    data = world.machine.data(key)
    entry = world.machine.entry_in(data)
    if data is None or entry is None:
        return
    if entry.given is not None:
        world.truth.redated(key, entry.given, past=one.much >= 0.7)
    members = json.loads(data)
    end = world.machine.wall() + (YEAR if one.much < 0.7 else -7200)
    members["expiresAt"] = format_timestamp(end)
    world.machine.met["file-future" if one.much < 0.7 else "file-expired"] += 1
    world.truth.unwell()
    world.machine.write(key, json.dumps(members).encode())


def torn(world: World, one: Happening) -> None:
    """Somebody writes a file in place, slowly."""
    key = session_of(world, one).key
    data = world.machine.data(key)
    if data is None:
        return
    file, half = world.machine.emptied(key), data[: len(data) // 2]
    file.write(half)
    world.machine.stamp(file.fileno())
    world.truth.unwell()

    def whole() -> None:
        if world.machine.data(key) != half:  # it covers what another has written
            world.truth.thrown(key)
        with file:
            if world.machine.is_in_place(key, file):  # it covers what another has written
                world.truth.thrown(key)
            file.seek(0)
            file.truncate()
            file.write(data)
            world.machine.stamp(file.fileno())
        world.truth.returned(key)
        world.truth.unwell()
        world.look(key)

    world.later(one.much**2 * 10, f"{key}: whole again", whole)


def damaged(world: World, one: Happening) -> None:
    """A file is damaged; later somebody puts a whole one back."""
    key = session_of(world, one).key
    data = world.machine.data(key)
    if data is None or world.machine.entry_in(data) is None:
        return
    broken = b'{"accessToken": %d}' % one.number
    world.truth.thrown(key)  # whoever writes over it cannot know what it held
    world.machine.write(key, broken)
    world.truth.unwell()

    def whole() -> None:
        if world.machine.data(key) == broken:
            world.note("given", key)
            world.machine.write(key, data)
            world.truth.returned(key)
            world.truth.unwell()

    world.later(30 + one.much * 1800, f"{key}: whole again", whole)


def unreadable(world: World, one: Happening) -> None:
    """The system cannot read a file for a while: no descriptors, a bad disk, no permission."""
    key = session_of(world, one).key
    ours = world.draw("unreadable-file", key) < 0.3
    path = str(world.machine.paths.state / "state.json" if ours else world.machine.path(key))
    numbers = PASSING if ours else (*PASSING, errno.EACCES)
    world.machine.read_errors[path] = numbers[int(one.much * len(numbers))]
    world.truth.unwell()
    world.look(key)

    def over() -> None:
        world.machine.read_errors.pop(path, None)
        world.truth.unwell()
        world.look(key)

    world.later(5 + world.draw("unreadable", key) * 900, f"{key}: readable again", over)


def crowd(world: World, one: Happening) -> None:
    """Programs ask for credentials, one or many at once."""
    world.person.programs_ask(session_of(world, one).key, 1 + int(one.much**2 * 20))
