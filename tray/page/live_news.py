"""
What changes, told to every open page at once: server-sent events over an authorised fetch.

``{"status": DOCUMENT, "words": {KEY: TEXT}}`` of rule C5; ``{"lost": SENTENCE}`` where no daemon
answers; ``{"changed": [NAME, ...]}``: ask again for those; ``{"listing": {"name", "done",
"total"}}``, or null: how far a listing of accounts is; ``{"job": {...}}`` of `page_jobs`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tray.cli.command_context import CommandContext, now
from tray.cli.status_command import of_files
from tray.core.policy import PAGE_DAEMON_TRIES, PAGE_FILE_LOOKS
from tray.core.text.display_names import clean, session_name
from tray.core.text.page import page_words
from tray.core.text.status_text import words_of
from tray.errors import TrayError, Unreachable
from tray.loopback.http_messages import Response
from tray.loopback.later_answers import Stream
from tray.storage import account_records, listing_progress, remembered_file
from tray.storage.file_mark import file_mark

_LISTING: Final = "listing"
_EVENT_STREAM: Final = Response(200, content_type="text/event-stream; charset=utf-8")


class LiveNews:
    """Called from any thread."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._streams: list[Stream] = []
        self._last: dict[str, Any] | None = None  # of status or of the lost daemon
        self._open = threading.Event()

    def start(self) -> None:
        for work in (self._follow_daemon, self._follow_files):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def stream(self) -> Stream:
        """Return a new page's stream, which begins with how things stand."""
        stream = Stream(_EVENT_STREAM)
        with self._lock:
            self._streams.append(stream)
            if self._last is not None:
                stream.write(_event(self._last))
        self._open.set()
        return stream

    def watched(self) -> bool:
        """Whether a page is open."""
        with self._lock:
            self._streams = [one for one in self._streams if not one.over]
            if not self._streams:
                self._open.clear()
            return bool(self._streams)

    def tell(self, news: Mapping[str, Any]) -> None:
        event = _event(news)
        with self._lock:
            self._streams = [one for one in self._streams if one.write(event)]

    def _stands(self, news: dict[str, Any]) -> None:
        """Tell how things stand now, if that differs from before."""
        with self._lock:
            if news == self._last:
                return
            self._last = news
        self.tell(news)

    def _follow_daemon(self) -> None:
        while True:
            sentence = page_words.NO_DAEMON
            try:
                with self._context.daemon() as agent:
                    for message in agent.ask("subscribe", patience=None):
                        if "status" in message:
                            self._stands(_status(message["status"], standalone=False))
            except Unreachable:
                sentence = page_words.NO_DAEMON
            except TrayError as error:
                sentence = error.sentence
            self._stands(self._without_daemon(sentence))
            threading.Event().wait(PAGE_DAEMON_TRIES)

    def _without_daemon(self, sentence: str) -> dict[str, Any]:
        try:
            return {**_status(of_files(self._context), standalone=True), "lost": sentence}
        except (TrayError, OSError):
            return {"lost": sentence}

    def _follow_files(self) -> None:
        """Look at a few files; a kernel's watch is worth it only for what lasts."""
        places = self._places()
        seen = {place: file_mark(place) for place in places}
        while True:
            self._open.wait()
            threading.Event().wait(PAGE_FILE_LOOKS)
            looks = {place: file_mark(place) for place in places}
            changed = {places[place] for place, mark in looks.items() if mark != seen[place]}
            seen = looks
            if _LISTING in changed:
                self.tell({_LISTING: self._listing()})
            if changed - {_LISTING}:
                self.tell({"changed": sorted(changed - {_LISTING})})

    def _listing(self) -> dict[str, Any] | None:
        found = listing_progress.read_progress(self._context.paths.state)
        if found is None:
            return None
        key, done, total = found
        return {"name": clean(session_name(key)), "done": done, "total": total}

    def _places(self) -> dict[Path, str]:
        paths = self._context.paths
        return {
            paths.state / account_records.NAME: "accounts",
            paths.state / remembered_file.NAME: "accounts",
            paths.state / listing_progress.NAME: _LISTING,
            paths.state / "active-profile": "accounts",
            paths.aws_config: "accounts",
            paths.aws_credentials: "accounts",
            paths.state / "history.jsonl": "history",
            paths.settings_file: "settings",
            paths.state / "settings.json": "settings",
        }


def _status(document: Mapping[str, Any], *, standalone: bool) -> dict[str, Any]:
    words = {
        entry["key"]: words_of(entry, now(), standalone=standalone)
        for entry in document["sessions"]
    }
    return {"status": dict(document), "words": words}


def _event(news: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(news, separators=(",", ":")).encode() + b"\n\n"
