"""``add``: profiles for the accounts and roles a session gives, as few questions as possible."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import click

from tray.aws import config_files
from tray.aws.config_edit import (
    SectionEdit,
    edited,
    profile_header,
    session_header,
    written_header,
)
from tray.aws.sso_sessions import region_flaw, start_url_flaw
from tray.cli import completing, manual
from tray.cli.choosing import pick
from tray.cli.here import Ended, Here, note
from tray.cli.login import sign_in_plainly
from tray.cli.status import status_now, usable_now
from tray.config_file import change_config
from tray.core.active import is_guarded
from tray.core.adding import (
    TEMPLATE,
    Assignment,
    Plan,
    chosen,
    plan,
    profile_keys,
    template_flaw,
)
from tray.core.model import Catalog, SsoSession
from tray.core.words import clean
from tray.errors import SignInNeeded

SCOPE: Final = "sso:account:access"
SHOWN: Final = 200
"""Lines of a diff that are shown; five hundred accounts are no reading matter."""


@dataclass(frozen=True, slots=True)
class _Options:
    """What was typed."""

    start_url: str | None
    sso_region: str | None
    scopes: str | None
    account: tuple[str, ...]
    role: tuple[str, ...]
    every: bool
    name: str
    region: str | None
    output: str | None
    sync: bool
    prune: bool
    dry_run: bool
    yes: bool

    @property
    def narrows(self) -> bool:
        """Whether the options say which roles, so that nobody has to be asked."""
        return bool(self.every or self.sync or self.prune or self.account or self.role)


@click.command(help=manual.ADD, short_help="Add profiles for the roles a session gives.")
@click.argument("session", required=False, shell_complete=completing.sessions)
@click.option("--start-url", metavar="URL", help="Of a new session: https://...")
@click.option("--sso-region", metavar="REGION", help="Of a new session: where it lives.")
@click.option("--scopes", metavar="S", help=f"Of a new session; by default {SCOPE}.")
@click.option(
    "--account", metavar="A", multiple=True, help="Only accounts like this, by id or name."
)
@click.option("--role", metavar="R", multiple=True, help="Only roles like this.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--name", metavar="TEMPLATE", default=TEMPLATE, show_default=True, help="Names.")
@click.option("--region", metavar="REGION", help="The profiles' own region.")
@click.option("--output", metavar="FORMAT", help="The profiles' output format: json, yaml ...")
@click.option("--sync", is_flag=True, help="Add what is new, and tell what is gone.")
@click.option("--prune", is_flag=True, help="With --sync: take out what is gone.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before writing.")
def add(
    session: str | None,
    *,
    start_url: str | None,
    sso_region: str | None,
    scopes: str | None,
    account: tuple[str, ...],
    role: tuple[str, ...],
    every: bool,
    name: str,
    region: str | None,
    output: str | None,
    sync: bool,
    prune: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Add profiles."""
    typed = _Options(
        start_url, sso_region, scopes, account, role, every, name, region, output, sync, prune,
        dry_run, yes,
    )  # fmt: skip
    _check(typed)
    here = Here.of_this_process()
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    meant = _session(here, session, typed, asks=asks)
    _signed_in(here, meant)
    found = _listed(here, meant)
    wanted = chosen(found, account, role)
    if not typed.narrows:
        if not asks:
            raise click.UsageError("Say which roles: --all, --account, --role or --sync.")
        wanted = pick(wanted)
    typed = _with_defaults(here.catalog(), typed, asks=asks and not typed.narrows)
    made = plan(meant, here.catalog().profiles, wanted, found, typed.name)
    _write(here, meant, made, typed, asks=asks)


def _check(typed: _Options) -> None:
    flaw = template_flaw(typed.name)
    if flaw is not None:
        raise click.UsageError(flaw)
    if typed.prune and not typed.sync:
        raise click.UsageError("--prune goes with --sync.")


# --- The session ----------------------------------------------------------------------------


