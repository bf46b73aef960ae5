"""What a job works with: AWS, the keyring, the cache file, the records, the locks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tray.aws.clients import AwsClients
from tray.aws.config import ConfigFiles, read_catalog
from tray.aws.oidc import Oidc
from tray.aws.portal import Portal
from tray.aws.sso_token import SsoToken
from tray.aws.token_cache import cache_path, full_document, lean_document, read_token
from tray.core.model import Profile, SsoSession, TokenFacts
from tray.errors import CacheFileBad, CacheFileTorn, ConfigRejected
from tray.files import private_directory, write_atomic
from tray.records import Record, Records
from tray.settings import Settings, read_settings
from tray.system.lock import FileLock, lock_path
from tray.system.paths import Paths
from tray.worker.unsaved import Unsaved
from tray.worker.vault import Vault

LOCK_PATIENCE = 30.0
"""Seconds a transaction waits for another one on the same session; none takes longer."""
TORN_READS = 8
TORN_WAIT = 0.25
"""As often and as long an empty or cut file is read again before it counts as torn (K3)."""

Seam = Callable[[str], None]


def _nowhere(name: str) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Tools:
    """
    Everything a transaction needs; tests hand in their own parts.

    Args:
        paths: where everything lies.
        settings: the user's settings.
        records: ``state.json``.
        vault: the keyring.
        oidc, portal, clients: AWS.
        unsaved: refresh data the keyring has not confirmed yet (R3).
        clock: seconds since the epoch.
        seam: called with the name of each step just passed, so that a test can stop there.
        stored: told the key of a session whose refresh data the keyring confirmed late (R3).
    """

    paths: Paths
    settings: Settings
    records: Records
    vault: Vault
    clients: AwsClients
    oidc: Oidc
    portal: Portal
    unsaved: Unsaved
    clock: Callable[[], float] = time.time
    seam: Seam = field(default=_nowhere)
    stored: Callable[[str], None] = field(default=_nowhere)

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str],
        *,
        seam: Seam = _nowhere,
        stored: Callable[[str], None] = _nowhere,
    ) -> Tools:
        """
        Make the tools of this process.

        Raises:
            ConfigRejected: the settings cannot be used.
        """
        paths = Paths.from_environment(environ)
        settings = read_settings(paths.settings_file, paths.state)
        clients = AwsClients()
        return cls(
            paths=paths,
            settings=settings,
            records=Records(paths.state),
            vault=Vault(settings.keyring_service, paths.token_cache),
            clients=clients,
            oidc=Oidc(clients),
            portal=Portal(clients),
            unsaved=Unsaved(),
            seam=seam,
            stored=stored,
        )

    def session_lock(self, session: SsoSession) -> FileLock:
        """Return the lock every transaction on this session's refresh data or file holds (F2)."""
        path = lock_path(self.paths.state, "session", session.key)
        return FileLock(path, timeout=LOCK_PATIENCE)

    def file_of(self, session: SsoSession) -> Path:
        """Return the path of the session's cache file (S2)."""
        return cache_path(self.paths.token_cache, session.key)

    def read(self, session: SsoSession) -> SsoToken | None:
        """
        Read the cache file, patiently where another program is writing it (K3).

        Raises:
            CacheFileTorn: it stayed empty or cut for two seconds.
            CacheFileBad: it cannot be used.
        """
        for _ in range(TORN_READS):
            try:
                return read_token(self.file_of(session))
            except CacheFileTorn:
                time.sleep(TORN_WAIT)
        return read_token(self.file_of(session))

    def read_or_none(self, session: SsoSession) -> SsoToken | None:
        """Read the cache file where a broken one counts as none (sign-in, sign-out)."""
        try:
            return read_token(self.file_of(session))
        except (CacheFileTorn, CacheFileBad):
            return None

    def publish_lean(self, session: SsoSession, token: SsoToken) -> None:
        """Write the lean file (K3), atomically; unknown members of the old file are kept."""
        empty = self.settings.empty_refresh_members
        self._write(session, lean_document(token, empty_refresh_members=empty))

    def publish_full(self, session: SsoSession, token: SsoToken) -> None:
        """Write the file as the AWS CLI does (keeper ``file``), atomically."""
        self._write(session, full_document(token))

    def _write(self, session: SsoSession, document: bytes) -> None:
        path = self.file_of(session)
        private_directory(path.parent)
        write_atomic(path, document)

    def profiles_of(self, session: SsoSession) -> tuple[Profile, ...]:
        """Return the session's profiles as the config has them now; none if it cannot be read."""
        try:
            catalog = read_catalog(ConfigFiles(self.paths.aws_config, self.paths.aws_credentials))
        except ConfigRejected:
            return ()
        return tuple(profile for profile in catalog.profiles if profile.session == session.key)

    def facts(self, session: SsoSession, token: SsoToken) -> TokenFacts:
        """Return what the rules may know; a file's own age stands in for an unknown issue."""
        try:
            written = self.file_of(session).stat().st_mtime
        except OSError:
            written = self.clock()
        return token.facts(issued_at=min(written, self.clock(), token.expires_at))

    def record(self, session: SsoSession) -> Record:
        """Return what ``state.json`` says of the session."""
        return self.records.of(session.key)
