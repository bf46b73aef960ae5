"""``status``: the document of rule C5, as JSON or in words, once or on every change."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any, Final

from tray.aws.cache.login_cache import login_keys_end
from tray.aws.config.catalog import aws_files
from tray.aws.config.config_files import ConfigFiles
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, say, styled
from tray.cli.name_lookup import unknown
from tray.cli.quick.status_entries import moment, named_only, usable_now
from tray.core.profiles.guards import is_managed
from tray.core.text import sentences
from tray.core.text.bare_text import bare_clients
from tray.core.text.display_names import clean
from tray.core.views.status_documents import status_document
from tray.core.views.view import SessionRow
from tray.errors import ConfigRejected, TrayError, Unread
from tray.managed import managed_sections

LOOK_EVERY: Final = 1.0  # seconds between looks of `--watch`

_COLOURS: Final = {
    "signed-in": "green",
    "ending": "yellow",
    "renewal-failing": "yellow",
    "signing-in": "cyan",
    "expired": "red",
    "unreadable": "red",
}
RENEWABLE: Final = "expired – to renew it, run: sso-tray renew"  # if a daemon would renew it


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
        active_profile=seen.active_profile,
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
    now, zone = time.time(), datetime.now().astimezone().tzinfo
    rows = [_row(entry) for entry in document["sessions"]]
    others = dict(_aws_logins(context, now, zone)) if logins else {}
    width = max((len(clean(name)) for name in (*(row.name for row in rows), *others)), default=0)
    standalone = document["resident"] is None
    lines = [_line(row, width, now, zone, standalone=standalone) for row in rows]
    lines += [f"{clean(name).ljust(width)}  {text}" for name, text in others.items()]
    if not rows and not others:
        lines.append("No SSO session is configured. Run: sso-tray add")
    lines += ["", *_active(context, document)]
    if standalone and rows:
        lines.append("SSO Tray isn't running. To start it: sso-tray start")
    said = [entry.get("disagreement") for entry in document["sessions"]] + document["problems"]
    lines += [styled(f"! {clean(one, 400)}", colour="yellow") for one in said if one]
    return "\n".join(lines) + "\n"


def _aws_logins(
    context: CommandContext, now: float, zone: tzinfo | None
) -> Iterator[tuple[str, str]]:
    """Yield each profile of ``aws login`` and how it stands, which nothing here changes."""
    files = ConfigFiles(context.paths.aws_config, context.paths.aws_credentials)
    with suppress(ConfigRejected, Unread):  # a problem of the document already
        for name, keys in aws_files(files).profiles.items():
            login = keys.get("login_session")
            if isinstance(login, str) and not is_managed(name, context.catalog().managed):
                end = login_keys_end(login, context.environ, context.paths.home)
                yield name, sentences.aws_login(name, end, now, zone)


def words_of(entry: dict[str, Any], *, standalone: bool) -> str:
    row, zone = _row(entry), datetime.now().astimezone().tzinfo
    if standalone and row.state == "expired" and row.renewable:
        return RENEWABLE
    return sentences.status(row, time.time(), zone)


def _line(
    row: SessionRow, width: int, now: float, zone: tzinfo | None, *, standalone: bool
) -> str:
    text = sentences.status(row, now, zone)
    if standalone and row.state == "expired" and row.renewable:
        text = RENEWABLE
    colour = _COLOURS.get(row.state)
    shown = styled(text, colour=colour, dim=colour is None)
    return f"{clean(row.name).ljust(width)}  {shown}"


def _active(context: CommandContext, document: dict[str, Any]) -> Iterator[str]:
    active = document["active_profile"]
    yield f"Active profile: {clean(active) if active is not None else 'none'}"
    with suppress(ConfigRejected):  # a problem of the document already
        files = aws_files(ConfigFiles(context.paths.aws_config, context.paths.aws_credentials))
        yield bare_clients(context.environ, files, active, context.catalog().managed)[0]


def _row(entry: dict[str, Any]) -> SessionRow:
    """Make a row of the view from its entry, so that the words are the tray's own."""
    return SessionRow(
        key=entry["key"],
        name=entry["name"],
        start_url=entry["start_url"],
        region=entry["region"],
        profiles=tuple(entry["profiles"]),
        state=entry["state"],
        reason=entry["reason"],
        store=entry["keeper"],
        token_expires_at=moment(entry["token_expires_at"]),
        session_ends_at=moment(entry["session_ends_at"]),
        session_end_known=entry["session_end_known"],
        renews=entry["renews"],
        renewed_by=entry.get("renewed_by", "sso-tray" if entry["renews"] else None),
        renewable=entry.get("renewable", entry["renews"]),
        next_attempt_at=moment(entry["next_attempt_at"]),
        sign_in_url=None,
        user_code=None,
        sign_in_deadline=None,
        afresh=False,
        problem=None,
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