def _session(here: Here, name: str | None, typed: _Options, *, asks: bool) -> SsoSession:
    """Return the session; a new one is written into the config."""
    catalog = here.catalog()
    known = {one.key: one for one in catalog.sessions}
    if name is None and not typed.start_url and len(known) == 1 and not asks:
        return next(iter(known.values()))
    if name is None:
        if not asks:
            raise click.UsageError("Name the session.")
        default = next(iter(known), None)
        if known:
            click.echo(f"Sessions: {', '.join(clean(key) for key in known)}", err=True)
        name = _asked("SSO session name", default)
    if name in known:
        return _as_typed(known[name], typed)
    return _new_session(here, name, typed, asks=asks)


def _as_typed(session: SsoSession, typed: _Options) -> SsoSession:
    given = {"start URL": (typed.start_url, session.start_url),
             "region": (typed.sso_region, session.region)}  # fmt: skip
    for what, (wanted, there) in given.items():
        if wanted is not None and wanted.rstrip("/") != there.rstrip("/"):
            msg = (
                f'The session "{clean(session.key)}" exists with another {what}: pick a new name.'
            )
            raise Ended(msg, 1)
    if session.problem is not None:
        raise Ended(session.problem, 1)
    return session


def _new_session(here: Here, name: str, typed: _Options, *, asks: bool) -> SsoSession:
    start_url, region, scopes = typed.start_url, typed.sso_region, typed.scopes
    if not (start_url and region) and not asks:
        known = ", ".join(clean(one.key) for one in here.catalog().sessions) or "none"
        there = f'There is no session "{clean(name)}" (there: {known})'
        raise click.UsageError(f"{there}; a new one needs --start-url and --sso-region.")
    start_url = start_url or _asked("SSO start URL", None, start_url_flaw)
    region = region or _asked("SSO region", None, region_flaw)
    if scopes is None:
        scopes = _asked("SSO registration scopes", SCOPE) if asks else SCOPE
    for what, flaw in (
        ("start URL", start_url_flaw(start_url)),
        ("SSO region", region_flaw(region)),
    ):
        if flaw is not None:
            raise click.UsageError(f"The {what} {flaw}.")
    keys = {"sso_start_url": start_url, "sso_region": region, "sso_registration_scopes": scopes}
    edit = SectionEdit(session_header(name), keys)
    _show_diff(here, [edit])
    if typed.dry_run:
        told = "Nothing was written. Its roles are known after a sign-in, without --dry-run."
        raise Ended(told, 0)
    if not _may_write(typed, asks=asks):
        raise Ended("Nothing was written.", 1)
    _change(here, [edit])
    return next(one for one in here.catalog().sessions if one.key == name)


def _asked(
    what: str, default: str | None, flaw: Callable[[str], str | None] = lambda _: None
) -> str:
    """Ask until the answer has no flaw."""
    while True:
        answer: str = click.prompt(what, default=default, err=True).strip()
        wrong = flaw(answer)
        if answer and wrong is None:
            return answer
        note(f"That {wrong}." if wrong else "There has to be one.")


def _signed_in(here: Here, session: SsoSession) -> None:
    """
    Sign in where that is needed, as ``login`` does: having typed this is the click (L6).

    Raises:
        Ended: it did not come to a sign-in.
    """
    document = status_now(here)
    entry = next((one for one in document["sessions"] if one["key"] == session.key), None)
    if entry is not None and usable_now(entry, time.time()):
        return
    code, sentence = sign_in_plainly(here, session)
    if code:
        raise Ended(sentence, code)
    click.echo(sentence, err=True)


# --- The roles ------------------------------------------------------------------------------


def _listed(here: Here, session: SsoSession) -> tuple[Assignment, ...]:
    from tray.aws.assignments import list_assignments
    from tray.cli.alone import Alone

    shown = sys.stderr.isatty()

    def progress(done: int, count: int) -> None:
        if shown:
            words = f"\r\033[KAccounts looked at: {done} of {count} "
            click.echo(words if done < count else "\r\033[K", err=True, nl=False)

    with Alone(here) as alone:
        token = alone.tools.read(session)
        if token is None:
            raise SignInNeeded(f'Nobody is signed in to "{clean(session.key)}".')
        found = list_assignments(
            alone.tools.portal, token.access_token, session.region, progress=progress
        )
    if not found:
        raise Ended(f'"{clean(session.key)}" gives you no role in any account.', 1)
    return found


