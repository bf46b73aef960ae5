"""A place to sign in: an Identity Center, a home of its own, a keyring in memory, a browser."""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.home import home_variables
from tests.worker.memory_backend import MemoryBackend
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import Oidc
from tray.aws.api.portal import Portal
from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import read_token
from tray.core.model import SsoSession
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret
from tray.storage.session_records import Records
from tray.storage.settings import Settings
from tray.system.paths import Paths
from tray.worker.job_context import JobContext
from tray.worker.keyring.keyring_backends import KeyringBackend
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.keyring.unsaved_tokens import Unsaved
from tray.worker.sign_in.sign_in_attempt import SignInPage
from tray.worker.sign_in.sign_in_flow import sign_in
from tray.worker.sign_in.sign_in_saving import SignInResult

PATIENCE = 60.0
CORP = SsoSession("corp", DEFAULT_START_URL, DEFAULT_REGION)

Method = Literal["pkce", "device"]


def make_tools(
    home: Path, backend: KeyringBackend | None, *, write_seconds: float = PATIENCE
) -> JobContext:
    """
    Return tools on a home of its own; AWS is wherever the environment leads.

    Args:
        home: the home directory.
        backend: the keyring; None means this system's.
        write_seconds: how long it may take to keep something.
    """
    paths = Paths.from_environment(home_variables(home))
    clients = AwsClients()
    keyring_store = TokenKeyring(
        "sso-tray-test",
        paths.token_cache,
        backend,
        patience=Patience(),
        write_seconds=write_seconds,
        read_seconds=PATIENCE,
    )
    return JobContext(
        paths=paths,
        settings=Settings(),
        records=Records(paths.state),
        keyring_store=keyring_store,
        clients=clients,
        oidc=Oidc(clients),
        portal=Portal(clients),
        unsaved=Unsaved(),
    )


@dataclass
class Browser:
    """
    What a person does with the page that opens: follows it wherever it leads, or something else.

    Args:
        act: what to do with the page's address; returns what the browser shows at the end.
    """

    act: Callable[[str], tuple[int, str]] | None = None
    pages: list[SignInPage] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    opened: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def __call__(self, page: SignInPage) -> None:
        """Be told of the page, as `ready` is."""
        self.pages.append(page)
        self.opened.set()
        if self.act is not None:
            self.shown.append(self.act(page.url))
            self.done.set()

    def page(self) -> SignInPage:
        """Wait for the page to be opened."""
        assert self.opened.wait(PATIENCE)
        return self.pages[0]

    def last(self) -> tuple[int, str]:
        """Wait for what is shown at the end: status and text."""
        assert self.done.wait(PATIENCE)
        return self.shown[0]


def fetch(url: str, form: bytes | None = None) -> tuple[int, str]:
    """Open a page as a browser does, redirects followed; proxies of the environment are not."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, form, PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def approving() -> Browser:
    """Return a browser whose person approves; the Identity Center must approve by itself."""
    return Browser(fetch)


def then_cancelling(first: Browser) -> tuple[Browser, threading.Event]:
    """Return a browser whose user cancels the sign-in after what `first` does."""
    cancelled = threading.Event()

    def act(url: str) -> tuple[int, str]:
        assert first.act is not None
        shown = first.act(url)
        cancelled.set()
        return shown

    return Browser(act), cancelled


def idle() -> Browser:
    """Return a browser that opens and whose person then does nothing."""
    return Browser()


def device_page(decision: str) -> Browser:
    """Return a browser whose person decides about a code: ``approve`` or ``deny``."""

    def act(url: str) -> tuple[int, str]:
        page = urlsplit(url)
        form = f"user_code={parse_qs(page.query)['user_code'][0]}&decision={decision}&user=ada"
        return fetch(f"{page.scheme}://{page.netloc}/device", form.encode())

    return Browser(act)


@dataclass
class Place:
    """Everything a sign-in needs."""

    center: IdentityCenter
    backend: MemoryBackend
    context: JobContext
    session: SsoSession = CORP

    def sign_in(
        self,
        browser: Browser,
        *,
        method: Method = "pkce",
        context: JobContext | None = None,
        **rest: Any,
    ) -> SignInResult:
        """Sign in, with the browser told where to go."""
        return sign_in(
            rest.pop("session", self.session),
            context or self.context,
            method=method,
            ready=browser,
            cancelled=rest.pop("cancelled", threading.Event()),
            **rest,
        )

    def with_steps(self, steps: Callable[[str], None]) -> JobContext:
        """Return the tools with each step told."""
        return replace(self.context, seam=steps)

    def published(self) -> SsoToken | None:
        """Return what the cache file holds."""
        return read_token(self.context.file_of(self.session))

    def file_text(self) -> str:
        """Return the cache file's text, empty without one."""
        file = self.context.file_of(self.session)
        return file.read_text() if file.exists() else ""

    def store(self) -> str | None:
        """Return who keeps the refresh data."""
        return self.context.record(self.session).store


def port_in(url: str) -> int:
    """Return the port of the callback server an authorize page leads back to."""
    redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    return urlsplit(redirect).port or 0


def state_in(url: str) -> Secret:
    """Return the state an authorize page will give back."""
    return Secret(parse_qs(urlsplit(url).query)["state"][0])


@contextmanager
def place_to_sign_in(
    home: Path, monkeypatch: pytest.MonkeyPatch, **knobs: Any
) -> Iterator[Place]:  # fmt: skip
    """Run an Identity Center that approves by itself, lead the environment there, and clean up."""
    for name in os.environ:
        if name.startswith("AWS_") or name.upper().endswith(("_PROXY", "_CA_BUNDLE")):
            monkeypatch.delenv(name)
    for name, value in home_variables(home).items():
        monkeypatch.setenv(name, value)
    backend = MemoryBackend()
    with IdentityCenter(**({"auto_approve": True} | knobs)) as center:
        for name, value in center.environment().items():
            monkeypatch.setenv(name, value)
        context = make_tools(home, backend)
        with context.clients:
            yield Place(center, backend, context)
