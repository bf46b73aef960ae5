"""``console``: a profile's AWS console in the browser, usually by the portal's own link."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tray.cli.accounts.named_role import NamedRole
from tray.cli.command_context import CommandContext
from tray.cli.credentials_command import given
from tray.cli.front.terminal import Ended, WrongUse, say
from tray.cli.names.favourites import remember_used
from tray.cli.names.few_words import named_once, profile_meant, role_picked
from tray.core.model import Profile, SsoSession
from tray.core.profiles.bare_role import role_key
from tray.core.profiles.console_link import browser_names, portal_url
from tray.core.profiles.console_page import console_page, page_flaw
from tray.core.profiles.start_url import normal_start_url
from tray.core.text.display_names import clean
from tray.errors import UserMustAct
from tray.loopback.http_messages import Request, Response, page_refusal
from tray.loopback.loopback_server import LoopbackServer
from tray.own_connection import NOTHING_OWN
from tray.secret import Secret
from tray.system.browser import browser_command, open_browser

FETCHED_WITHIN: Final = 60.0  # seconds the browser may take to open a link that signs in


def console(
    *,
    named: tuple[str, ...],
    profile: str | None,
    prints: bool,
    federate: bool,
    service: str | None,
    region: str | None,
    destination: str | None,
    pick: bool,
    **of_role: str | None,
) -> None:
    words = named_once(named, profile)
    if destination is not None and urlsplit(destination).scheme != "https":
        raise WrongUse("--destination must be an https URL.")
    if destination is not None and (service or region):
        raise WrongUse("Give --destination or a page by --service and --region, not both.")
    context = CommandContext.of_this_process()
    catalog = context.catalog()
    place = NamedRole(**of_role)
    if pick:
        if words or place.given:
            raise WrongUse("Give a profile or --pick, not both.")
        meant = role_picked(context, catalog, context.profile_in_force)
    else:
        meant = profile_meant(context, catalog, words, context.profile_in_force, place)
    config = next((one for one in catalog.sessions if one.key == meant.session), None)
    if service or region:
        region = region or meant.region
        flaw = page_flaw(service, region)
        if flaw is not None:
            raise WrongUse(flaw)
        destination = console_page(service, region)
    if not federate and prints:
        say(_portal_link(meant, config, destination))
        return
    template = context.settings().browser(meant.session or "", meant.name)
    if not federate:
        url = _portal_link(meant, config, destination)
        _open(context, url, template, meant, "Opening the AWS console in your browser.")
        return
    link = _federated(context, meant, config, destination)
    if prints:
        say(link.reveal())
        return
    with Redirect(link, report=context.report) as redirect:
        _open(context, redirect.page, template, meant, "Opening the AWS console in your browser.")
        if not redirect.fetched():
            raise Ended("The browser didn't open the link.", 1)


def _portal_link(profile: Profile, session: SsoSession | None, destination: str | None) -> str:
    if profile.problem is not None:
        raise UserMustAct(profile.problem)
    url = portal_url(profile, session, destination)
    if url is None:
        name = clean(profile.name)
        raise UserMustAct(
            f'The access portal has no link for the profile "{name}". Try --federate.'
        )
    return url


def _open(
    context: CommandContext, url: str, template: str | None, profile: Profile, sentence: str
) -> None:
    choice = browser_command(context.environ, template)
    if not choice.available:
        raise Ended(f"{choice.reason} Use --print.".strip(), 1)
    names = dict(browser_names(profile))
    if not open_browser(url, context.environ, template, names=names):
        raise Ended("No browser could be started. Use --print.", 1)
    remember_used(context, role_key(profile))
    say(sentence)


def _federated(
    context: CommandContext, profile: Profile, session: SsoSession | None, destination: str | None
) -> Secret:
    from tray.aws.api.clients import AwsClients
    from tray.aws.api.console_federation import federation_link

    document = given(context, "credentials", profile)
    if "SessionToken" not in document:
        name = clean(profile.name)
        raise UserMustAct(
            f'The profile "{name}" uses an IAM user\'s keys; the console needs a role.'
        )
    keys = tuple(
        Secret(document[name]) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
    )
    region = profile.region or (session.region if session is not None else "us-east-1")
    own = context.settings_or_safe().own_connections.get(profile.session or "", NOTHING_OWN)
    with AwsClients() as clients:
        reached = clients.reaching(profile.connection, own)
        portal = None if session is None else normal_start_url(session.start_url)
        return federation_link((keys[0], keys[1], keys[2]), region, reached, destination, portal)


class Redirect:
    """Lead one browser to a link that signs in: everybody may read a browser's command line."""

    def __init__(self, link: Secret, report: Callable[[str], None] | None = None) -> None:
        self._link = link
        self._path = f"/{secrets.token_urlsafe(32)}"
        self._fetched = threading.Event()
        self._server = LoopbackServer(self._answer, report=report)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._server.__exit__(*error)

    @property
    def page(self) -> str:
        return f"http://{self._server.host}{self._path}"

    def fetched(self) -> bool:
        return self._fetched.wait(FETCHED_WITHIN)

    def _answer(self, request: Request) -> Response:
        refusal = page_refusal(request, host=self._server.host, path=self._path)
        if refusal is not None or self._fetched.is_set():
            return Response(refusal or 410)
        self._fetched.set()
        return Response(302, headers=(("Location", self._link.reveal()),))
