"""Logs and history: three small files that users may post publicly."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from tray.core.text.timestamps import format_timestamp
from tray.errors import TrayError
from tray.storage.atomic_files import private_directory, write_atomic
from tray.storage.file_mark import file_mark

LOG_BYTES = 512 * 1024
LOG_FILES = 3
HISTORY_BYTES = 1024 * 1024
REPEATS, REPEATS_WITHIN, REPEATS_KEPT = 10, 60.0, 256
"""The same line is logged so often within so many seconds; so many lines are remembered."""

# These libraries print tokens at DEBUG, by intent (botocore#2626).
_TALKATIVE = ("botocore", "boto3", "urllib3", "keyring", "secretstorage", "jeepney", "dbus_fast")


class _OneLine(logging.Formatter):
    """One line per event; of an exception only the type, since its text may hold secrets."""

    def format(self, record: logging.LogRecord) -> str:
        at = format_timestamp(record.created)
        line = f"{at} {record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[0] is not None:
            line += f" ({record.exc_info[0].__name__}{_where(record)})"
        # A name from a config may hold what a terminal obeys.
        return "".join(sign if sign.isprintable() else " " for sign in line)


def _where(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class _Repeats(logging.Filter):
    """Of one line that comes again and again only a few a minute; the next says how many more."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        since, times = self._seen.get(said, (record.created, 0))
        if not since <= record.created < since + REPEATS_WITHIN:
            if times > REPEATS:
                record.msg, record.args = f"{said} ({times - REPEATS} more times)", ()
            since, times = record.created, 0
        if len(self._seen) >= REPEATS_KEPT:
            self._seen.clear()
        self._seen[said] = since, times + 1
        return times < REPEATS


class _LogFile(logging.handlers.RotatingFileHandler):
    """The log file, readable by the user alone; if it cannot be written, lines are dropped."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8", delay=True
        )

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Do nothing: logging would print a traceback with the arguments to stderr."""


def _private(path: str, flags: int) -> int:
    """Open a file for appending with mode 0600, whatever its mode or the umask."""
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o600)
    if hasattr(os, "fchmod") and stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
        os.fchmod(descriptor, 0o600)
    return descriptor


def quiet_libraries() -> None:
    """Silence the libraries that log secrets; every process of ours calls this first."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # In debug mode it warns of slow tasks by their repr, which shows what they return.
    logging.getLogger("asyncio").setLevel(logging.ERROR)


def log_to(state: Path | None, *, debug: bool = False) -> None:
    """Log to ``<state>/sso-tray.log`` (3 x 512 KiB), or to stderr where `state` is None."""
    quiet_libraries()
    handler: logging.Handler
    if state is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        private_directory(state)
        handler = _LogFile(state / "sso-tray.log")
    handler.setFormatter(_OneLine())
    handler.addFilter(_Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    set_debug(debug)


def set_debug(debug: bool) -> None:
    logging.getLogger().setLevel(logging.DEBUG if debug else logging.INFO)


class History:
    """The history: one JSON line per event, in a file of up to 1 MiB and the one before it."""

    def __init__(self, state: Path) -> None:
        self.path = state / "history.jsonl"
        self._earlier = self.path.with_suffix(".jsonl.1")

    def add(self, at: float, what: str, session: str | None = None, detail: str = "") -> bool:
        """
        Return whether it is the first: what was before is forgotten.

        `detail` is never a secret; a full disk costs the line and nothing else.
        """
        line: dict[str, str] = {"at": format_timestamp(at), "what": what}
        if session is not None:
            line["session"] = session
        if detail:
            line["detail"] = detail
        begins = not self.path.exists()
        try:
            private_directory(self.path.parent)
            if not begins and self.path.stat().st_size > HISTORY_BYTES:
                gone = _lines(self._earlier)
                self.path.replace(self._earlier)
                self._total(gone, at)
            with open(self.path, "ab", opener=_private) as file:
                file.write(json.dumps(line).encode() + b"\n")
        except (OSError, TrayError) as error:
            said = getattr(error, "strerror", None) or type(error).__name__
            logging.getLogger(__name__).warning("history: %s", said)
            return False
        return begins

    def documents(self) -> Iterator[Any]:
        """Yield each line, the oldest first, read as JSON; one that is no JSON is left out."""
        for path in (self._earlier, self.path):
            yield from _read(_lines(path))

    def marks(self) -> tuple[object, ...]:
        """Return a value that changes whenever `documents` does."""
        return (file_mark(self._earlier), file_mark(self.path))

    def forget(self, before: float | None = None) -> bool:
        """
        Remove what happened before a time; whether there was any. OSError.

        Its numbers by day stay, unless all is forgotten, for None.
        """
        found = [self._forget(path, before) for path in (self.path, self._earlier)]
        if before is None:
            from tray.storage.history_days import NAME

            totals = self.path.with_name(NAME)
            found.append(totals.exists())
            totals.unlink(missing_ok=True)
        return any(found)

    def _total(self, lines: Iterable[bytes], now: float) -> None:
        """Keep the numbers of lines that go; on a full disk they are lost as the lines are."""
        from tray.storage.history_days import keep_totals  # on few days

        try:
            keep_totals(self.path.parent, _read(lines), now)
        except (OSError, TrayError) as error:
            logging.getLogger(__name__).warning("history: %s", type(error).__name__)

    def _forget(self, path: Path, before: float | None) -> bool:
        try:
            lines = path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return False
        # Times are written so that their text sorts as they do.
        oldest = b"" if before is None else f'{{"at": "{format_timestamp(before)}'.encode()
        kept = [] if before is None else [line for line in lines if line >= oldest]
        if not kept:
            path.unlink()
        elif len(kept) < len(lines):
            write_atomic(path, b"".join(kept))
        if before is not None:
            self._total((line for line in lines if line < oldest), before)
        return len(kept) < len(lines)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError:
        return []  # nothing has happened yet, or it is being forgotten


def _read(lines: Iterable[bytes]) -> Iterator[Any]:
    for line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue  # cut by a full disk, or edited
