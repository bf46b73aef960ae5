"""Where a command runs: its environment, paths and config, and the daemon, if one runs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tray.aws.config.catalog import CatalogReader
from tray.aws.config.config_files import ConfigFiles
from tray.cli.front.terminal import note
from tray.core.model import Catalog, Now
from tray.core.profiles.guards import shell_follows
from tray.core.start_rules import Beside
from tray.errors import ConfigRejected, TrayError, Unreachable, Unread
from tray.ipc.agent_client import QUICK_ANSWER, AgentClient, OtherWorld
from tray.managed.managed_sections import with_managed
from tray.storage.active_profile import read_active
from tray.storage.atomic_files import tighten_directory
from tray.storage.settings import Settings, read_settings, safe_settings
from tray.system.clock.local_time import local_time
from tray.system.credential_variables import profile_in_environment
from tray.system.paths import Paths, world

log = logging.getLogger(__name__)

NO_SUCH_NAME = 2  # exit code of a daemon that has yet to read the config we have read
CONFIG_READ_WITHIN = (0.1, 0.4, 1.0)  # seconds between asking it again
BESIDE_PATIENCE = 2.0  # seconds for a daemon that has not answered this command already
ENDING_PATIENCE = 60.0  # seconds for a daemon that gives way; it finishes a renewal first
JOB_PATIENCE = 120.0  # seconds for a daemon that runs a transaction; its own deadline is shorter


@dataclass(frozen=True, slots=True)
class CommandContext:
    environ: Mapping[str, str]
    paths: Paths
    reader: CatalogReader = field(repr=False)

    @classmethod
    def of_this_process(cls) -> CommandContext:
        """Describe this process; a state directory that older versions left open is shut."""
        environ = dict(os.environ)
        files, paths = ConfigFiles.from_environment(environ), Paths.from_environment(environ)
        tighten_directory(paths.state)
        reader = CatalogReader(files, usual=paths.home / ".aws" / "config")
        return cls(environ, paths, reader)

    def report(self, sentence: str) -> None:
        """Tell a person, and the log, who was turned away."""
        from tray.storage.logs import log_to  # what few commands need takes long to import

        note(sentence)
        with suppress(OSError, TrayError):  # the report is all that is lost
            log_to(self.paths.state)
            log.warning("%s", sentence)

    def catalog(self) -> Catalog:
        """Return the current AWS config; raises ConfigRejected if botocore refuses it, too."""
        return with_managed(self.reader.read(), self.paths.state)

    def shared_sessions(self) -> tuple[tuple[str, bool], ...]:
        """Return the sessions that the usual config has, too, and whether at the same portal."""
        try:
            found = self.catalog().sessions
        except (ConfigRejected, Unread):
            return ()
        return tuple((one.key, one.shared == "same") for one in found if one.shared != "no")

    def settings(self) -> Settings:
        """Return the settings; raises ConfigRejected if a file cannot be read as a whole."""
        return read_settings(self.paths.settings_file, self.paths.state, self.paths.site_settings)

    def settings_or_safe(self) -> Settings:
        """Return the settings; for an unreadable file, safe ones that name the problem."""
        try:
            return self.settings()
        except ConfigRejected as error:
            return safe_settings(self.paths.state, self.paths.site_settings, (error.sentence,))

    @property
    def exported_profile(self) -> str | None:
        """The profile this terminal's ``AWS_PROFILE`` names; it wins over the active one (F3)."""
        return profile_in_environment(self.environ)

    @property
    def shell_follows(self) -> bool:
        """Whether this shell's hook has set ``AWS_PROFILE`` (A2)."""
        return shell_follows(self.environ)

    @property
    def profile_in_force(self) -> str | None:
        return self.exported_profile or read_active(self.paths.state)

    @contextmanager
    def daemon(self) -> Iterator[AgentClient]:
        """Connect to the daemon; raises `Unreachable` where none runs."""
        with AgentClient(self.paths.runtime_sockets, world(self.environ)) as agent:
            yield agent

    def daemon_beside(self) -> Beside | None:
        """Return what keeps a daemon that runs here from acting for us (C3); None if none runs."""
        connected = False
        try:
            with self.daemon() as agent:
                connected = True
                agent.done("status", patience=BESIDE_PATIENCE)
        except OtherWorld:
            return "elsewhere"
        except Unreachable:
            return "mute" if connected else None
        return None

    @staticmethod
    def tries() -> Iterator[None]:
        """Yield for each time to ask a daemon that may just be reading what we have read."""
        for pause in CONFIG_READ_WITHIN:
            yield
            time.sleep(pause)

    def asked(
        self, op: str, *, patience: float | None = QUICK_ANSWER, **members: Any
    ) -> dict[str, Any] | None:
        """Let the daemon act and return its last message, or None: act alone; why is printed."""
        connected = False
        try:
            for _ in self.tries():
                with self.daemon() as agent:
                    connected = True
                    done: dict[str, Any] = agent.done(op, patience=patience, **members)
                    if done["exit"] != NO_SUCH_NAME:
                        return done
        except (OtherWorld, Unreachable) as error:
            say_acting_alone(error, connected=connected)
        return None


def say_acting_alone(error: OtherWorld | Unreachable, *, connected: bool) -> None:
    """Say why the daemon does not act for us, unless simply none runs (C3)."""
    if isinstance(error, OtherWorld):
        note(error.sentence)
    elif connected:
        note(f"{error.sentence} This command acts alone.")


def now() -> Now:
    return Now(time.time(), time.monotonic(), local_time())
