"""The managed ``[default]`` of the made-up config: followed as the daemon does, and held to it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tray.core import events as ev
from tray.core.model import Now
from tray.core.state import TrayState
from tray.core.views.view import View, view
from tray.daemon.managed_updates import FILE
from tray.errors import TrayError, WillRetry
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.atomic_files import is_passing

if TYPE_CHECKING:
    from tests.simulation.world import World

HEADER = b"[default]"
FOLLOWS_AFTER = 0.05
"""Seconds that the daemon's thread takes to begin."""


class Managed:
    """
    The user's wish that a bare ``aws`` follows the active profile, and who sees to it.

    Args:
        world: the walk.
        config: the AWS config.
    """

    def __init__(self, world: World, config: Path) -> None:
        self._world = world
        self._config = config
        self.wanted = False
        self._seen: object = None
        self._life = 0

    @property
    def _context(self) -> ManagedContext:
        helper = "/usr/bin/python3", "/x/credentials.py"
        return ManagedContext(self._world.machine.paths, (), lambda: helper)

    def section(self) -> bytes:
        """Return the config from ``[default]`` on, which an editor leaves as it is."""
        config = self._config.read_bytes() if self._config.exists() else b""
        return b"".join(config.partition(HEADER)[1:])

    # --- The person ------------------------------------------------------------

    def apply(self, *, on: bool) -> None:
        """Type ``apply default``, or ``apply default --off``."""
        with suppress(TrayError, OSError):  # the person is told why
            if on:
                managed_sections.apply(self._context, "default")
            else:
                managed_sections.take_back(self._context, "default")
            self.wanted = on
            self._world.machine.met[f"default-{'applied' if on else 'taken-back'}"] += 1
            self._world.inputs.changed()

    def forgotten(self) -> None:
        """Our record of it is lost or old: it is a section like any other now."""
        self.wanted = False

    # --- The daemon --------------------------------------------------------------

    def shown(self, state: TrayState, now: Now) -> None:
        """Follow what is shown once it differs, as `ManagedUpdates.shown`."""
        if self._life != self._world.life:
            self._life, self._seen = self._world.life, None
        seen: View = view(state, now)
        active = next((one for one in seen.profiles if one.name == seen.active_profile), None)
        if (active, seen.guarded) != self._seen:
            self._seen = active, seen.guarded
            self.follow()

    def follow(self) -> None:
        """Follow soon, in the daemon's thread."""
        life = self._world.life
        self._world.later(FOLLOWS_AFTER, "the managed default follows", lambda: self._follow(life))

    def _follow(self, life: int) -> None:
        world = self._world
        if life != world.life:
            return
        before, errors = self.section(), _errors(world)
        sentence = None
        try:
            if managed_sections.at_work(world.machine.paths.state):
                managed_sections.follow(self._context)
                world.machine.met["default-followed"] += 1
        except TrayError as error:
            sentence = error.sentence if isinstance(error, WillRetry) else None
        except OSError as error:
            sentence = f"It can't be written: {error.strerror}." if is_passing(error) else None
        if _errors(world) > errors and self.section() != before and not self.section():
            told = "it was taken out as a file could not be read"
            world.promises.broken("safety: the managed default outlives an unread fact", told)
        if sentence is not None:
            world.tell(ev.InputUnread(FILE, sentence))
        elif FILE in world.state.unread:
            world.tell(ev.InputRead(FILE))

    # --- What has to hold ----------------------------------------------------------

    def is_known(self, state: TrayState) -> None:
        """Hold what a bare ``aws`` would use against the active profile."""
        if not self.wanted or self._world.inputs.broken:
            return
        active, section = state.active_profile, self.section().decode()
        right = "" if active is None else f"sso_role_name = {active}"
        if right not in section or (active is None and "sso_role_name" in section):
            told = f"{active} is active, and it says {section.split()[1:]}"
            self._world.promises.broken("truth: the managed default follows", told)


def _errors(world: World) -> int:
    return sum(count for kind, count in world.machine.met.items() if kind.startswith("read-"))
