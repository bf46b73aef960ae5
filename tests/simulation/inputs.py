"""Config, settings, records and active profile: real files, read by the daemon's own code."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.core.story import CORP, LAB, OLD, catalog
from tests.simulation.managed import Managed
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Catalog, InputFile, Now
from tray.core.state import TrayState
from tray.core.views.view import view
from tray.daemon.input_files import InputFiles
from tray.errors import TrayError
from tray.storage.active_profile import active_path, record_active

if TYPE_CHECKING:
    from tests.simulation.world import World

TOLD_WITHIN = 20.0
"""Seconds after which it has to be told that a file cannot be read: ten, and one more look."""
KNOWN_WITHIN = 65.0
"""Seconds after which what a file says has to count, once it can be read."""
PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE)
BROKEN = b"[profile dev\nsso_session = corp\n"
CREDENTIALS = b"[elsewhere]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"


class _InputFiles(InputFiles):
    def list_profiles(self) -> None:
        """No command here asks for the listing, which is written by the daemon's loop."""


class Inputs:
    """
    Writes these files as people and programs do, reads them as the daemon, and holds it to that.

    Args:
        world: the walk.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        paths = world.machine.paths
        self.paths = {
            "config": paths.aws_config,
            "credentials": paths.aws_credentials,
            "settings": paths.settings_file,
            "active-profile": active_path(paths.state),
        }
        self.managed = Managed(world, self.paths["config"])
        self.broken = False
        self.adopt = True
        self.followed: tuple[str, ...] = ()
        self.last_good: frozenset[tuple[str, str]] | None = None
        self._files: InputFiles | None = None
        self._since: dict[InputFile, float] = {}
        self._changed_at = self._held_at = 0.0
        for path in self.paths.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        self.write("credentials", CREDENTIALS)
        self.configure(catalog(CORP, LAB, OLD, world.catalog.sessions[-1]))
        record_active(paths.state, "dev")

    # --- People and programs -------------------------------------------------

    def write(self, name: str, data: bytes) -> None:
        """Save a file as an editor does."""
        path = self.paths[name]
        path.write_bytes(data)
        self._world.machine.stamp(path)
        self.changed()

    def configure(self, chosen: Catalog) -> None:
        """Write a config with these sessions and their profiles."""
        self._world.catalog, self.broken = chosen, False
        self.write("config", _text(chosen) + self.managed.section())

    def damage(self) -> None:
        """Leave the config broken; AWS's own programs refuse it as well."""
        self.broken = True
        self.write("config", BROKEN + self.managed.section())

    def let_adopt(self, *, adopt: bool) -> None:
        """Write the setting that says whether files are adopted."""
        self.adopt = adopt
        self.write("settings", f"[keyring]\nadopt = {str(adopt).lower()}\n".encode())

    def use(self, profile: str | None) -> None:
        """Choose the active profile in another process, without the daemon."""
        with suppress(OSError, TrayError):  # the person is told why
            record_active(self._world.machine.paths.state, profile)
        self.changed()

    def changed(self) -> None:
        """Something about these files is not what it was."""
        self._changed_at = self._world.machine.time

    # --- The daemon ----------------------------------------------------------

    def begin(self) -> None:
        """Read them as a daemon that starts."""
        world, life = self._world, self._world.life
        self._since.clear()
        self.followed = ()
        self.changed()

        def post(event: ev.Event) -> None:
            if life == world.life:
                world.tell(event)

        self._files = _InputFiles(world.machine.paths, {}, post)
        self._files.read_settings()
        self._files.read_records()
        self._files.read_active()
        self._read_config()

    def read_again(self, kind: str) -> None:
        """Read one again, as the daemon's `App` does."""
        files = self._files
        assert files is not None
        known = files.known
        reads: dict[str, Callable[[], None]] = {
            "config": self._read_config,
            "credentials": self._read_config,
            "settings": files.read_settings,
            "records": files.read_records,
            "active-profile": files.read_active,
        }
        if kind == "managed":
            self.managed.follow()
            return
        reads[kind]()
        if files.known and not known:
            self._read_config()

    def _read_config(self) -> None:
        files = self._files
        assert files is not None
        if files.known:
            reading = files.read_config(self._follow)
            try:
                reading.send(None)
            except StopIteration as read:  # a small one is read without any waiting
                if read.value:
                    self.managed.follow()
            else:
                raise AssertionError("the config was not read at once")

    def _follow(self, read: Catalog) -> None:
        self.followed = tuple(session.key for session in read.sessions)
        if not self.broken:
            self.last_good = frozenset((one.key, one.start_url) for one in read.sessions)

    def record(self, effect: fx.RecordActive) -> None:
        """Keep the active profile, as the daemon does; one that cannot be read is replaced."""
        self.changed()
        try:
            record_active(self._world.machine.paths.state, effect.profile)
        except (OSError, TrayError):
            self.read_again("active-profile")

    # --- What has to hold ------------------------------------------------------

    def hold(self, before: TrayState, event: ev.Event, after: TrayState, now: Now) -> None:
        """Hold a step against what an unread file may change."""
        world = self._world
        if world.machine.time - self._held_at > KNOWN_WITHIN / 2:
            self._held_at = world.machine.time
            self.is_known(before, now)
        for file in [file for file in self._since if file not in after.unread]:
            del self._since[file]
        for file in after.unread:
            self._since.setdefault(file, world.machine.now.mono)
        if self._files is not None and self._files.known:
            self.managed.shown(after, now)
        match event:
            case ev.InputUnread() | ev.TokenFileInspected(file_status=ev.FileUnread()):
                pass
            case _:
                return
        kind = event.file.kind if isinstance(event, ev.InputUnread) else "token"
        world.machine.met[f"unread-{kind}"] += 1
        passed = step(before, ev.Tick(), now)[0]
        if _known(after) != _known(passed):
            world.promises.broken("safety: nothing changes on an unread fact", f"{event}")

    def is_known(self, state: TrayState, now: Now) -> None:
        """Hold what is known of the files against what they say."""
        world, time = self._world, self._world.machine.time
        problems = view(state, now).problems
        for file, since in self._since.items():
            shown = state.unread[file].sentence in problems
            if now.mono - since > TOLD_WITHIN and not shown:
                world.promises.broken("truth: what cannot be read is told", f"{file}")
        unwell_at = max(self._changed_at, world.truth.unwell_at)
        if world.machine.read_errors or state.asleep or time - unwell_at < KNOWN_WITHIN:
            return
        said = {
            "unread": (dict(state.unread), {}),
            "broken": (state.config_problem is not None, self.broken),
            "adopt": (state.preferences.adopt, self.adopt),
            "active": (state.active, self._active()),
        }
        known = frozenset((one.key, one.config.start_url) for one in state.sessions.values())
        if not self.broken:
            sessions = frozenset((one.key, one.start_url) for one in world.catalog.sessions)
            said["sessions"] = known, sessions
        elif self.last_good not in (None, known):
            told = f"{sorted(known)}, and {self.last_good} was read last"
            world.promises.broken("truth: the last good config counts", told)
        self.managed.is_known(state)
        for what, (seen, right) in said.items():
            if seen != right:
                told = f"{what} is {right}, and {seen} is known"
                world.promises.broken("truth: what a file says counts", told)

    def _active(self) -> str | None:
        with suppress(FileNotFoundError):
            return os.fsdecode(self.paths["active-profile"].read_bytes()).strip() or None
        return None


def _known(state: TrayState) -> TrayState:
    """Return a state without what is known of unread files."""
    sessions = {
        key: replace(one, file_status="unread" if one.token is None else one.file_status)
        for key, one in state.sessions.items()
    }
    return replace(state, unread={}, sessions=sessions)


def _text(chosen: Catalog) -> bytes:
    """Return the config that says this."""
    lines = []
    for session in chosen.sessions:
        place = [f"sso_start_url = {session.start_url}", f"sso_region = {session.region}"]
        for name in session.profiles:
            lines += [f"[profile {name}]", "sso_account_id = 111111111111"]
            lines += [f"sso_role_name = {name}"]
            lines += place if session.legacy else [f"sso_session = {session.key}"]
        if not session.legacy:
            lines += [f"[sso-session {session.key}]", *place]
    return "\n".join([*lines, ""]).encode()
