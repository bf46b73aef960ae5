"""A small world for transactions: a real Identity Center, real files, a strict keyring."""

from __future__ import annotations

import json
import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.home import home_variables
from tests.worker.memory_backend import MemoryBackend
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import Oidc
from tray.aws.api.portal import Portal
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import cache_path, full_document
from tray.core.effects import JobKind
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter, SignedIn
from tray.secret import Secret
from tray.storage.atomic_files import write_atomic
from tray.storage.session_records import Records
from tray.storage.settings import Settings
from tray.system.paths import Paths
from tray.worker import job_table
from tray.worker.job_context import JobContext
from tray.worker.keyring.keyring_backends import KeyringBackend
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.keyring.unsaved_tokens import Unsaved

CORP = SsoSession("corp", DEFAULT_START_URL, DEFAULT_REGION, profiles=("dev",))
CONFIG = f"""\
[sso-session corp]
sso_start_url = {DEFAULT_START_URL}
sso_region = {DEFAULT_REGION}
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = ReadOnly
region = {DEFAULT_REGION}
"""
PATIENCE = 60.0
HALF_LIFE = 1800.0


def token_of(given: SignedIn, *, grant: str = "authorization_code") -> SsoToken:
    """Return what a sign-in brought, as the program holds it."""
    return SsoToken(
        start_url=given.start_url,
        region=given.region,
        access_token=Secret(given.access_token),
        expires_at=float(int(given.expires_at)),
        refresh_token=Secret(given.refresh_token) if given.refresh_token else None,
        registration=Registration(
            given.client_id,
            Secret(given.client_secret),
            float(int(given.registration_expires_at)),
            ("sso:account:access",),
            grant,
        ),
    )


@dataclass
class World:
    """
    One home, one Identity Center, one keyring; a clock of its own that all three share.

    Args:
        home: real, temporary.
        center: real HTTP on loopback.
        backend: the keyring.
        seam: called at every step of a transaction.
    """

    home: Path
    center: IdentityCenter
    backend: MemoryBackend
    offset: float = 0.0
    steps: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    on_step: dict[str, Callable[[], None]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.paths = Paths.from_environment(home_variables(self.home))
        self.paths.aws_config.parent.mkdir(parents=True, exist_ok=True)
        self.paths.aws_config.write_text(CONFIG)
        self.context = self.make_tools(self.backend)

    def make_tools(
        self,
        backend: KeyringBackend,
        *,
        settings: Settings | None = None,
        read_timeout: float = 15.0,
        keyring_seconds: float | None = None,
    ) -> JobContext:
        """Return the tools of a fresh process."""
        clients = AwsClients(read_timeout=read_timeout)
        return JobContext(
            paths=self.paths,
            settings=settings or Settings(),
            records=Records(self.paths.state),
            keyring_store=TokenKeyring(
                "sso-tray",
                self.paths.token_cache,
                backend,
                patience=Patience(),
                read_seconds=keyring_seconds or 5.0,
                write_seconds=keyring_seconds or 10.0,
            ),
            clients=clients,
            oidc=Oidc(clients, clock=self.now),
            portal=Portal(clients),
            unsaved=Unsaved(),
            clock=self.now,
            seam=self._step,
            stored=self.stored.append,
        )

    def now(self) -> float:
        """Return the world's time."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Let time pass, here and at AWS."""
        self.offset += seconds
        self.center.advance(seconds)

    def _step(self, name: str) -> None:
        self.steps.append(name)
        act = self.on_step.pop(name, None)
        if act is not None:
            act()

    # What there is at the start

    def sign_in(self, **options: Any) -> SsoToken:
        """Sign in at AWS alone."""
        return token_of(self.center.sign_in(**options)).issued(self.now())

    def keep_in_keyring(self, token: SsoToken | None = None) -> SsoToken:
        """Arrange token store ``keyring`` with a lean file, as after a sign-in of ours."""
        token = token or self.sign_in()
        self.context.keyring_store.store(CORP.key, token)
        self.context.records.change(CORP.key, store="keyring")
        self.context.publish_lean(CORP, token)
        self.steps.clear()
        return token

    def keep_in_file(self, token: SsoToken | None = None) -> SsoToken:
        """Arrange token store ``file``, as where there is no keyring."""
        token = token or self.sign_in()
        self.backend.state = "absent"
        self.context.records.change(CORP.key, store="file")
        self.context.publish_full(CORP, token)
        self.steps.clear()
        return token

    # What others do

    def write_file(self, token: SsoToken, **members: object) -> None:
        """Write the cache file whole, as another program does, at the world's time."""
        document = json.loads(full_document(token)) | members
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self.file, json.dumps(document).encode())
        os.utime(self.file, (self.now(), self.now()))

    def lose_records(self) -> None:
        """Delete ``state.json`` and its copy."""
        for path in self.paths.state.glob("state.json*"):
            path.unlink()

    # What happens

    def run(self, kind: JobKind, *, context: JobContext | None = None, **options: Any) -> Outcome:
        """Run one job."""
        outcome = job_table.run(kind, CORP, context or self.context, **options)
        self.outcomes.append(outcome)
        return outcome

    # What can be seen

    @property
    def file(self) -> Path:
        """The session's cache file."""
        return cache_path(self.paths.token_cache, CORP.key)

    def members(self) -> dict[str, Any]:
        """Return the cache file's members."""
        found: dict[str, Any] = json.loads(self.file.read_bytes())
        return found

    def kept(self) -> SsoToken | None:
        """Return what the keyring keeps."""
        state, self.backend.state = self.backend.state, "ready"
        try:
            return self.make_tools(self.backend).keyring_store.load(CORP)
        finally:
            self.backend.state = state

    @property
    def store(self) -> str | None:
        """Who keeps the refresh data, by the record."""
        return self.context.record(CORP).store

    def asked(self, operation: str = "CreateToken") -> int:
        """Count what AWS was asked."""
        return self.center.count(operation)

    def renews(self, refresh_token: Secret | str | None) -> bool:
        """Whether a refresh token would still renew."""
        text = refresh_token.reveal() if isinstance(refresh_token, Secret) else refresh_token
        return text is not None and self.center.accepts_refresh_token(text)


