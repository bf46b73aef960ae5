"""Serve the accounts page: prints its link as the only line of output, and ends after the page."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from urllib.parse import quote

from tray.cli.command_context import CommandContext
from tray.core.policy import PAGE_LOOKS, PAGE_STAYS
from tray.errors import TrayError
from tray.page.live_news import LiveNews
from tray.page.page_accounts import PageAccounts
from tray.page.page_history import PageHistory
from tray.page.page_jobs import PageJobs
from tray.page.page_server import PageServer
from tray.page.page_settings import PageSettings
from tray.page.page_setup import checked
from tray.storage.logs import log_to
from tray.system.process_limits import forbid_core_dumps, open_absent_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """``PLACE [WORD ...]``: what the page shows first, and what it is to find."""
    page, *words = sys.argv[1:] if arguments is None else list(arguments)
    open_absent_streams()
    forbid_core_dumps()
    try:
        _serve(page, " ".join(words))
    except TrayError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    return 0


def _serve(page: str, words: str) -> None:
    context = CommandContext.of_this_process()
    log_to(context.paths.state, debug="SSO_TRAY_DEBUG" in os.environ)
    news, accounts = LiveNews(context), PageAccounts(context)
    history = PageHistory(accounts)
    accounts.opened()
    asked = {
        "accounts": accounts.rows,
        "listings": accounts.listings,
        "uses": accounts.uses,
        "history": history.history,
        "settings": PageSettings(context).settings,
    }
    jobs = PageJobs(context, accounts, news.tell)
    done = {
        "do": jobs.start,
        "star": jobs.star,
        "cancel": jobs.cancel,
        "access": jobs.access,
        "check": checked,
    }
    with PageServer(asked, done, news) as server:
        news.start()
        place = page + (f"&find={quote(words, safe='')}" if words else "")
        sys.stdout.write(f"{server.link(place)}\n")
        sys.stdout.flush()
        _leave_streams()
        pause = threading.Event()
        while server.alive and server.idle_for() < PAGE_STAYS:
            pause.wait(PAGE_LOOKS)


def _leave_streams() -> None:
    """Let whoever started us read to the end, and keep none of its terminal."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
