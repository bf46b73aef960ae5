"""The session that profiles are added for: known or new, with a user signed in to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import click

from tray.aws.config.config_edit import SectionEdit, edited, session_header
from tray.aws.config.sso_sessions import DEFAULT_SCOPES, region_flaw, scopes_of, start_url_flaw
from tray.cli.add.config_diff import may_write, show_diff
from tray.cli.add.pasted_text import drop_rest, pasted
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse, note
from tray.cli.login.login_command import sign_in_plainly
from tray.cli.names.name_lookup import unknown
from tray.cli.quick.status_entries import usable_now
from tray.cli.session_commands import renewed
from tray.cli.status_command import status_now
from tray.core.model import SsoSession
from tray.core.profiles.profile_planning import session_name_flaw
from tray.core.profiles.start_url import is_allowed, normal_start_url, same_portal
from tray.core.text import sentences
from tray.core.text.display_names import clean
from tray.managed.config_write import change_config

SCOPE = ",".join(DEFAULT_SCOPES)


@dataclass(frozen=True, slots=True)
class RequestedSession:
    name: str | None
    start_url: str | None
    region: str | None
    scopes: str | None
    dry_run: bool
    asks: bool
    yes: bool


def session_for(context: CommandContext, requested: RequestedSession) -> SsoSession:
    """Return the session; a new one is in the config before any sign-in. WrongUse, Ended."""
    known = {one.key: one for one in context.catalog().sessions}
    name = requested.name
    if name is None and not requested.start_url and len(known) == 1 and not requested.asks:
        return _as_typed(next(iter(known.values())), requested)
    if name is None:
        if not requested.asks:
            raise WrongUse("Name the session.")
        if known:
            click.echo(f"Sessions: {', '.join(clean(key) for key in known)}", err=True)
        name = asked("SSO session name", next(iter(known), None), lambda name: _flaw(name, known))
    if name in known:
        return _as_typed(known[name], requested)
    return _new(context, name, requested)


def _as_typed(session: SsoSession, requested: RequestedSession) -> SsoSession:
    url, region = requested.start_url, requested.region
    other = {
        "another start URL": url is not None and not same_portal(url, session.start_url),
        "another region": region is not None and region != session.region,
        "other scopes": requested.scopes is not None
        and set(scopes_of(requested.scopes)) != set(session.scopes),
    }
    for what, differs in other.items():
        if differs:
            there = f'The session "{clean(session.key)}" exists with {what}. Choose a new name.'
            raise Ended(there, 1)
    if session.problem is not None:
        raise Ended(session.problem, 1)
    return session


def _new(context: CommandContext, name: str, requested: RequestedSession) -> SsoSession:
    for argument in (name, requested.start_url, requested.region):
        paste = pasted(argument or "", asked=False)
        if paste is not None:
            raise WrongUse(paste)
    header = session_header(name)
    start_url, region, scopes = requested.start_url, requested.region, requested.scopes
    if not (start_url and region) and not requested.asks:
        known = [one.key for one in context.catalog().sessions]
        missing = unknown("session", name, known).sentence
        raise WrongUse(f"{missing} A new one needs --start-url and --sso-region.")
    start_url = normal_start_url(
        start_url
        or asked("SSO start URL", None, lambda url: start_url_flaw(normal_start_url(url)))
    )
    region = region or asked("SSO region", None, region_flaw)
    if scopes is None:
        scopes = asked("SSO registration scopes", SCOPE) if requested.asks else SCOPE
    for flaw in (session_name_flaw(name), start_url_flaw(start_url), region_flaw(region)):
        if flaw is not None:
            raise WrongUse(_sentence(flaw))
    if not is_allowed(start_url, context.settings_or_safe().preferences.allowed_start_urls):
        raise Ended(sentences.not_allowed(start_url), 1)
    keys = {"sso_start_url": start_url, "sso_region": region, "sso_registration_scopes": scopes}
    path = context.paths.aws_config

    def change(data: bytes) -> bytes:
        return edited(data, str(path), [SectionEdit(header, keys)])

    show_diff(path, change)
    if requested.dry_run:
        raise Ended("No changes made. To list the roles, sign in: leave out --dry-run.", 0)
    may_write(asks=requested.asks and not requested.yes)
    change_config(path, context.paths.state, change)
    return next(one for one in context.catalog().sessions if one.key == name)


def _flaw(name: str, known: Collection[str]) -> str | None:
    """An existing name is always accepted."""
    return None if name in known else session_name_flaw(name)


def asked(
    what: str, default: str | None, flaw: Callable[[str], str | None] = lambda _: None
) -> str:
    """Ask until the answer has no flaw, which ``flaw`` says as a clause; Enter is ``default``."""
    while True:
        # click asks again by itself for an empty answer without a default.
        answer: str = click.prompt(what, default=default, err=True).strip()
        paste, wrong = pasted(answer), flaw(answer)
        if paste is not None:
            drop_rest()
            note(paste)
        elif answer and wrong is None:
            return answer
        else:
            note(_sentence(wrong or "please enter a value"))


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


def signed_in(context: CommandContext, session: SsoSession, *, again: bool = False) -> None:
    """Renew an expired token, or sign in as ``login`` does; `again`: the portal refused it."""
    entries = status_now(context)["sessions"]
    entry = next((one for one in entries if one["key"] == session.key), None)
    if entry is not None and not again and usable_now(entry, time.time()):
        return
    if entry is not None and entry.get("renewable", entry["renews"]):
        code, sentence = renewed(context, session)
        if not code:
            return
        if code != 3:
            raise Ended(sentence, code)
    code, sentence = sign_in_plainly(context, session)
    if code:
        raise Ended(sentence, code)
    click.echo(sentence, err=True)
