"""``login``: typing it is the click that opens a browser, from this very terminal (L6)."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from tray.cli.command_context import NO_SUCH_NAME, CommandContext, say_acting_alone
from tray.cli.daemon_commands import start_if_needed
from tray.cli.front.terminal import Ended, WrongUse, note
from tray.cli.login.first_offer import offer
from tray.cli.login.sign_in_progress import SignInPage
from tray.cli.session_commands import (
    each,
    meant,
    one_by_one,
    renewed,
    say_what_ends,
    say_what_is_shared,
)
from tray.cli.status_command import status_now
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import SsoSession
from tray.core.policy import SIGN_IN_DEADLINE
from tray.core.text import sentences
from tray.errors import TrayError, Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.ipc.caller_network import network
from tray.system.browser import browser_command

if TYPE_CHECKING:
    from tray.cli.standalone import Standalone

SIGN_IN_PATIENCE = SIGN_IN_DEADLINE + 60.0  # seconds; the daemon ends sign-ins earlier (L4)

_NEEDY = ("signed-out", "expired", "ending", "unreadable")

Method = Literal["pkce", "device"]


@dataclass(frozen=True, slots=True)
class _Options:
    device_code: bool
    no_browser: bool
    afresh: bool
    callback_port: int | None


def login(
    session: str | None, *, every: bool, undo: bool, no_daemon: bool, **options: Any
) -> None:
    typed = _Options(**options)
    if undo and typed != _Options(False, False, False, None):
        raise WrongUse("--undo opens no browser: it goes with --all and --no-daemon only.")
    if typed.device_code and typed.callback_port is not None:
        raise WrongUse("--callback-port doesn't go with --device-code.")
    context = CommandContext.of_this_process()
    sessions = meant(context, session, every=every)
    if sessions:
        start_if_needed(context, "person", no_daemon=no_daemon)
    if undo:
        sessions = _undoable(context, sessions) if every else sessions
        if not sessions:
            click.echo("There is nothing to undo.")
        each(context, sessions, "undo", ev.UndoRequested)
        return
    if every:
        sessions = _needy(context, sessions)
        if not sessions:
            click.echo("You're signed in to every session.")
            return
    if typed.afresh:
        say_what_ends(context, None if every else sessions[0])
    say_what_is_shared(context, sessions)
    one_by_one(
        sessions, lambda one: _unlocked(context, one, typed) or _sign_in(context, one, typed)
    )
    if sessions:
        offer(context)


def sign_in_plainly(context: CommandContext, session: SsoSession) -> tuple[int, str]:
    """Sign in as ``login SESSION`` does; return the exit code and the last sentence."""
    return _sign_in(context, session, _Options(False, False, False, None))


def _unlocked(
    context: CommandContext, session: SsoSession, typed: _Options
) -> tuple[int, str] | None:
    """Unlock the keyring if it is what holds a session up, and renew; None: a browser has to."""
    from tray.worker.job_context import JobContext

    if typed.afresh or typed.no_browser or typed.device_code:
        return None
    settings = context.settings_or_safe()
    job_context = JobContext.from_environment(context.environ, settings=settings)
    keyring = job_context.keyring_store
    try:
        kept = job_context.hints(session).store == "keyring"
        if not (kept or job_context.keyring_required):
            return None
        if keyring.lock_state() == "locked":
            note("The keyring is locked. Unlock it in the window that it shows.")
            keyring.unlock()
        elif not _waits_for_keyring(context, session):
            return None
    except TrayError as error:
        note(error.sentence)
        return None
    if not kept:
        return None
    code, told = renewed(context, session)
    if code and keyring.lock_state() != "locked":
        # It may be the end of an attempt that began before the keyring was open.
        code, told = renewed(context, session)
    if code:
        note(told)  # why the browser opens although the keyring is open now
        return None
    return code, told


def _waits_for_keyring(context: CommandContext, session: SsoSession) -> bool:
    """Whether a keyring that was opened just now still holds the session up, as `status` says."""
    entries = status_now(context)["sessions"]
    return any(one["key"] == session.key and one["reason"] == "keyring-locked" for one in entries)


def _needy(context: CommandContext, sessions: tuple[SsoSession, ...]) -> tuple[SsoSession, ...]:
    states = {entry["key"]: entry["state"] for entry in status_now(context)["sessions"]}
    return tuple(one for one in sessions if states.get(one.key, "signed-out") in _NEEDY)


def _undoable(context: CommandContext, sessions: tuple[SsoSession, ...]) -> tuple[SsoSession, ...]:
    can = {entry["key"] for entry in status_now(context)["sessions"] if entry.get("can_undo")}
    return tuple(one for one in sessions if one.key in can)


def _sign_in(context: CommandContext, session: SsoSession, typed: _Options) -> tuple[int, str]:
    template, problem = _template(context, session)
    method, why = _method(context, session, typed, template)
    page = SignInPage(context, session, template, opens=not typed.no_browser, why_a_code=why)
    try:
        done = _by_daemon(context, session, typed, method, page)
        if done is not None:
            if problem:
                note(problem)  # without a daemon the sign-in itself says so
            return done
        return _alone(context, session, typed, method, page)
    finally:
        page.close()


def _template(context: CommandContext, session: SsoSession) -> tuple[str | None, str]:
    settings = context.settings_or_safe()
    return settings.browser(session.key), " ".join(settings.problems)


def _method(
    context: CommandContext, session: SsoSession, typed: _Options, template: str | None
) -> tuple[Method | None, str]:
    """Return the way to sign in (None: the session's style), and why it is a code unasked (L1)."""
    if typed.device_code:
        return "device", ""
    if typed.callback_port is not None and not session.legacy:
        return "pkce", ""
    if typed.no_browser or session.legacy:
        return None, ""
    choice = browser_command(context.environ, template)
    return (None, "") if choice.commands else ("device", choice.reason.removesuffix("."))


def _by_daemon(
    context: CommandContext,
    session: SsoSession,
    typed: _Options,
    method: Method | None,
    page: SignInPage,
) -> tuple[int, str] | None:
    connected = False
    try:
        for _ in context.tries():
            with context.daemon() as agent:
                connected = True
                for message in agent.ask(
                    "login",
                    patience=SIGN_IN_PATIENCE,
                    session=session.key,
                    afresh=True if typed.afresh else None,
                    method=method,
                    callback_port=typed.callback_port,
                    network=network(context.environ),
                ):
                    if "progress" in message:
                        _show(page, message["progress"])
                    elif "report" in message:
                        note(message["report"])
                    elif "done" in message and message["done"]["exit"] != NO_SUCH_NAME:
                        return message["done"]["exit"], message["done"]["sentence"]
    except KeyboardInterrupt:
        # The daemon cancels it, as no client waits for it.
        sentence = sentences.sign_in_cancelled(session.key, earlier_ended=page.ended_earlier)
        raise Ended(sentence, 1) from None
    except (OtherWorld, Unreachable) as error:
        if page.shown:
            # A second sign-in would open a second page; the user decides.
            return 1, error.sentence
        say_acting_alone(error, connected=connected)
    return None


def _show(page: SignInPage, sent: Mapping[str, Any]) -> None:
    page.show(
        sent["url"],
        sent["user_code"],
        sent["deadline"] or 0.0,
        open_it=sent["open"],
        afresh=sent.get("afresh", False),
    )


def _alone(
    context: CommandContext,
    session: SsoSession,
    typed: _Options,
    method: Method | None,
    page: SignInPage,
) -> tuple[int, str]:
    from tray.cli.standalone import REQUEST, Standalone

    def progress(reply: fx.Reply) -> None:
        page.show(reply.url or "", reply.user_code, reply.deadline or 0.0,
                  open_it=reply.sentence == "open", afresh=reply.afresh)  # fmt: skip

    request = ev.SignInRequested(
        session.key,
        REQUEST,
        afresh=True if typed.afresh else None,
        method=method,
        opens="caller",
        callback_port=typed.callback_port,
    )
    with Standalone(context) as standalone:
        last = standalone.carry_out(
            session.key, request, progress=progress, sign_in=_runner(standalone, context)
        )
    return last.exit, last.sentence


def _runner(
    standalone: Standalone, context: CommandContext
) -> Callable[[fx.StartSignIn, Callable[[ev.SignInReady], None]], ev.Event]:
    from tray.worker.sign_in import sign_in_attempt, sign_in_flow

    def run(start: fx.StartSignIn, ready: Callable[[ev.SignInReady], None]) -> ev.Event:
        key, attempt = start.session.key, start.attempt

        def show(page: sign_in_attempt.SignInPage) -> None:
            ready(
                ev.SignInReady(
                    key, attempt, page.url, page.user_code, page.deadline, page.older_ended
                )
            )

        token = standalone.state.sessions[key].token
        sign_in = functools.partial(
            sign_in_flow.sign_in_or_join, seen=token.fingerprint if token is not None else None
        )
        if start.afresh:  # another's sign-in need not have ended the older session
            sign_in = functools.partial(sign_in_flow.sign_in, afresh=True)
        with ctrl_c_sets() as cancelled:
            try:
                result = sign_in(
                    start.session,
                    standalone.job_context,
                    method=start.method,
                    callback_port=start.callback_port,
                    ready=show,
                    cancelled=cancelled,
                    report=context.report,
                )
            except TrayError as error:
                return ev.SignInFailed(key, attempt, error.sentence, error.reason or "other")
        return ev.SignedIn(
            key, attempt, result.token, result.store, result.reason, result.sentence
        )

    return run


@contextmanager
def ctrl_c_sets() -> Iterator[threading.Event]:
    """Let Ctrl-C cancel the sign-in where it waits, and never between answer and keyring."""
    cancelled = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: cancelled.set())
    try:
        yield cancelled
    finally:
        signal.signal(signal.SIGINT, before)
