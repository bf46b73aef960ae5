"""One sign-in under way: how long it may take, what it registers, and what ends it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

from botocore.awsrequest import AWSRequest

from tray.aws.api.oidc import Grant
from tray.aws.api.plain_http import plain_http
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.config.sso_sessions import region_flaw
from tray.core.model import SsoSession
from tray.core.profiles.start_url import is_vanity, normal_start_url, region_of
from tray.core.text import sentences
from tray.core.text.display_names import clean
from tray.errors import KEYRING_ERRORS, Offline, SignInEnded, TokenRejected, TrayError, UserMustAct
from tray.worker.job_context import JobContext, belongs
from tray.worker.sign_in import client_registrations
from tray.worker.sign_in.sign_in_saving import SignInResult

log = logging.getLogger(__name__)

T = TypeVar("T")

PREPARED_WITHIN: Final = 20.0  # seconds for AWS to answer, before any browser opens (L4)
LOOK_EVERY: Final = 0.1  # seconds between two looks at the cancel event, which another thread sets


@dataclass(frozen=True, slots=True)
class SignInPage:
    """
    A page at which the user signs in.

    ``user_code`` must equal the page's (device code); ``deadline``: seconds since the epoch;
    ``older_ended``: whether the portal session that was running has been ended first.
    """

    url: str
    user_code: str | None
    deadline: float
    older_ended: bool


class Attempt:
    """One sign-in; `sign_in_flow.sign_in` describes its parameters."""

    def __init__(
        self,
        session: SsoSession,
        context: JobContext,
        ready: Callable[[SignInPage], None],
        cancelled: threading.Event,
        patience: float,
        *,
        afresh: bool,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.session = session
        self.at_aws = session  # with AWS's own start URL and region, once that is known
        self.context = context.for_session(session)
        self.reused = False  # whether its registration is an older one
        self.older_ended = False  # whether we have ended the portal session that was running
        self._ready, self._cancelled, self._patience = ready, cancelled, patience
        self._afresh = afresh
        self.report = report
        self._ends = time.monotonic() + patience
        self._told: Future[None] = Future()

    def prepared(self, work: Callable[[], T], *, within: float = PREPARED_WITHIN) -> T:
        """Prepare; Offline if it took too long (it is left alone), SignInEnded if cancelled."""
        done = _in_thread(work)
        until = time.monotonic() + within
        while time.monotonic() < until:
            self._check_cancelled()
            try:
                return done.result(LOOK_EVERY)
            except NotYet:
                continue
        raise Offline(f"AWS didn't answer within {sentences.span(within)}.")

    def registration(self, grant: Grant, *, anew: bool = False) -> Registration:
        """Return the kept registration or a new one; no scopes where they do not help (L2)."""
        context = self.context
        self.at_aws = session = resolved(self.session, context)
        unscoped = grant == "device_code" and context.hints(session).unscoped
        scopes = () if unscoped else session.scopes
        found = None if anew else client_registrations.kept(session, context, grant, scopes)
        self.reused = found is not None
        if found is not None:
            return found
        made = context.oidc.register(session, grant=grant, scopes=scopes)
        return replace(made, grant=grant, scopes=scopes)

    def show(self, url: str, user_code: str | None = None, life: float | None = None) -> None:
        """
        End the older session if requested, and let the user sign in at this page.

        ``life``: seconds for which AWS says the page is good. Raises WillRetry or UserMustAct if
        the older session could not be ended; nothing has changed then.
        """
        if self._afresh:
            self.older_ended = _end_portal_session(self.session, self.context)
        patience = self._patience if life is None else min(self._patience, life)
        ends = self.context.clock() + patience
        page = SignInPage(url, user_code, ends, self.older_ended)
        self._ends = time.monotonic() + patience
        log.info("%s: signing in at %s", clean(self.session.key), urlsplit(url).hostname)
        self.context.seam("ready")
        self._told = _in_thread(lambda: self._ready(page))

    def pause(self, seconds: float) -> None:
        """Wait, at most until the deadline; raises SignInEnded when cancelled or too late."""
        self._cancelled.wait(min(seconds, max(0.0, self._ends - time.monotonic())))
        self.check()

    def check(self) -> None:
        """Raise SignInEnded if the sign-in was cancelled or is too late."""
        self._check_cancelled()
        if self._told.done():
            self._told.result()  # raises what showing the page raised
        if time.monotonic() >= self._ends:
            raise self.ended(sentences.sign_in_too_late(self.session.key))

    def ended(self, sentence: str) -> SignInEnded:
        """Return the end of this sign-in, with what that means for the older session."""
        if self.older_ended:
            return SignInEnded(f"{sentence} {sentences.EARLIER_ENDED}")
        return SignInEnded(sentence)

    def denied(self) -> SignInEnded:
        return self.ended(f'Access to "{clean(self.session.key)}" was denied in the browser.')

    def _check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise self.ended(sentences.sign_in_cancelled(self.session.key))

    def complete(self, registration: Registration, token: SsoToken) -> SsoToken:
        self.context.seam("granted")
        token = replace(token, start_url=self.session.start_url, registration=registration)
        return token.issued(self.context.clock())

    def keep(self, registration: Registration, grant: Grant, result: SignInResult) -> None:
        if not self.reused and result.reason is None:
            client_registrations.keep(self.at_aws, self.context, grant, registration)

    def forget(self, grant: Grant) -> None:
        """Forget an older registration that brought no token: AWS may no longer know it."""
        if self.reused:
            client_registrations.forget(self.session, self.context, grant)


def _end_portal_session(session: SsoSession, context: JobContext) -> bool:
    """
    End the running portal session, so that a new one starts (L9); an error changes nothing.

    False: there was no token to end it with, or none that can be read now.
    """
    tokens = {token.fingerprint: token for token in _older_tokens(session, context)}
    asked = False
    for token in tokens.values():
        try:
            context.portal.logout(token.access_token, session.region)
        except TokenRejected:
            log.info("%s: the older token was dead already", clean(session.key))
        except TrayError as error:
            if not asked:
                raise
            log.warning("%s: one older token lives on (%s)", clean(session.key), error.reason)
        asked = True
    context.seam("logged-out")
    return asked


def _older_tokens(session: SsoSession, context: JobContext) -> list[SsoToken]:
    published = context.read_or_none(session)
    try:
        kept = (
            context.keyring_store.load(session)
            if context.hints(session).store == "keyring"
            else None
        )
    except KEYRING_ERRORS as error:
        log.info("%s: no older token from the keyring (%s)", clean(session.key), error.reason)
        kept = None
    # What lies under its name may be another portal's, which nobody asked to end.
    return [token for token in (published, kept) if token is not None and belongs(token, session)]


def _in_thread(work: Callable[[], T]) -> Future[T]:
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is taken)
            done.set_exception(error)

    threading.Thread(target=run, name="sign-in", daemon=True).start()
    return done


_NOT_ALLOWED: Final = (405, 501)
_REDIRECTS: Final = (301, 302, 303, 307, 308)


def resolved(session: SsoSession, context: JobContext) -> SsoSession:
    """
    Return a session with AWS's own start URL and region, found as the AWS CLI 2.35.13 does.

    One HEAD (GET where that is not allowed) and at most one redirect, which has to lead to AWS.
    Where the user named the sign-in endpoint, nothing is asked. Raises UserMustAct for a URL that
    leads elsewhere, Offline and TlsFailed.
    """
    endpoint = urlsplit(context.clients.oidc(session.region).meta.endpoint_url).hostname or ""
    if not is_vanity(session.start_url) or not endpoint.startswith("oidc"):
        return session
    url = normal_start_url(urljoin(session.start_url, _location(session, context)))
    region = region_of(url) or session.region
    if is_vanity(url) or not url.startswith("https://") or region_flaw(region) is not None:
        raise UserMustAct(
            f'The start URL of "{clean(session.key)}" doesn\'t lead to an AWS access portal.'
        )
    return replace(session, start_url=url, region=region)


def _location(session: SsoSession, context: JobContext) -> str:
    """Return where the start URL redirects to, relative to it; empty: nowhere."""
    found: dict[str, str] = {}

    def ask() -> Mapping[str, object]:
        with plain_http(context.clients, session.start_url) as http:
            for method in ("HEAD", "GET"):
                request = AWSRequest(method=method, url=session.start_url).prepare()
                answer = http.send(request)
                if answer.status_code not in _NOT_ALLOWED:
                    break
            if answer.status_code in _REDIRECTS:
                found["location"] = str(answer.headers.get("location", ""))
        return {}

    context.clients.call("HEAD", ask, {})
    return found.get("location", "")
