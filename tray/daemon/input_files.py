"""The files that the rules depend on, read into events: config, settings, records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from tray.aws.config.catalog import CatalogReader, ConfigFiles
from tray.core import events as ev
from tray.core.events import Event
from tray.core.model import Catalog
from tray.errors import ConfigRejected
from tray.storage.active_profile import read_active
from tray.storage.atomic_files import FileRefused
from tray.storage.last_catalog import last_catalog, save_catalog
from tray.storage.logs import set_debug
from tray.storage.session_records import Records
from tray.storage.settings import SAFE, Settings, read_settings
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
        self.settings: Settings = SAFE  # the last good ones

    async def catalog(self) -> tuple[Catalog | None, str | None]:
        """
        Read the config; return it if it is new, and the sentence that says why it is broken.

        If it is broken at the start, the last good one is used (S4). A thread reads a
        large one; others take 3 ms for a thousand profiles, and the thread's heap would stay with
        the process: 6 MB (measured).
        """
        try:
            if self._config_size() > LARGE_CONFIG:
                catalog = await asyncio.to_thread(self._catalog.read)
                await asyncio.to_thread(self._save, catalog)
            else:
                catalog = self._catalog.read()
                self._save(catalog)
        except ConfigRejected as error:
            kept = None if self._started else last_catalog(self._paths.state)
            self._started = True
            return kept, error.sentence
        self._started = True
        return catalog, None

    def _save(self, catalog: Catalog) -> None:
        try:
            save_catalog(self._paths.state, catalog)
        except (OSError, FileRefused) as error:
            log.warning("the config cannot be kept for a later start (%s)", type(error).__name__)

    def _config_size(self) -> int:
        try:
            return self._paths.aws_config.stat().st_size
        except OSError:
            return 0

    def read_settings(self) -> None:
        """Read the settings; if they are broken the last good ones stay in use."""
        try:
            self.settings = read_settings(self._paths.settings_file, self._paths.state)
            problems = self.settings.problems
            set_debug(self.settings.log_debug or self._debug)
        except ConfigRejected as error:
            log.warning("%s", error.sentence)
            problems = (error.sentence,)
        self._post(ev.PreferencesRead(self.settings.preferences, problems))

    def read_records(self) -> None:
        self._post(self._records.recalled())
        self._post(ev.ActiveRead(read_active(self._paths.state)))
