"""The files that the rules depend on, read into events: config, settings, records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from tray.aws.config.catalog import CatalogReader
from tray.aws.config.config_files import ConfigFiles
from tray.core import events as ev
from tray.core.events import Event
from tray.core.model import Catalog, InputFile, Profile
from tray.core.profiles.guards import is_managed
from tray.core.state import TrayState
from tray.errors import ConfigRejected, TrayError, Unread
from tray.ipc.child_environment import ChildEnvironment, variables
from tray.managed.managed_sections import with_managed
from tray.storage.active_profile import read_active
from tray.storage.last_catalog import last_catalog, save_catalog
from tray.storage.logs import set_debug
from tray.storage.session_records import Records
from tray.storage.settings import Settings, read_settings, safe_settings
from tray.system.paths import Paths

log = logging.getLogger(__name__)

LARGE_CONFIG: Final = 512 * 1024  # bytes, about 4,000 profiles; a larger one is read off the loop


class InputFiles:
    def __init__(
        self, paths: Paths, environ: Mapping[str, str], post: Callable[[Event], None]
    ) -> None:
        self._paths = paths
        self._debug = "SSO_TRAY_DEBUG" in environ
        self._post = post
        self._records = Records(paths.state)
        self._catalog = CatalogReader(ConfigFiles(paths.aws_config, paths.aws_credentials))
        self._started = False
        self._reading = 0
        self._sound = False  # whether botocore would take what was last read
        self.settings: Settings = safe_settings(paths.state)  # the last good ones
        self._known: set[str] = set()  # what has been read, or found unusable, at least once

    @property
    def known(self) -> bool:
        """Whether all was read that the config is judged by."""
        return {"settings", "records", "active-profile"} <= self._known

    async def read_config(self, follow: Callable[[Catalog], None]) -> bool:
        """
        Read the config and post it; return whether it is good. If not, the last good counts (S4).

        Only a large one is read in a thread: its heap of 6 MB would stay with the process
        (measured).
        """
        self._reading, self._sound = self._reading + 1, False
        try:
            self._sound = await self._posted_config(follow)
        finally:
            self._reading -= 1
        return self._sound

    async def _posted_config(self, follow: Callable[[Catalog], None]) -> bool:
        trouble: Event | None = None
        try:
            catalog: Catalog | None = with_managed(await self._catalog_now(), self._paths.state)
        except ConfigRejected as error:
            catalog, trouble = self._kept(), ev.ConfigBroken(error.sentence)
        except Unread as error:
            catalog, trouble = self._kept(), ev.InputUnread(InputFile("config"), error.sentence)
        if catalog is not None:
            follow(catalog)
            self._post(ev.ConfigRead(catalog))
        if trouble is not None:
            self._post(trouble)
        self._started = self._started or catalog is not None
        return trouble is None

    async def _catalog_now(self) -> Catalog:
        if self._config_size() <= LARGE_CONFIG:
            catalog = self._catalog.read()
            self._save(catalog)
            return catalog
        catalog = await asyncio.to_thread(self._catalog.read)
        await asyncio.to_thread(self._save, catalog)
        return catalog

    def _kept(self) -> Catalog | None:
        kept = None if self._started else last_catalog(self._paths.state)
        try:
            return None if kept is None else with_managed(kept, self._paths.state)
        except Unread:
            return None

    def surroundings(self, profile: Profile, document: dict[str, Any]) -> str | None:
        """Return what else a program started with credentials gets, packed; None if unsure."""
        if self._reading or not self._sound:
            return None
        reader = self._catalog
        before = reader.variables.get(profile.name, {})
        return ChildEnvironment(
            reader.marks, profile.name, profile.region, before, variables(document)
        ).packed()

    def facts(self, state: TrayState, name: str | None) -> dict[str, Any]:
        """Answer ``profile``; exit code 1 if the caller has to look for itself."""
        name = state.active_profile if name is None else name
        found = next((one for one in state.catalog.profiles if one.name == name), None)
        if found is None or self._reading or not self._sound:
            return {"exit": 1, "sentence": ""}
        session = next((one for one in state.catalog.sessions if one.key == found.session), None)
        return {
            "exit": 0,
            "sentence": "",
            "profile": found.to_json(),
            "session": session and {**session.to_json(), "profiles": []},
            "managed": is_managed(found.name, state.catalog.managed),
            "active": state.active_profile,
            "marks": list(self._catalog.marks.items()),
        }

    def _save(self, catalog: Catalog) -> None:
        try:
            save_catalog(self._paths.state, catalog)
        except (OSError, TrayError) as error:
            log.warning("the config cannot be kept for a later start (%s)", type(error).__name__)

    def _config_size(self) -> int:
        try:
            return self._paths.aws_config.stat().st_size
        except OSError:
            return 0

    def read_settings(self) -> None:
        """Read the settings; if they are broken the last good ones stay in use."""
        try:
            self.settings = read_settings(
                self._paths.settings_file, self._paths.state, self._paths.site_settings
            )
            problems = self.settings.problems
            set_debug(self.settings.log_debug or self._debug)
        except ConfigRejected as error:
            log.warning("%s", error.sentence)
            problems = (error.sentence,)
        except Unread as error:
            self._post(ev.InputUnread(InputFile("settings"), error.sentence))
            return
        self._known.add("settings")
        self._post(ev.PreferencesRead(self.settings.preferences, problems))

    def read_records(self) -> None:
        try:
            recalled = self._records.recalled()
        except Unread as error:
            self._post(ev.InputUnread(InputFile("records"), error.sentence))
            return
        self._known.add("records")
        self._post(recalled)

    def read_active(self) -> None:
        try:
            active = read_active(self._paths.state)
        except TrayError as error:
            self._post(ev.InputUnread(InputFile("active-profile"), error.sentence))
            return
        self._known.add("active-profile")
        self._post(ev.ActiveRead(active))
