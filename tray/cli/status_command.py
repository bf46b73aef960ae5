"""``status``: the document of rule C5, as JSON or in words, once or on every change."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from tray.aws.cache.login_cache import login_ends
from tray.aws.config.catalog import aws_files
from tray.aws.config.config_files import ConfigFiles
from tray.cli.command_context import CommandContext, now
from tray.cli.front.terminal import Ended, coloured, say
from tray.cli.names.name_lookup import unknown
from tray.cli.quick.status_entries import named_only, usable_now
from tray.core.text import daemon_text
from tray.core.text.bare_text import bare_clients
from tray.core.text.status_text import NOT_RUNNING, status_text
from tray.core.views.status_documents import status_document
from tray.errors import ConfigRejected, TrayError
from tray.managed import managed_sections
from tray.storage.daemon_record import read_record

LOOK_EVERY: Final = 1.0  # seconds between looks of `--watch`


def status(session: tuple[str, ...], *, as_json: bool, watch: bool) -> None:
    context = CommandContext.of_this_process()
    document = _only(status_now(context), session)
    if watch:
        _watch(context, session, as_json=as_json)
        return
    words = "" if as_json else in_words(context, document, logins=not session)
    say(json.dumps(document, indent=2) + "\n" if as_json else words, end="")
    if session and not all(usable_now(entry, time.time()) for entry in document["sessions"]):
        raise Ended("", 3)


def status_now(context: CommandContext) -> dict[str, Any]:
    """Return the status document: the daemon's, or without one what the files show (C2)."""
    done = context.asked("status")
    return _seen_here(context, done["status"] if done is not None else of_files(context))


def _seen_here(context: CommandContext, document: dict[str, Any]) -> dict[str, Any]:
    """Add what only this shell knows: whether its hook follows at each prompt (A2)."""
    if not context.shell_follows:
        return document
    return {**document, "applies": [*document["applies"], "shell"]}


def of_files(context: CommandContext) -> dict[str, Any]:
    """Return the status document as files alone show it: no keyring, no network (C2)."""
    from tray.cli.standalone import view_of_files

    seen = view_of_files(context)
    state = context.paths.state
    document = status_document(
        seen,
        applies=managed_sections.applies(state),
        daemon=None,
    )
    document["problems"] = [*document["problems"], *managed_sections.problems(state)]
    return document


def _only(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Keep only the named sessions; a profile's name stands for its session (C1)."""
    kept, missing = named_only(document, names)
    if missing is None:
        return kept
    entries = document["sessions"]
    if not entries and document["problems"]:
        raise Ended(document["problems"][0], 1)
    known = [one["key"] for one in entries]
    known += [profile for one in entries for profile in one["profiles"]]
    raise unknown("session or profile", missing, known)


def in_words(context: CommandContext, document: dict[str, Any], *, logins: bool) -> str:
    """Return the document in words; with `logins` also the profiles of ``aws login``."""
    bare, others = None, {}
    with suppress(ConfigRejected):  # a problem of the document already
        files = aws_files(ConfigFiles(context.paths.aws_config, context.paths.aws_credentials))
        managed = context.catalog().managed
        bare = bare_clients(context.environ, files, document["active_profile"], managed)[0]
        if logins:
            others = login_ends(files.profiles, managed, context.environ, context.paths.home)
    beside = context.daemon_beside() if document["resident"] is None else None
    away = read_record(context.paths.state).other_host()
    return status_text(
        document,
        bare,
        now(),
        coloured=coloured(),
        logins=others,
        beside=beside,
        not_running=NOT_RUNNING if away is None else daemon_text.on_another_host(away),
    )


def _watch(context: CommandContext, names: tuple[str, ...], *, as_json: bool) -> None:
    last = ""
    try:
        for received in _documents(context):
            document = _seen_here(context, received)
            try:
                seen = _only(document, names)
            except TrayError as error:
                seen = {**document, "sessions": [], "problems": [error.sentence]}
            words = "" if as_json else in_words(context, seen, logins=not names)
            text_now = f"{json.dumps(seen)}\n" if as_json else words
            if text_now == last:
                continue
            if sys.stdout.isatty() and not as_json:
                say("\x1b[2J\x1b[1;1H", end="")
            elif last and not as_json:
                say("")
            say(text_now, end="")
            last = text_now
    except KeyboardInterrupt:
        return


def _documents(context: CommandContext) -> Iterator[dict[str, Any]]:
    """Yield the document every second, and at once when a daemon says that it changed."""
    while True:
        yield from _of_daemon(context)
        yield of_files(context)
        time.sleep(LOOK_EVERY)


def _of_daemon(context: CommandContext) -> Iterator[dict[str, Any]]:
    """Yield what a daemon sends until it goes away; nothing if none runs."""
    arrived: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def listen() -> None:
        # The command has already said why a daemon does not act for us.
        with suppress(TrayError), context.daemon() as agent:
            for message in agent.ask("subscribe", patience=None):
                if "status" in message:
                    arrived.put(message["status"])
        arrived.put(None)

    threading.Thread(target=listen, name="listen", daemon=True).start()
    document = arrived.get()
    while document is not None:
        yield document
        try:
            document = arrived.get(timeout=LOOK_EVERY)
        except queue.Empty:
            continue