class _Everything(logging.Handler):
    """Every log record as a careless handler would print it, tracebacks and locals' text too."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        if record.exc_info and record.exc_info[1] is not None:
            self.said.extend(traceback.format_exception(record.exc_info[1]))


@contextmanager
def world_in(
    home: Path, monkeypatch: pytest.MonkeyPatch, **knobs: Any
) -> Iterator[World]:  # fmt: skip
    """Run a world; at its end no secret may have been told in a log or an outcome."""
    heard = _Everything()
    ours = logging.getLogger("tray")
    monkeypatch.setattr(ours, "level", logging.DEBUG)
    ours.addHandler(heard)
    with IdentityCenter(**knobs) as center:
        for name, value in environment(home, center.environment()).items():
            monkeypatch.setenv(name, value)
        world = World(home, center, MemoryBackend())
        try:
            yield world
        finally:
            ours.removeHandler(heard)
            world.backend.gate.set()
        secrets = center.secrets()
    told = "\n".join([*heard.said, *map(repr, world.outcomes)])
    assert [] == [secret[:12] for secret in secrets if secret in told]


class Disk:
    """The disk as this process sees it: full, or not."""

    def __init__(self) -> None:
        self._limits = pytest.importorskip("resource", reason="Windows has no limits")
        self._hard = self._limits.getrlimit(self._limits.RLIMIT_FSIZE)

    def fill(self) -> None:
        """Let every write to a file fail (EFBIG, where a full disk would say ENOSPC)."""
        self._limits.setrlimit(self._limits.RLIMIT_FSIZE, (0, self._hard[1]))

    def room(self) -> None:
        """Let writes succeed again."""
        self._limits.setrlimit(self._limits.RLIMIT_FSIZE, self._hard)


@contextmanager
def full_disk() -> Iterator[Disk]:
    """Fill the disk for this process; root's writes fail, too."""
    disk = Disk()
    disk.fill()
    try:
        yield disk
    finally:
        disk.room()


def environment(home: Path, endpoints: Mapping[str, str]) -> dict[str, str]:
    """Return what leads AWS's libraries to the Identity Center, and away from the developer."""
    return {
        **endpoints,
        **home_variables(home),
        "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


def other_place(token: SsoToken) -> SsoToken:
    """Return the token as a file of another start URL has it."""
    return replace(token, start_url="https://other.awsapps.com/start")
