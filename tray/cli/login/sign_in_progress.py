"""What the user sees in the terminal while the browser page waits (L4, L8)."""

from __future__ import annotations

import sys
import threading
import time
from urllib.parse import urlsplit

import click

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import note
from tray.core.model import SsoSession
from tray.core.text import sentences
from tray.core.text.display_names import clean
from tray.system.browser import browser_command, open_browser
from tray.system.clock.local_time import local_time


class SignInPage:
    def __init__(
        self,
        context: CommandContext,
        session: SsoSession,
        template: str | None,
        *,
        opens: bool,
        why_a_code: str = "",
    ) -> None:
        self._here = context
        self._session = session
        self._template = template
        self._opens = opens
        self._why_a_code = why_a_code
        self._closed = threading.Event()
        self._countdown: threading.Thread | None = None
        self.shown = False
        self.ended_earlier = False

    def show(
        self,
        url: str,
        user_code: str | None,
        deadline: float,
        *,
        open_it: bool,
        afresh: bool = False,
    ) -> None:
        """Show the link; ``open_it``: no other click has done so. ``deadline``: epoch time."""
        self.shown, self.ended_earlier = True, afresh
        if self._why_a_code:
            note(f"{self._why_a_code}. Sign in with a code instead, or use --no-browser.")
        host = clean(urlsplit(self._session.start_url).hostname or "", 100)
        zone = local_time()
        until = f". This link is valid until {sentences.clock(deadline, zone)}" if deadline else ""
        click.echo(f"Signing in to {clean(self._session.key)} ({host}){until}.")
        may_open = open_it and self._opens
        can_open = bool(browser_command(self._here.environ, self._template).commands)
        if may_open and can_open:
            click.echo("Opening this page in your browser. If it doesn't open, open it yourself:")
        elif open_it or user_code:
            click.echo("Open this page:")
        else:
            click.echo("A sign-in is already in progress on this page:")
        click.echo(f"  {url}")
        if user_code:
            click.echo(f"  Code: {user_code} (continue only if the page shows the same code)")
        sys.stdout.flush()
        if may_open and can_open and not open_browser(url, self._here.environ, self._template):
            note("Couldn't start a browser. Open the page yourself.")
        self._count_down(deadline)

    def close(self) -> None:
        self._closed.set()
        if self._countdown is not None:
            self._countdown.join()

    def _count_down(self, deadline: float) -> None:
        if deadline and self._countdown is None and sys.stderr.isatty():
            self._countdown = threading.Thread(
                target=self._tick, args=(deadline,), name="countdown", daemon=True
            )
            self._countdown.start()

    def _tick(self, deadline: float) -> None:
        while not self._closed.wait(1.0):
            left = sentences.span(deadline - time.time())
            click.echo(f"\r\033[KWaiting for the browser: {left} left ", err=True, nl=False)
        click.echo("\r\033[K", err=True, nl=False)
