"""The user's AWS config as a catalog of sessions and profiles, read again when it changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tray.aws.config import config_files, ini
from tray.aws.config.config_files import ConfigFiles
from tray.aws.config.config_sections import MergedConfig, merge
from tray.aws.config.connection_keys import every_variable
from tray.aws.config.ini import Value
from tray.aws.config.profile_resolution import ConfigIndex, describe
from tray.aws.config.sso_sessions import find_sessions
from tray.core.connection import ConnectionSettings, agreed, disagreements
from tray.core.model import Catalog, SsoSession
from tray.core.profiles.source_chain import source_chain
from tray.core.session import same_place
from tray.core.text.display_names import clean
from tray.errors import ConfigRejected, NotFound, Unread
from tray.storage.file_mark import file_mark

if TYPE_CHECKING:
    from tray.core.profiles.bare_client import AwsFiles

HIDDEN = "***"  # in :func:`profile_settings`, in a secret's place

_SECRET_KEYS = ("aws_secret_access_key", "aws_session_token", "aws_security_token")

_UNSETTLED = 2.0  # seconds in which a file may change again within one tick of its mtime


def read_catalog(files: ConfigFiles) -> Catalog:
    """
    Return what the two files say; a missing file says nothing.

    The profiles are those of botocore's ``available_profiles``, in its order (rule C4). A
    session's ``profiles`` are all that carry its key, even of kind ``other``. ``problems`` names
    sections left out; a listed session or profile carries its own. Raises ConfigRejected if
    botocore refuses a file, or it cannot be read as a file.
    """
    config = config_files.read(files.config)
    return _catalog(files, config, _merged(files, config, config_files.read(files.credentials)))


def profile_settings(files: ConfigFiles, name: str) -> Mapping[str, Value]:
    """
    Return a profile's keys from both files, credentials winning, ``[DEFAULT]`` included.

    Keys are in lower case; a value is text, or a mapping for a nested block such as ``s3``; a
    secret is :data:`HIDDEN`. Raises NotFound; ConfigRejected as :func:`read_catalog`.
    """
    every = every_profile(files)
    if name not in every:
        raise NotFound(f'{clean(str(files.config), 160)} has no profile "{clean(name)}".')
    return every[name]


def every_profile(files: ConfigFiles) -> Mapping[str, Mapping[str, Value]]:
    """Return :func:`profile_settings` of all profiles, in one read; raises ConfigRejected."""
    merged = _merged(files, config_files.read(files.config), config_files.read(files.credentials))
    return {
        name: MappingProxyType(
            {key: HIDDEN if key in _SECRET_KEYS else value for key, value in settings.items()}
        )
        for name, settings in merged.profiles.items()
    }


def aws_files(files: ConfigFiles) -> AwsFiles:
    """Return what decides about a client that names no profile; raises ConfigRejected."""
    from tray.core.profiles.bare_client import AwsFiles  # many a daemon is never asked

    data = config_files.read(files.credentials)
    sections = ini.parse(data, str(files.credentials)) if data else {}
    keyed = frozenset(name for name, keys in sections.items() if "aws_access_key_id" in keys)
    return AwsFiles(every_profile(files), keyed)


class CatalogReader:
    """
    The catalog, read again only when a file has changed; an unchanged one costs one ``stat``.

    While its mtime is under two seconds ago its bytes are compared by hash, since a second write
    within one clock tick leaves the ``stat`` as it was.
    """

    def __init__(
        self,
        files: ConfigFiles,
        clock: Callable[[], float] = time.time,
        usual: Path | None = None,
    ) -> None:
        """``usual``: the config of the home, whose sessions use the same token files."""
        self.files = files
        self._usual = usual if usual != files.config else None
        self._clock = clock
        self._marks: object = None
        self._digests: object = None
        self._verdict: Catalog | ConfigRejected = Catalog()
        self.marks: dict[str, tuple[int, ...] | None] = {}
        """Each file with its mark before it was last read."""
        self.variables: Mapping[str, Mapping[str, str]] = {}
        """The environment that sends an SDK's calls where a profile's keys do, if they do."""
        self.logins: Mapping[str, Mapping[str, Value]] = {}
        """The ``login_session`` of each profile that has one, as a key of that name."""
        self.with_mfa: Mapping[str, bytes] = {}
        """A digest of all that defines each profile for which an MFA code is asked."""

    def read(self) -> Catalog:
        """Return the same object while the files say the same; raises ConfigRejected."""
        places = (self.files.config, self.files.credentials)
        marks = {str(path): file_mark(path) for path in places}
        if self._marks is None or marks != self._marks:
            self._reread(marks)
        self.marks = marks
        if isinstance(self._verdict, Catalog):
            return self._verdict
        known = self._verdict
        raise type(known)(known.sentence, file=known.file, line=known.line)

    def _reread(self, marks: dict[str, tuple[int, ...] | None]) -> None:
        self._marks = None
        config = config_files.read(self.files.config)
        credentials = config_files.read(self.files.credentials)
        digests = [_digest(config), _digest(credentials)]
        if digests != self._digests:
            try:
                merged = _merged(self.files, config, credentials)
                self._verdict = self._with_shared(_catalog(self.files, config, merged))
                self.logins = _logins(merged)
                self.with_mfa = _with_mfa(merged)
                self.variables = every_variable(merged.profiles, merged.services)
            except ConfigRejected as rejected:
                self._verdict = rejected.with_traceback(None)
            self._digests = digests
        now = self._clock()
        if all(mark is None or abs(now - mark[-1] / 1e9) > _UNSETTLED for mark in marks.values()):
            self._marks = marks

    def _with_shared(self, catalog: Catalog) -> Catalog:
        if self._usual is None:
            return catalog
        files = ConfigFiles(self._usual, self.files.credentials)
        try:
            if self._usual.samefile(self.files.config):
                return catalog
            config = config_files.read(self._usual)
            # Legacy profiles of the credentials file are in neither config.
            return _with_shared(catalog, _catalog(files, config, _merged(files, config, None)))
        except (ConfigRejected, Unread, OSError):
            return catalog  # what it shares is not known


def _logins(merged: MergedConfig) -> dict[str, dict[str, Value]]:
    return {
        name: {"login_session": keys["login_session"]}
        for name, keys in merged.profiles.items()
        if "login_session" in keys
    }


def _with_mfa(merged: MergedConfig) -> dict[str, bytes]:
    if not any("mfa_serial" in keys for keys in merged.profiles.values()):
        return {}
    found = {}
    for name in merged.profiles:
        chain = [merged.profiles.get(one, {}) for one in source_chain(name, merged.profiles)]
        if any("mfa_serial" in keys for keys in chain):
            defined = ascii([sorted(keys.items(), key=str) for keys in chain])
            found[name] = hashlib.sha256(defined.encode()).digest()
    return found


def _digest(data: bytes | None) -> bytes | None:
    return None if data is None else hashlib.sha256(data).digest()


def _merged(files: ConfigFiles, config: bytes | None, credentials: bytes | None) -> MergedConfig:
    return merge(
        ini.parse(config, str(files.config)) if config else {},
        ini.parse(credentials, str(files.credentials)) if credentials else {},
    )


def _catalog(files: ConfigFiles, config: bytes | None, merged: MergedConfig) -> Catalog:
    known = ConfigIndex(merged, find_sessions(merged))
    profiles = []
    members: dict[str, list[str]] = {key: [] for key in known.sessions}
    connections: dict[str, set[ConnectionSettings]] = {key: set() for key in known.sessions}
    for name, settings in merged.profiles.items():
        profile = describe(name, settings, known)
        profiles.append(profile)
        if profile.session is not None:
            members[profile.session].append(name)
            connections[profile.session].add(profile.connection)
    return Catalog(
        sessions=tuple(
            replace(
                session,
                profiles=tuple(members[key]),
                connection=agreed(connections[key]),
                disagreements=disagreements(connections[key]),
            )
            for key, session in known.sessions.items()
        ),
        profiles=tuple(profiles),
        problems=_left_out(files, config, merged.unreadable),
    )


def _left_out(files: ConfigFiles, config: bytes | None, headers: Sequence[str]) -> tuple[str, ...]:
    if not headers or config is None:
        return ()
    lines = ini.lines_of(config, set(headers))
    return tuple(
        f"{clean(str(files.config), 160)}, line {lines[header]}: the name in [{clean(header)}] is "
        "not readable (quote a name with blanks, and close every quote); AWS tools leave it out."
        for header in headers
    )


def _with_shared(catalog: Catalog, usual: Catalog) -> Catalog:
    """Mark the sessions that the usual config has, too, by whether it is the same portal."""
    there = {one.key: one for one in usual.sessions}
    return replace(catalog, sessions=tuple(_marked(one, there) for one in catalog.sessions))


def _marked(session: SsoSession, there: Mapping[str, SsoSession]) -> SsoSession:
    other = there.get(session.key)
    if other is None:
        return session
    same = same_place(other, session.start_url, session.region)
    return replace(session, shared="same" if same else "other")
