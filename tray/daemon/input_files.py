"""The files that the rules depend on, read into events: config, settings, records."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tray.aws.cache.login_cache import login_ends
from tray.aws.config.catalog import CatalogReader, aws_files
from tray.aws.config.config_files import ConfigFiles
from tray.core import events as ev
from tray.core.events import Event
from tray.core.model import Catalog, InputFile, Now, Profile
from tray.core.profiles.guards import is_managed
from tray.core.state import TrayState
from tray.core.views.status_documents import profiles_document
from tray.errors import ConfigRejected, TrayError, Unread
from tray.ipc import caller_words
from tray.ipc.child_environment import ChildEnvironment, variables
from tray.managed.managed_sections import with_managed
from tray.storage import profile_listing
from tray.storage.account_records import last_use, read_index
from tray.storage.active_profile import read_active
from tray.storage.atomic_files import read_small, write_changed
from tray.storage.file_mark import file_mark
from tray.storage.logs import set_debug
from tray.storage.session_records import Records
from tray.storage.settings import Settings, read_settings, safe_settings
from tray.system.clock.local_time import local_time
from tray.system.paths import Paths
from tray.system.process_limits import return_freed_memory

log = logging.getLogger(__name__)

BARE_KEPT: Final = 16  # sentences on clients that name no profile, each from reading the config
LARGE_CONFIG: Final = 512 * 1024  # bytes, about 4,000 profiles; a larger one is read off the loop


LAST_CONFIG: Final = "last-config.json"
"""The last good config, for a start at which the config is broken (S4)."""


def last_catalog(state: Path) -> Catalog | None:
    try:
        return Catalog.from_json(json.loads(read_small(state / LAST_CONFIG)))
    except (OSError, TrayError, ValueError, RecursionError):
        return None


class InputFiles:
    def __init__(
        self, paths: Paths, environ: Mapping[str, str], post: Callable[[Event], None]
    ) -> None:
        self._paths = paths
        self._environ = environ
        self._debug = "SSO_TRAY_DEBUG" in environ
        self._written = caller_words.times(environ)
        self._told_bare: dict[object, tuple[str | None, bool]] = {}
        # What the listing for commands is made of; None where it would not be true.
        self._listable: tuple[Catalog, dict[str, tuple[int, ...] | None]] | None = None
        self._settings_marks: dict[str, tuple[int, ...] | None] | None = None
        self._listing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._post = post
        self._records = Records(paths.state)
        self._catalog = CatalogReader(
            ConfigFiles(paths.aws_config, paths.aws_credentials),
            usual=paths.home / ".aws" / "config",
        )
        self._with_mfa: Mapping[str, bytes] = {}
        self._started = False
        self._reading = 0
        self._sound = False  # whether botocore would take what was last read
        # The last good ones.
        self.settings: Settings = safe_settings(paths.state, paths.site_settings)
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
        self._listable = None
        try:
            read = await self._catalog_now()
            catalog: Catalog | None = with_managed(read, self._paths.state)
            self._listable = read, dict(self._catalog.marks)
        except ConfigRejected as error:
            catalog, trouble = self._kept(), ev.ConfigBroken(error.sentence)
        except Unread as error:
            catalog, trouble = self._kept(), ev.InputUnread(InputFile("config"), error.sentence)
        if catalog is not None:
            follow(catalog)
            self._post(ev.ConfigRead(catalog))
            self.read_logins(catalog)
        if trouble is not None:
            self._post(trouble)
        self.list_profiles()
        self._started = self._started or catalog is not None
        return trouble is None

    def same_mfa_profiles(self) -> frozenset[str]:
        """Return those that ask for an MFA code and are defined as when this was last asked."""
        before, self._with_mfa = self._with_mfa, self._catalog.with_mfa
        return frozenset(n for n, digest in self._with_mfa.items() if before.get(n) == digest)

    async def _catalog_now(self) -> Catalog:
        if self._config_size() <= LARGE_CONFIG:
            catalog = self._catalog.read()
            self._save(catalog)
            return catalog
        catalog = await asyncio.to_thread(self._catalog.read)
        await asyncio.to_thread(self._save, catalog)
        return catalog

    def list_profiles(self) -> None:
        """Write the listing for commands, soon; where it cannot be made they look themselves."""
        if self._listable is not None and self._settings_marks is not None:
            task = asyncio.get_running_loop().create_task(self._list())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _list(self) -> None:
        async with self._listing:  # one after the other: the last one has seen everything
            if self._listable is None or self._settings_marks is None:
                return
            read, marks = self._listable
            applied = str(self._paths.state / "applied.json")
            marks = {**marks, **self._settings_marks, applied: file_mark(applied)}
            if self._config_size() <= LARGE_CONFIG:
                self._write_listing(read, self.settings, marks)
            else:
                await asyncio.to_thread(self._write_listing, read, self.settings, marks)
                return_freed_memory()

    def _write_listing(
        self, read: Catalog, settings: Settings, marks: dict[str, tuple[int, ...] | None]
    ) -> None:
        try:
            catalog = with_managed(read, self._paths.state)
            document = profiles_document(catalog, settings.preferences.guarded, settings.problems)
            data = profile_listing.packed(
                catalog, document["profiles"], document["problems"], marks
            )
            write_changed(self._paths.state / profile_listing.NAME, data)
        except (OSError, TrayError) as error:
            log.info("the profiles cannot be listed for commands (%s)", type(error).__name__)

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

    async def words(
        self, document: dict[str, Any], state: TrayState, packed: str, *, coloured: bool
    ) -> dict[str, Any]:
        """
        Answer ``status`` in words for a caller's variables, see `tray.ipc.caller_words`.

        Exit code 1 if the caller has to look for itself.
        """
        try:
            environ = caller_words.unpacked(packed)
            if self._written != caller_words.times(environ):
                return {"exit": 1, "sentence": ""}
            bare, logins = await self._bare(environ, state)
            if logins:  # their keys are in files that are not watched
                return {"exit": 1, "sentence": ""}
        except (ValueError, Unread):
            return {"exit": 1, "sentence": ""}
        from tray.core.text.status_text import status_text  # many a daemon is never asked

        if hasattr(time, "tzset"):
            time.tzset()  # the machine may have travelled
        now = Now(time.time(), time.monotonic(), local_time())
        text = status_text(document, bare, now, coloured=coloured)
        return {"exit": 0, "sentence": "", "words": text.encode().hex()}

    async def _bare(self, environ: Mapping[str, str], state: TrayState) -> tuple[str | None, bool]:
        """
        Return what clients use that name no profile, and whether any profile is of ``aws login``.

        None if botocore refuses the config.
        """
        files, active = self._catalog.files, state.active_profile
        managed = frozenset(state.catalog.managed)
        places = (files.config, files.credentials)
        asked = (tuple(map(file_mark, places)), tuple(environ.items()), active, managed)
        if asked not in self._told_bare:
            from tray.core.text.bare_text import bare_clients

            told: tuple[str | None, bool]
            large = self._config_size() > LARGE_CONFIG
            try:
                found = await asyncio.to_thread(aws_files, files) if large else aws_files(files)
                words = bare_clients(environ, found, active, managed)[0]
                told = words, any("login_session" in one for one in found.profiles.values())
            except ConfigRejected:
                told = None, False
            if len(self._told_bare) >= BARE_KEPT:
                self._told_bare.clear()
            self._told_bare[asked] = told
        return self._told_bare[asked]

    def facts(self, state: TrayState, name: str | None) -> dict[str, Any]:
        """Answer ``profile``; exit code 1 if the caller has to look for itself."""
        name = state.active_profile if name is None else name
        found = next((one for one in state.catalog.profiles if one.name == name), None)
        if found is None or self._reading or not self._sound:
            return {"exit": 1, "sentence": ""}
        session = next((one for one in state.catalog.sessions if one.key == found.session), None)
        from tray.core.profiles.console_link import portal_url  # many a daemon is never asked

        return {
            "exit": 0,
            "sentence": "",
            "portal": portal_url(found, session),
            "profile": found.to_json(),
            "session": session and {**session.to_json(), "profiles": []},
            "managed": is_managed(found.name, state.catalog.managed),
            "active": state.active_profile,
            "marks": list(self._catalog.marks.items()),
        }

    def _save(self, catalog: Catalog) -> None:
        try:
            write_changed(self._paths.state / LAST_CONFIG, json.dumps(catalog.to_json()).encode())
        except (OSError, TrayError) as error:
            log.warning("the config cannot be kept for a later start (%s)", type(error).__name__)

    def _config_size(self) -> int:
        try:
            return self._paths.aws_config.stat().st_size
        except OSError:
            return 0

    def read_first(self) -> None:
        """Read all that the config is judged by."""
        self.read_settings()
        self.read_records()
        self.read_active()

    def read_settings(self) -> None:
        """Read the settings; if they are broken the last good ones stay in use."""
        self._settings_marks, marks = None, self._marks_of_settings()
        try:
            self.settings = read_settings(
                self._paths.settings_file, self._paths.state, self._paths.site_settings
            )
            problems = self.settings.problems
            set_debug(self.settings.log_debug or self._debug)
            self._settings_marks = marks
        except ConfigRejected as error:
            log.warning("%s", error.sentence)
            problems = (error.sentence,)
        except Unread as error:
            self._post(ev.InputUnread(InputFile("settings"), error.sentence))
            return
        self._known.add("settings")
        self._post(ev.PreferencesRead(self.settings.preferences, problems))
        self.list_profiles()

    def _marks_of_settings(self) -> dict[str, tuple[int, ...] | None]:
        paths = self._paths
        files = profile_listing.sources(
            str(paths.state), str(paths.aws_config), str(paths.aws_credentials),
            str(paths.settings_file), *map(str, paths.site_settings),
        )  # fmt: skip
        return {path: file_mark(path) for path in files[2:-1]}

    def read_records(self) -> None:
        try:
            recalled = self._records.recalled()
        except Unread as error:
            self._post(ev.InputUnread(InputFile("records"), error.sentence))
            return
        self._known.add("records")
        self._post(recalled)

    async def read_accounts(self) -> None:
        """Read the index of accounts and roles; without one there is nothing to find."""
        state = self._paths.state
        index, used_at = await asyncio.to_thread(
            lambda: (read_index(state, emails=False), last_use(state))
        )
        self._post(ev.AccountsRead(index, used_at))
        return_freed_memory()

    def read_logins(self, catalog: Catalog) -> None:
        """Look which profiles of ``aws login`` nobody is signed in to."""
        logins, managed = self._catalog.logins, catalog.managed
        try:
            ends = login_ends(logins, managed, self._environ, self._paths.home)
        except Unread as error:
            self._post(ev.InputUnread(InputFile("logins"), error.sentence))
            return
        self._post(ev.LoginsRead(tuple(name for name, end in ends.items() if end is None)))

    def read_active(self) -> None:
        try:
            active = read_active(self._paths.state)
        except TrayError as error:
            self._post(ev.InputUnread(InputFile("active-profile"), error.sentence))
            return
        self._known.add("active-profile")
        self._post(ev.ActiveRead(active))
