"""``add``: profiles for the accounts and roles of a session, with as few questions as possible."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import click

from tray.aws.config import config_files, ini
from tray.aws.config.config_edit import value_flaw, written_headers
from tray.aws.config.profile_edit import with_profiles
from tray.cli.add.add_session import RequestedSession, asked, session_for, signed_in
from tray.cli.add.config_diff import may_write, show_diff
from tray.cli.add.role_picker import pick
from tray.cli.command_context import CommandContext
from tray.cli.daemon_commands import start_if_needed
from tray.cli.front.terminal import Ended, WrongUse, note
from tray.cli.login.first_offer import offer
from tray.core.model import SsoSession
from tray.core.profiles.profile_planning import (
    TEMPLATE,
    Assignment,
    ProfilePlan,
    chosen,
    not_to_prune,
    plan,
    profile_keys,
    profiles_of,
    sources_of,
    template_flaw,
    usual_region,
)
from tray.core.text.display_names import clean
from tray.core.text.sentences import counted, refused_accounts
from tray.core.text.shell_commands import quoted
from tray.errors import TokenRejected
from tray.managed.config_write import add_profiles
from tray.system.credential_variables import DEFAULT_HIDDEN


@dataclass(frozen=True, slots=True)
class _Options:
    start_url: str | None
    sso_region: str | None
    scopes: str | None
    account: tuple[str, ...]
    role: tuple[str, ...]
    picks: tuple[str, ...]
    every: bool
    name: str
    region: str | None
    output: str | None
    sync: bool
    prune: bool
    dry_run: bool
    yes: bool
    session_only: bool

    @property
    def again(self) -> bool:
        """Whether a role that has a profile is to get another, under a name that was asked for."""
        return self.name != TEMPLATE and not (self.every or self.sync)

    @property
    def narrows(self) -> bool:
        some = self.account or self.role or self.picks or self.session_only
        return bool(self.every or self.sync or self.prune or some)


def add(
    session: str | None,
    *,
    start_url: str | None,
    sso_region: str | None,
    scopes: str | None,
    account: tuple[str, ...],
    role: tuple[str, ...],
    picks: tuple[str, ...],
    every: bool,
    name: str,
    region: str | None,
    output: str | None,
    sync: bool,
    prune: bool,
    dry_run: bool,
    yes: bool,
    session_only: bool,
    no_daemon: bool,
) -> None:
    typed = _Options(
        start_url, sso_region, scopes, account, role, picks, every, name, region, output, sync,
        prune, dry_run, yes, session_only,
    )  # fmt: skip
    _check(typed)
    context = CommandContext.of_this_process()
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    if not typed.narrows and not asks:
        raise WrongUse("Choose roles with --all, --account, --role or --sync.")
    requested = RequestedSession(session, start_url, sso_region, scopes, dry_run, asks, yes)
    meant = session_for(context, requested)
    start_if_needed(context, "person", no_daemon=no_daemon)
    if session_only:
        _only_session(context, meant, dry_run=dry_run)
        return
    unknown: set[str] = set()  # accounts
    found = _listed(context, meant, unknown)
    some = _picked(chosen(found, account, role), picks)
    if not some and not typed.sync:
        raise Ended(f"None of your {counted(len(found), 'role')} matches. No changes made.", 1)
    if not typed.narrows:
        some = pick(some, profiles_of(meant.key, context.catalog().profiles))
        typed = _with_defaults(context, meant, some, found, typed)
    profiles = context.catalog().profiles
    if typed.narrows and region is None:
        typed = replace(typed, region=usual_region(profiles))
    made = plan(meant, profiles, some, found, typed.name, unknown, again=typed.again)
    _write(context, meant, made, typed, asks=asks)


def _check(typed: _Options) -> None:
    flaw = template_flaw(typed.name)
    if flaw is not None:
        raise WrongUse(flaw)
    if typed.prune and not typed.sync:
        raise WrongUse("--prune needs --sync.")


def _only_session(context: CommandContext, session: SsoSession, *, dry_run: bool) -> None:
    if dry_run:
        click.echo(
            f'"{clean(session.key)}" is in the config already. No changes made (--dry-run).'
        )
        return
    signed_in(context, session)
    click.echo(f'Signed in to "{clean(session.key)}".')


def _picked(found: tuple[Assignment, ...], picks: Sequence[str]) -> tuple[Assignment, ...]:
    if not picks:
        return found
    by_name = {f"{one.account_id}/{one.role_name}": one for one in found}
    for name in picks:
        if name not in by_name:
            raise Ended(f'You have no role "{clean(name)}" (ACCOUNT_ID/ROLE). No changes made.', 1)
    return tuple(by_name[name] for name in dict.fromkeys(picks))


def _listed(
    context: CommandContext, session: SsoSession, unknown: set[str]
) -> tuple[Assignment, ...]:
    signed_in(context, session)
    try:
        found = _asked_aws(context, session, unknown)
    except TokenRejected:
        signed_in(context, session, again=True)  # one refresh decides (R6)
        unknown.clear()
        found = _asked_aws(context, session, unknown)
    if unknown:
        note(refused_accounts(sorted(unknown)))
        if not found:
            raise Ended("", 1)
    if not found:
        raise Ended(f'You have no role in any account of "{clean(session.key)}".', 1)
    return found


def _asked_aws(
    context: CommandContext, session: SsoSession, unknown: set[str]
) -> tuple[Assignment, ...]:
    from tray.cli.standalone import Standalone
    from tray.worker.index_accounts import roles_of

    shown = sys.stderr.isatty()

    def progress(done: int, count: int) -> None:
        if shown:
            line = f"\r\033[KReading accounts: {done} of {count} "
            click.echo(line if done < count else "\r\033[K", err=True, nl=False)

    with Standalone(context) as standalone:
        return roles_of(session, standalone.job_context, progress=progress, refused=unknown.add)


def _with_defaults(
    context: CommandContext,
    session: SsoSession,
    some: Sequence[Assignment],
    found: Sequence[Assignment],
    typed: _Options,
) -> _Options:
    profiles = context.catalog().profiles
    region, output = typed.region, typed.output
    if region is None:
        region = _or_none("CLI default client region", usual_region(profiles))
    if output is None:
        output = _or_none("CLI default output format", "json")
    typed = replace(typed, region=region, output=output)
    made = plan(session, profiles, some, found, typed.name, again=typed.again)
    if len(made.new) != 1 or typed.name != TEMPLATE:
        return typed
    ((default, _),) = made.new
    taken = {one.name for one in profiles}

    def flaw(name: str) -> str | None:
        return f'the profile "{clean(name)}" already exists' if name in taken else None

    name = asked("CLI profile name", default, lambda name: _name_fault(name) or flaw(name))
    # An offered name has its number already; as a template it would get another.
    return typed if name == default else replace(typed, name=name)


def _name_fault(name: str) -> str | None:
    return 'a profile name can\'t contain "{" or "}"' if "{" in name or "}" in name else None


def _or_none(what: str, default: str | None) -> str | None:
    question = f"{what} (- for none)"
    answer: str = click.prompt(question, default=default or "-", err=True).strip()
    return None if answer in ("", "-") else answer


def _write(
    context: CommandContext, session: SsoSession, made: ProfilePlan, typed: _Options, *, asks: bool
) -> None:
    new = {}
    for name, one in made.new:
        if flaw := value_flaw(one.role_name):
            note(f'Left out in account {one.account_id}: "{clean(one.role_name)}" {flaw}.')
        else:
            new[name] = profile_keys(session, one, typed.region, typed.output)
    may_go = _may_go(context, made.gone) if typed.sync else ()
    gone = may_go if typed.prune or _offered(may_go, typed, asks=asks) else ()
    if not new and not gone:
        there, verb = len(made.there), "exists" if len(made.there) == 1 else "exist"
        click.echo(f"Nothing to add: {counted(there, 'profile')} already {verb}.")
        if not typed.again and not typed.every and not typed.sync:
            note("For another profile of a role, give it a name: --name NAME")
        return
    path = context.paths.aws_config
    show_diff(path, lambda data: with_profiles(data, str(path), new, gone))
    if typed.dry_run:
        click.echo("No changes made (--dry-run).")
        return
    may_write(asks=asks and not typed.yes)
    add_profiles(path, context.paths.state, new, gone)
    _tell(list(new), made, gone)
    offer(context)
    if not new:
        return
    region = "" if typed.region is not None else f" --region {session.region}"
    if DEFAULT_HIDDEN in context.environ:
        note('Programs here get them once "exec --endpoint" is started again.')
    click.echo(f"Try: aws sts get-caller-identity --profile {quoted(next(iter(new)))}{region}")
    if region:
        note(
            "They have no region, which the AWS CLI and SDKs require. Add region to them, or set "
            "both AWS_REGION and AWS_DEFAULT_REGION."
        )


def _tell(added: Sequence[str], made: ProfilePlan, gone: Sequence[str]) -> None:
    if added:
        some = ", ".join(clean(name) for name in added[:5]) + (" ..." if len(added) > 5 else "")
        click.echo(f"Added {counted(len(added), 'profile')}: {some}")
    if made.there:
        click.echo(f"Already there: {counted(len(made.there), 'profile')}.")
    if gone:
        click.echo(f"Removed: {counted(len(gone), 'profile')}.")


def _may_go(context: CommandContext, gone: Sequence[str]) -> tuple[str, ...]:
    """Return what may be removed; say why the rest stays until the user removes it."""
    if not gone:
        return ()
    path = context.paths.aws_config
    data = config_files.read(path) or b""
    sections = ini.parse(data, str(path))
    headers = written_headers(data, str(path), "profile")
    sources = sources_of(sections)
    guarded, active = context.settings().preferences.guarded, context.profile_in_force
    may_go = []
    for name in gone:
        keys: Mapping[str, object] = sections.get(headers.get(name, ""), {})
        why = not_to_prune(name, keys, active=active, guarded=guarded, sources=sources)
        if why is None:
            may_go.append(name)
        else:
            lost = f'"{clean(name)}" is no longer assigned to you'
            note(f"{lost}, but {why}. To remove it, edit the config.")
    return tuple(may_go)


def _offered(gone: Sequence[str], typed: _Options, *, asks: bool) -> bool:
    if not gone or typed.prune:
        return False
    names = ", ".join(clean(name) for name in gone[:10]) + (" ..." if len(gone) > 10 else "")
    if not asks or typed.yes or typed.dry_run:
        note(f"No longer assigned to you: {names}. --prune removes them.")
        return False
    click.echo(f"No longer assigned to you: {names}", err=True)
    what = counted(len(gone), "profile")
    return click.confirm(f"Remove {what}?", default=False, err=True)
