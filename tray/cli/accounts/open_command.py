"""``open``: the accounts page in the browser; its server, started here, ends with the page."""

from __future__ import annotations

import subprocess
from typing import Final

from tray.cli.command_context import CommandContext
from tray.cli.daemon_commands import start_if_needed
from tray.cli.front.terminal import Ended, say
from tray.core.text.page import page_words
from tray.system.browser import browser_command, open_browser
from tray.system.spawn import APART, module_command, worker_environment

_LONGEST_LINE: Final = 4096


def open_page(*, words: tuple[str, ...], page: str, prints: bool, no_daemon: bool) -> None:
    context = CommandContext.of_this_process()
    choice = browser_command(context.environ)
    if not prints and not choice.available:
        raise Ended(f"{choice.reason} Use --print.".strip(), 1)
    start_if_needed(context, "person", no_daemon=no_daemon)
    link = _served(context, page, words)
    if prints:
        say(link)
        return
    if not open_browser(link, context.environ):
        raise Ended("No browser could be started. Use --print.", 1)
    say(page_words.OPENED)


def _served(context: CommandContext, page: str, words: tuple[str, ...]) -> str:
    """Start the page's server and return its link, whose secret opens it once."""
    server = subprocess.Popen(
        module_command("tray.page", page, *words),
        env=worker_environment(context.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **APART,
    )
    if server.stdout is None or server.stderr is None:
        raise Ended(page_words.NOT_OPENED, 1)
    with server.stdout as answer, server.stderr as trouble:
        link: str = answer.readline(_LONGEST_LINE).decode().strip()
        if link:
            return link
        said = trouble.read(_LONGEST_LINE).decode(errors="replace").strip()
    server.wait()
    raise Ended(said.splitlines()[-1] if said else page_words.NOT_OPENED, 1)
