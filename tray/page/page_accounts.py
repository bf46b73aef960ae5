"""The rows of the page: every role with its profile, star and last use, found by words."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tray.cli.command_context import CommandContext
from tray.core.accounts.account_index import SessionAccounts, role_rows
from tray.core.accounts.account_marks import COLOURS, mark_of
from tray.core.accounts.remembered_roles import RememberedRoles, RoleKey
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.model import Catalog, Profile
from tray.core.policy import DAY, LONGEST_SHOWN_NAME, PAGE_MOST_ROWS, PAGE_ROWS
from tray.core.profiles.bare_role import role_path
from tray.core.text.display_names import clean, session_name
from tray.core.text.shell_commands import quoted
from tray.core.views.daily_totals import Totals
from tray.core.views.history_lines import HistoryLine, history_lines, last_used, program_uses
from tray.errors import TrayError
from tray.storage.account_records import NAME, read_index, record_use
from tray.storage.active_profile import read_active
from tray.storage.file_mark import file_mark
from tray.storage.history_days import read_totals
from tray.storage.logs import History
from tray.storage.remembered_file import read_remembered


class PageAccounts:
    """Called from any thread; what it reads is kept as long as its files are the same."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._made_of: tuple[object, ...] = ()
        self._known: _Known | None = None
        self._history: tuple[object, list[HistoryLine], dict[str, float]] = (None, [], {})

    def rows(self, query: Mapping[str, str]) -> dict[str, Any]:
        """
        Answer ``accounts``: ``q`` the words, ``from`` the first row, ``most`` of them.

        ``session``: only its roles.
        """
        first, most = (
            _number(query, "from", 0, 1_000_000),
            _number(query, "most", PAGE_ROWS, PAGE_MOST_ROWS),
        )
        with self._lock:
            known = self._now()
            found = known.search.find(query.get("q", ""))
            self._lines()
            used = self._history[2]
        if session := query.get("session"):
            found = [row for row in found if row.session == session and row.role_name]
        shown = found[first : first + most]
        return {
            "found": len(found),
            "total": known.total,
            "rows": [known.document(row, used) for row in shown],
            "problems": list(known.problems),
        }

    def listings(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``listings``: of each session how much is listed, since when, and the changes."""
        with self._lock:
            known = self._now()
        return {
            "sessions": [
                _listing(one.key, one.problem, known.index.get(one.key))
                for one in known.catalog.sessions
            ]
        }

    def uses(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``uses``: which programs used each session in the last day."""
        with self._lock:
            found = program_uses(self._lines(), time.time() - DAY)
        return {
            "sessions": {
                key: [
                    {
                        "program": clean(use.program),
                        "role": clean(use.role, LONGEST_SHOWN_NAME),
                        "times": use.times,
                        "last_at": use.last_at,
                    }
                    for use in listed
                ]
                for key, listed in found.items()
            }
        }

    def history_lines(self) -> list[HistoryLine]:
        with self._lock:
            return self._lines()

    def totals(self) -> Totals:
        """Return the numbers of the days whose lines have left the history."""
        return read_totals(self._context.paths.state)

    def place(self, key: Sequence[str]) -> tuple[RoleRow, Profile | None] | None:
        """Return the row of this key and its profile, if it still has one."""
        with self._lock:
            known = self._now()
        row = known.by_key.get(tuple(key))
        return None if row is None else (row, known.profiles.get(row.profile or ""))

    def profiles(self) -> Sequence[Profile]:
        with self._lock:
            return self._now().catalog.profiles

    def opened(self) -> None:
        """Have the list kept up to date for a week; raises `TrayError`, OSError."""
        record_use(self._context.paths.state, time.time())

    def _now(self) -> _Known:
        context, state = self._context, self._context.paths.state
        marks = tuple(map(file_mark, _files(context)))
        if self._known is None or marks != self._made_of:
            catalog, problems = Catalog(), []
            try:
                catalog = context.catalog()
            except TrayError as error:
                problems.append(error.sentence)
            settings = context.settings_or_safe()
            index = read_index(state, emails=False)
            remembered = read_remembered(state).with_profiles(catalog.profiles)
            rows = role_rows(index, catalog, settings.preferences.guarded)
            active = read_active(state)
            problems += [*catalog.problems, *settings.problems]
            colors = settings.preferences.colors
            self._known = _Known(rows, remembered, active, catalog, index, problems, colors)
            self._made_of = marks
        return self._known

    def _lines(self) -> list[HistoryLine]:
        history = History(self._context.paths.state)
        marks = history.marks()
        if marks != self._history[0]:
            lines = list(history_lines(history.documents()))
            self._history = (marks, lines, last_used(lines))
        return self._history[1]


class _Known:
    def __init__(
        self,
        rows: list[RoleRow],
        remembered: RememberedRoles,
        active: str | None,
        catalog: Catalog,
        index: Mapping[str, SessionAccounts],
        problems: Sequence[str],
        colors: Sequence[str],
    ) -> None:
        self.catalog, self.index, self.problems = catalog, index, problems
        self._colors = colors
        self.total = len(rows)
        first: list[RoleKey] = [*remembered.favourites]
        first += [(active,)] if active is not None else []
        self.search = RoleSearch(rows, (*first, *remembered.recent))
        self.by_key = {row.key: row for row in rows}
        self.profiles = {one.name: one for one in catalog.profiles}
        self._favourites = frozenset(remembered.favourites)
        self._recent = frozenset(remembered.recent)
        self._active = active

    def document(self, row: RoleRow, used: Mapping[str, float]) -> dict[str, Any]:
        profile = self.profiles.get(row.profile or "")
        mark = mark_of(self._colors, row.profile, row.account_id, row.account_name)
        path = role_path(row.account_id or "", row.role_name or "")
        return {
            "key": list(row.key),
            "session": row.session,
            "session_name": None if row.session is None else session_name(row.session),
            "account_id": row.account_id,
            "account_name": clean(row.account_name, LONGEST_SHOWN_NAME),
            "role": None if row.role_name is None else clean(row.role_name, LONGEST_SHOWN_NAME),
            "profile": None if row.profile is None else clean(row.profile, LONGEST_SHOWN_NAME),
            "region": None if profile is None else profile.region,
            "guarded": row.guarded,
            "label": clean(mark.label),
            "colour": _css(mark.colour),
            "active": row.profile is not None and row.profile == self._active,
            "favourite": row.key in self._favourites,
            "recent": row.key in self._recent,
            "last_used": used.get(row.profile or path),
            "console": bool(row.session and row.account_id and row.role_name),
            "copies": [{"what": what, "line": line} for what, line in copied_lines(row)],
        }


def copied_lines(row: RoleRow) -> list[tuple[str, str]]:
    """Return what can be copied of a role: names and commands for a POSIX shell, no credential."""
    if row.profile is not None:
        name = quoted(row.profile)
        return [
            ("Use it in a shell", f"export AWS_PROFILE={name}"),
            ("Run a command", f"aws --profile {name} sts get-caller-identity"),
            ("As a .env file", f"sso-tray credentials --profile {name} --format dotenv"),
        ]
    if not (row.session and row.account_id and row.role_name):
        return []
    session, role = quoted(row.session), quoted(row.role_name)
    place = f"--session {session} --account {quoted(row.account_id)} --role {role}"
    return [
        ("Run a command", f"sso-tray exec {place} -- aws sts get-caller-identity"),
        ("As a .env file", f"sso-tray credentials {place} --format dotenv"),
    ]


def _css(colour: str) -> str | None:
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[colour]) if colour else None


def _listing(key: str, problem: str | None, known: SessionAccounts | None) -> dict[str, Any]:
    changes = None if known is None else known.changes
    return {
        "key": key,
        "name": session_name(key),
        "problem": problem,
        "listed_at": None if known is None else known.listed_at,
        "accounts": 0 if known is None else len(known.accounts),
        "roles": 0 if known is None else sum(len(one.roles) for one in known.accounts),
        "appeared": [] if changes is None else [list(one) for one in changes.appeared],
        "vanished": [] if changes is None else [list(one) for one in changes.vanished],
        "changed_at": None if changes is None else changes.at,
    }


def _files(context: CommandContext) -> tuple[Path, ...]:
    paths = context.paths
    names = (NAME, "roles.json", "active-profile", "settings.json", "applied.json")
    ours = (paths.state / name for name in names)
    return (paths.aws_config, paths.aws_credentials, paths.settings_file, *ours)


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return default
    return min(int(text), most)
