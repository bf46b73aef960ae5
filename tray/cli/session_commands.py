"""Commands on sessions without a browser: ``logout``, ``renew``, ``release``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import click

from tray.cli.command_context import JOB_PATIENCE, CommandContext
from tray.cli.front.terminal import Ended, WrongUse, finish, note
from tray.cli.names.name_lookup import session_meant
from tray.core import events as ev
from tray.core.model import SsoSession
from tray.core.profiles.start_url import same_portal
from tray.core.session import shares_portal
from tray.core.text import daemon_text, sentences
from tray.core.text.display_names import clean
from tray.errors import KEYRING_ERRORS
from tray.storage.daemon_record import read_record
from tray.storage.session_records import Record, Records

MakeRequest = Callable[[str, str], ev.Event]  # from the session's key and the requester's name


def logout(session: str | None, *, every: bool) -> None:
    context = CommandContext.of_this_process()
    sessions = meant(context, session, every=every)
    say_what_ends(context, None if every else sessions[0])
    say_what_is_shared(context, sessions)
    each(context, sessions, "logout", ev.SignOutRequested)


def renew(session: str | None) -> None:
    context = CommandContext.of_this_process()
    refuse_beside_another_host(context)
    each(context, meant(context, session, every=False), "renew", ev.RenewRequested)


def release(session: str | None, *, every: bool) -> None:
    context = CommandContext.of_this_process()
    refuse_beside_another_host(context)
    sessions = meant(context, session, every=every)
    remains = every and _bygone_remain(context, {one.key for one in sessions})
    each(context, sessions, "release", ev.ReleaseRequested)
    if remains:
        raise Ended("", 1)


def refuse_beside_another_host(context: CommandContext) -> None:
    """Touch nothing whose refresh tokens another machine's keyring has, for the same home."""
    host = read_record(context.paths.state).other_host()
    if host is not None:
        raise Ended(daemon_text.only_there(host), 1)


def _bygone_remain(context: CommandContext, present: set[str]) -> bool:
    """
    Delete what the keyring still has of sessions that are no longer in the AWS config.

    Returns whether anything remains, which is told then.
    """
    recorded = Records(context.paths.state).read().items()
    bygone = {key: one.store for key, one in recorded if key not in present}
    if not bygone:
        return False
    from tray.worker.job_context import JobContext
    from tray.worker.sign_in import client_registrations

    job_context = JobContext.from_environment(context.environ)
    remains = False
    for key, store in bygone.items():
        session = SsoSession(key, "", "")
        client_registrations.forget_all(session, job_context)
        try:
            job_context.keyring_store.delete(key)
        except KEYRING_ERRORS as error:
            if error.reason == "keyring-absent" and store != "keyring":
                continue  # there is none, and none was in use
            note(f"{clean(key)}: its keyring item couldn't be deleted. {error.sentence}")
            remains = True
            continue
        job_context.note(session, store="released")
    return remains


def meant(context: CommandContext, name: str | None, *, every: bool) -> tuple[SsoSession, ...]:
    if every and name is not None:
        raise WrongUse("Give a session or --all, not both.")
    catalog = context.catalog()
    if every:
        return catalog.sessions
    return (session_meant(catalog, name, context.profile_in_force),)


def say_what_ends(context: CommandContext, session: SsoSession | None) -> None:
    """Name the sessions that end with this one at AWS, and programs that have to be restarted."""
    if session is not None:
        records = Records(context.paths.state).read()
        this = _at_portal(session, records)
        every = [_at_portal(one, records) for one in context.catalog().sessions]
        others = [one.key for one in every if shares_portal(this, one)]
        if others:
            note(sentences.ends_too(session.key, others))
    note(sentences.RESTART)


def _at_portal(session: SsoSession, records: Mapping[str, Record]) -> SsoSession:
    """Return a session with the start URL that its vanity URL led to, if that is known."""
    portal = records.get(session.key, Record()).portal
    known = len(portal) == 2 and same_portal(portal[0], session.start_url)
    return replace(session, start_url=portal[1]) if known else session


def say_what_is_shared(context: CommandContext, sessions: tuple[SsoSession, ...]) -> None:
    """Name the sessions that signing in or out also changes for another config's clients."""
    keys = {session.key for session in sessions}
    for key, same in context.shared_sessions():
        if key in keys:
            note(f"{clean(key)}: {sentences.shares_token_file(same=same)}")


def each(
    context: CommandContext, sessions: tuple[SsoSession, ...], op: str, request: MakeRequest
) -> None:
    one_by_one(sessions, lambda session: _one(context, session, op, request))


def one_by_one(
    sessions: tuple[SsoSession, ...], do: Callable[[SsoSession], tuple[int, str]]
) -> None:
    """Do something to each session and report each; one failure does not stop the others."""
    failures = 0
    for session in sessions:
        exit_code, sentence = do(session)
        if len(sessions) == 1:
            finish(exit_code, sentence)
        elif exit_code:
            note(f"{clean(session.key)}: {sentence}")
            failures += 1
        else:
            click.echo(sentence)
    if failures:
        raise Ended("", 1)


def renewed(context: CommandContext, session: SsoSession) -> tuple[int, str]:
    return _one(context, session, "renew", ev.RenewRequested)


def _one(
    context: CommandContext, session: SsoSession, op: str, request: MakeRequest
) -> tuple[int, str]:
    done = context.asked(op, patience=JOB_PATIENCE, session=session.key)
    if done is not None:
        return done["exit"], done["sentence"]
    from tray.cli.standalone import REQUEST, Standalone

    with Standalone(context) as standalone:
        last = standalone.carry_out(session.key, request(session.key, REQUEST))
    return last.exit, last.sentence
