"""Listing a session's accounts and roles from a command, with its progress at a terminal."""

from __future__ import annotations

import sys
import time

from tray.aws.api.account_roles import Progress
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended
from tray.cli.quick.status_entries import usable_now
from tray.cli.session_commands import renewed
from tray.cli.status_command import status_now
from tray.core.accounts.account_index import SessionAccounts
from tray.core.model import SsoSession
from tray.core.text import index_text
from tray.core.text.shell_commands import sign_in_first
from tray.errors import SignInNeeded, TokenRejected


def progress_line() -> Progress:
    """Return what shows on the terminal's last line how far a listing is, and clears it."""
    shown = sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        if shown:
            line = index_text.progress(done, total) if done < total else ""
            sys.stderr.write(f"\r\033[K{line}")
            sys.stderr.flush()

    return progress


def listed_now(context: CommandContext, session: SsoSession) -> SessionAccounts:
    """List a session into the index; never a sign-in. Raises SignInNeeded, WillRetry, Ended."""
    _insist_on_token(context, session, rejected=False)
    try:
        return _listed(context, session)
    except TokenRejected:
        _insist_on_token(context, session, rejected=True)  # one refresh decides (R6)
        return _listed(context, session)


def _insist_on_token(context: CommandContext, session: SsoSession, *, rejected: bool) -> None:
    """Renew a token that is over, or that the portal refused."""
    entries = status_now(context)["sessions"]
    entry = next((one for one in entries if one["key"] == session.key), None)
    if entry is not None and not rejected and usable_now(entry, time.time()):
        return
    if entry is None or not entry.get("renewable", entry["renews"]):
        raise SignInNeeded(sign_in_first(session.key))
    code, sentence = renewed(context, session)
    if code == 3:
        raise SignInNeeded(sign_in_first(session.key))
    if code:
        raise Ended(sentence, code)


def _listed(context: CommandContext, session: SsoSession) -> SessionAccounts:
    from tray.cli.standalone import Standalone
    from tray.worker.index_accounts import index_accounts

    with Standalone(context) as standalone:
        return index_accounts(session, standalone.job_context, progress=progress_line(), told=True)
