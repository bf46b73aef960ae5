"""What a job works with: AWS, the keyring, the token file, the records, the locks."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tray.aws.api.clients import AwsClients
from tray.aws.api.endpoints import is_safe_endpoint
from tray.aws.api.oidc import Oidc
from tray.aws.api.portal import Portal
from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import cache_path, full_document, lean_document, read_token
from tray.aws.config.catalog import read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.core import policy
from tray.core.connection import ConnectionSettings
from tray.core.lineage import Lineage
from tray.core.model import Profile, SsoSession, TokenFacts
from tray.core.profiles.start_url import is_vanity
from tray.core.session import same_place
from tray.errors import CacheFileBad, TrayError, Unread, WillRetry
from tray.own_connection import NOTHING_OWN
from tray.storage.atomic_files import private_directory, write_atomic
from tray.storage.folder_mark import folder_mark
from tray.storage.session_records import Record, Records
from tray.storage.settings import Settings, read_settings
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.paths import Paths
from tray.system.process_limits import forbid_core_dumps
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.keyring.unsaved_tokens import Unsaved

log = logging.getLogger(__name__)

# Seconds; only a transaction in which AWS and the keyring both reach their limits takes longer.
LOCK_PATIENCE = 30.0

Seam = Callable[[str], None]
FinalCheck = Callable[[], None]
"""Called right before the token file is replaced; raises to prevent it."""


class TokenFileChanged(WillRetry):
    """Another program wrote or removed the token file without our lock: theirs is newer (K4)."""

    def __init__(self, session: SsoSession, token: SsoToken | None) -> None:
        super().__init__(f"Another program just changed the token file of {session.key}.")
        self.token = token


def _nowhere(name: str) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class JobContext:
    paths: Paths
    settings: Settings
    records: Records  # ``state.json``
    keyring_store: TokenKeyring
    clients: AwsClients
    oidc: Oidc
    portal: Portal
    unsaved: Unsaved  # refresh data the keyring has not confirmed yet (R3)
    clock: Callable[[], float] = time.time  # seconds since the epoch
    watched: bool = True  # a daemon will renew what is signed in to
    # called with the name of each step just passed, so that a test can stop there
    seam: Seam = field(default=_nowhere)
    # called with the key of a session whose refresh data the keyring confirmed late (R3)
    stored: Callable[[str], None] = field(default=_nowhere)

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str],
        *,
        settings: Settings | None = None,
        seam: Seam = _nowhere,
        stored: Callable[[str], None] = _nowhere,
    ) -> JobContext:
        """Make the context of this process; raises `ConfigRejected` for unusable settings."""
        forbid_core_dumps()
        paths = Paths.from_environment(environ)
        if settings is None:
            settings = read_settings(paths.settings_file, paths.state, paths.site_settings)
        clients = AwsClients()
        return cls(
            paths=paths,
            settings=settings,
            records=Records(paths.state),
            keyring_store=TokenKeyring(settings.keyring_service, paths.token_cache),
            clients=clients,
            oidc=Oidc(clients),
            portal=Portal(clients),
            unsaved=Unsaved(),
            seam=seam,
            stored=stored,
        )

    def for_session(self, session: SsoSession) -> JobContext:
        return self.reaching(session.connection, session.key)

    def reaching(self, connection: ConnectionSettings, key: str | None) -> JobContext:
        """Return a context whose calls follow these settings, and ours of a session."""
        own = self.settings.own_connections.get(key or "", NOTHING_OWN)
        if (connection, own) == (self.clients.connection, self.clients.own):
            return self
        clients = self.clients.reaching(connection, own)
        return replace(
            self, clients=clients, oidc=self.oidc.using(clients), portal=Portal(clients)
        )

    def session_lock(self, session: SsoSession) -> FileLock:
        """Every transaction on this session's refresh data or token file holds this lock (F2)."""
        path = lock_path(self.paths.state, "session", session.key)
        return FileLock(path, timeout=LOCK_PATIENCE)

    def file_of(self, session: SsoSession) -> Path:
        return cache_path(self.paths.token_cache, session.key)

    def read(self, session: SsoSession) -> SsoToken | None:
        """
        Read the token file, spelled as the config; its mtime is the token's time of issue.

        Unread if it cannot be read, or is being written (K3), for two seconds, or CacheFileBad.
        """
        for _ in range(policy.TORN_READS):
            try:
                return self._read(session)
            except Unread:
                time.sleep(policy.TORN_DELAY)
        return self._read(session)

    def read_or_none(self, session: SsoSession) -> SsoToken | None:
        try:
            return self._read(session)
        except (Unread, CacheFileBad):
            return None

    def _read(self, session: SsoSession) -> SsoToken | None:
        path = self.file_of(session)
        token = read_token(path)
        return None if token is None else self.dated(session, token, path)

    def dated(self, session: SsoSession, token: SsoToken, file: Path | int) -> SsoToken:
        """Date a token by the mtime of its file, given as a path or a descriptor."""
        now = self.clock()
        try:
            written = os.stat(file).st_mtime  # noqa: PTH116  (a descriptor has no Path)
        except OSError:
            written = now
        token = token.issued(min(written, now, token.expires_at))
        if (client := token.registration) is not None:
            made = self.record(session).endpoint
            if made[:1] == client.place[:1] and is_safe_endpoint(made[-1]):
                token = replace(token, registration=replace(client, endpoint=made[-1]))
        if not belongs(token, session):
            return token
        region = token.region if is_vanity(session.start_url) else session.region
        return replace(token, start_url=session.start_url, region=region or session.region)

    def item(self, session: SsoSession) -> KeyringItem | None:
        """Return what may be renewed and published: not what was removed (K5)."""
        item = self.kept(session)
        return None if item is None or item.removed else item

    def kept(self, session: SsoSession) -> KeyringItem | None:
        """Delete and ignore an item that a sign-out could not delete (the keyring was locked)."""
        item = self.keyring_store.item(session)
        if item is not None and item.token.fingerprint in self.record(session).signed_out:
            self.keyring_store.delete(session.key)
            return None
        return item

    def keep(
        self,
        session: SsoSession,
        token: SsoToken,
        *,
        beside: Iterable[SsoToken] = (),
        replaced: Iterable[SsoToken] = (),
        seen: KeyringItem | None = None,
        removed: bool = False,
    ) -> KeyringItem:
        """
        Save a token in the keyring as the session's newest; KeyringUnavailable, KeyringDenied.

        If AWS refuses it, `beside` are tried; `replaced` precede it; `seen` is the item as this
        transaction last read or saved it.
        """
        earlier = Lineage(tuple(one.pair for one in replaced))
        if seen is None:
            earlier = earlier.merged(self.hints(session).lineage)
        return self.keyring_store.store(
            session.key,
            token,
            beside=tuple(beside)[: policy.BESIDE_KEPT],
            replaced=earlier,
            seen=seen,
            removed=removed,
        )

    def note(self, session: SsoSession, **changes: object) -> None:
        """Change the record; a failure is only logged, as keyring and file say the same."""
        try:
            self.records.change(session.key, **changes)
        except (TrayError, OSError) as error:
            log.warning("%s: state.json cannot be changed (%s)", session.key, type(error).__name__)

    def publish_lean(
        self, session: SsoSession, token: SsoToken, final_check: FinalCheck | None = None
    ) -> None:
        """
        Write the lean file (K3) atomically, or over anything without a final check (see `still`).

        Its mtime is set to when the token was issued, which no member says, so that the token does
        not look younger after a restart (R1). The old file is untouched where it raises
        TokenFileChanged, OSError or FileRefused.
        """
        empty = self.settings.empty_refresh_members
        document = lean_document(token, empty_refresh_members=empty)
        self._write(session, token, document, final_check)

    def publish_full(
        self,
        session: SsoSession,
        token: SsoToken,
        final_check: FinalCheck | None = None,
        *,
        found: bool = False,
    ) -> None:
        """
        Write the file as the AWS CLI does (store ``file``); otherwise like `publish_lean`.

        Without refresh data where the keyring is required (K9), unless another program's file was
        `found` with them and is put back to be taken in.
        """
        if self.keyring_required and not found:
            self.publish_lean(session, token, final_check)
            return
        self._write(session, token, full_document(token), final_check)
        if token.registration is not None and token.registration.endpoint:
            self.note(session, endpoint=token.registration.place)

    def still(self, session: SsoSession, seen: SsoToken | None) -> FinalCheck:
        """
        Return a check that the token file is unchanged: `TokenFileChanged` if not.

        A program that writes in place is noticed, as it empties the file first.
        """

        def final_check() -> None:
            now = self.read(session)
            if now is None and seen is None:
                return
            if now is None or seen is None or not is_same(now, seen):
                raise TokenFileChanged(session, now)

        return final_check

    def _write(
        self, session: SsoSession, token: SsoToken, document: bytes, final_check: FinalCheck | None
    ) -> None:
        path = self.file_of(session)
        private_directory(path.parent)
        write_atomic(path, document, seam=self.seam, final_check=final_check)
        now = self.clock()
        if token.issued_at is not None and token.issued_at < now:
            # If this fails, only the estimate of the token's age suffers.
            with suppress(OSError):
                os.utime(path, (now, token.issued_at))
        if (folder := folder_mark(path)) != self.hints(session).folder:
            self.note(session, folder=folder)

    def is_from_here(self, session: SsoSession) -> bool:
        """Whether the folder still is the one that the session was last published in (K5)."""
        folder = folder_mark(self.file_of(session))
        return bool(folder) and folder == self.record(session).folder

    def profiles_of(self, session: SsoSession) -> tuple[Profile, ...]:
        catalog = read_catalog(ConfigFiles(self.paths.aws_config, self.paths.aws_credentials))
        return tuple(profile for profile in catalog.profiles if profile.session == session.key)

    def facts(self, session: SsoSession, token: SsoToken) -> TokenFacts:
        """Return what the core may know of a token; the file says whether it is refreshable."""
        file = self.read_or_none(session)
        there = file is not None and file.fingerprint == token.fingerprint
        issued_at = file.issued_at if file is not None and there else None
        facts = token.facts(issued_at=self.clock() if issued_at is None else issued_at)
        return replace(facts, refreshable=there and file is not None and file.refreshable)

    @property
    def keyring_required(self) -> bool:
        return self.settings.preferences.keyring_required

    def record(self, session: SsoSession) -> Record:
        """Raises `Unread`: without the record nothing is begun."""
        record = self.records.of(session.key)
        if self.keyring_required and record.store == "released":  # before it was required (K9)
            return replace(record, store="file")
        return record

    def hints(self, session: SsoSession) -> Record:
        """Return the record, or an empty one: what AWS has just given never waits for it."""
        try:
            return self.record(session)
        except Unread as unread:
            log.warning("%s", unread.sentence)
            return Record()


def is_same(one: SsoToken, other: SsoToken) -> bool:
    return one.fingerprint == other.fingerprint and one.refresh_token == other.refresh_token


def belongs(token: SsoToken, session: SsoSession) -> bool:
    return same_place(session, token.start_url, token.region)