def _with_defaults(catalog: Catalog, typed: _Options, *, asks: bool) -> _Options:
    """Ask for the profiles' region where a person is asked anyway."""
    if not asks or typed.region is not None:
        return typed
    regions = [one.region for one in catalog.profiles if one.region]
    default = max(set(regions), key=regions.count) if regions else ""
    region = click.prompt("CLI default client region", default=default, err=True).strip()
    return replace(typed, region=region or None)


# --- Writing --------------------------------------------------------------------------------


def _write(here: Here, session: SsoSession, made: Plan, typed: _Options, *, asks: bool) -> None:
    edits = [
        SectionEdit(profile_header(name), profile_keys(session, one, typed.region, typed.output))
        for name, one in made.new
    ]
    gone = _gone(here, made.gone, typed)
    if typed.prune:
        edits += [SectionEdit(_header(here, name), drop=True) for name in gone]
    if not edits:
        _tell_gone(gone, typed)
        click.echo(f"Nothing to add: {_count(len(made.there), 'profile')} there already.")
        return
    _show_diff(here, edits)
    if not typed.prune:
        _tell_gone(gone, typed)
    if typed.dry_run:
        click.echo("Nothing was written (--dry-run).")
        return
    if not _may_write(typed, asks=asks):
        raise Ended("Nothing was written.", 1)
    _change(here, edits)
    added = [name for name, _ in made.new]
    if added:
        some = ", ".join(clean(name) for name in added[:5]) + (" ..." if len(added) > 5 else "")
        click.echo(f"Added {_count(len(added), 'profile')}: {some}")
    if made.there:
        click.echo(f"There already: {_count(len(made.there), 'profile')}.")
    if typed.prune and gone:
        click.echo(f"Taken out: {_count(len(gone), 'profile')}.")
    if added:
        click.echo(f'Try: aws sts get-caller-identity --profile "{clean(added[0])}"')


def _gone(here: Here, gone: Sequence[str], typed: _Options) -> list[str]:
    """Return what may be taken out: a guarded profile stays until a person removes it."""
    if not typed.sync:
        return []
    patterns = here.settings().preferences.guarded
    kept = [name for name in gone if is_guarded(name, patterns)]
    for name in kept:
        note(f'"{clean(name)}" is gone at AWS; it is guarded, so take it out by hand.')
    return [name for name in gone if name not in kept]


def _tell_gone(gone: Iterable[str], typed: _Options) -> None:
    names = ", ".join(clean(name) for name in gone)
    if names and not typed.prune:
        note(f"no longer assigned to you: {names}; --prune takes them out.")


def _header(here: Here, name: str) -> str:
    path = here.paths.aws_config
    found = written_header(config_files.read(path) or b"", str(path), "profile", name)
    return found or profile_header(name)


def _may_write(typed: _Options, *, asks: bool) -> bool:
    if typed.yes or not asks:
        return True
    return click.confirm("Write this?", default=True, err=True)


def _show_diff(here: Here, edits: Sequence[SectionEdit]) -> None:
    path = here.paths.aws_config
    before = config_files.read(path) or b""
    after = edited(before, str(path), edits)
    lines = list(
        difflib.unified_diff(
            before.decode(errors="replace").splitlines(),
            after.decode(errors="replace").splitlines(),
            "before",
            clean(str(path), 160),
            lineterm="",
            n=1,
        )
    )
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines[:SHOWN]:
        told = "".join(sign if sign.isprintable() else "?" for sign in line)
        click.echo(click.style(told, fg=colours.get(line[:1])))
    if len(lines) > SHOWN:
        click.echo(f"... and {len(lines) - SHOWN} lines more")


def _change(here: Here, edits: Sequence[SectionEdit]) -> None:
    path = here.paths.aws_config
    change_config(path, here.paths.state, lambda data: edited(data, str(path), edits))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
