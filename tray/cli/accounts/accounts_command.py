"""``accounts``: the accounts and roles that the portal gives, with or without a profile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tray.cli.accounts.portal_listing import listed_now
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse, note, say
from tray.cli.names.name_lookup import session_named
from tray.cli.quick.profile_table import table
from tray.core.accounts.account_index import SessionAccounts, role_rows
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.model import Catalog, SsoSession
from tray.core.text import index_text
from tray.core.text.display_names import clean
from tray.core.text.timestamps import format_timestamp
from tray.errors import SignInNeeded, TrayError, sentence_of
from tray.storage.account_records import read_index, record_use
from tray.storage.active_profile import read_active


def accounts(
    *, words: tuple[str, ...], session: str | None, refresh: bool, changes: bool, as_json: bool
) -> None:
    if changes and (words or as_json):
        raise WrongUse("--changes takes no words and no --json.")
    context = CommandContext.of_this_process()
    catalog = context.catalog()
    meant = catalog.sessions if session is None else (session_named(catalog, session),)
    if not meant:
        raise Ended("No SSO session is configured. Run: sso-tray add", 1)
    problems = _listed(context, meant, refresh=refresh)
    _remember_use(context)
    index = _counting(read_index(context.paths.state), meant)
    if changes:
        for one in meant:
            for line in _changes(one, index.get(one.key)):
                say(line)
    elif as_json:
        say(json.dumps(_document(context, catalog, index, " ".join(words), problems), indent=2))
    else:
        rows = _rows(context, catalog, index, " ".join(words))
        active = read_active(context.paths.state)
        say(table([_cells(row, active) for row in rows]), end="")
    for sentence in problems:
        note(sentence)
    if problems and not index:
        raise Ended("", 3)


def _listed(
    context: CommandContext, sessions: Sequence[SsoSession], *, refresh: bool
) -> tuple[str, ...]:
    """List what was asked for, and what never was; return why some could not be."""
    index = _counting(read_index(context.paths.state), sessions)
    problems: list[str] = []
    for one in sessions:
        if not refresh and one.key in index:
            continue
        if one.problem is not None:
            problems.append(f"{clean(one.key)}: {one.problem}")
            continue
        try:
            listed = listed_now(context, one)
        except SignInNeeded as needed:
            problems.append(needed.sentence)
        except (TrayError, OSError) as error:
            problems.append(f"{clean(one.key)}: {sentence_of(error)}")
        else:
            _tell(one, index.get(one.key), listed)
    return tuple(problems)


def _tell(session: SsoSession, before: SessionAccounts | None, listed: SessionAccounts) -> None:
    roles = sum(len(account.roles) for account in listed.accounts)
    note(f"{clean(session.key)}: {index_text.size(len(listed.accounts), roles)}.")
    known = None if before is None else before.changes
    if listed.changes is not None and listed.changes != known:
        for line in _changes(session, listed):
            note(line)


def _changes(session: SsoSession, listed: SessionAccounts | None) -> Iterator[str]:
    changes = None if listed is None else listed.changes
    if changes is None:
        return
    for mark, places in (("+", changes.appeared), ("-", changes.vanished)):
        for account_id, name, role in places:
            shown = f"{clean(name)} ({account_id})" if name else account_id
            yield f"{mark} {clean(session.key)}: {shown} {clean(role)}"


def _remember_use(context: CommandContext) -> None:
    """What is looked at is listed again each day; without the note of it, it is not."""
    try:
        record_use(context.paths.state, time.time())
    except (OSError, TrayError) as error:
        note(f"accounts-used can't be written ({type(error).__name__}).")


def _counting(
    index: Mapping[str, SessionAccounts], sessions: Sequence[SsoSession]
) -> dict[str, SessionAccounts]:
    """Return what was listed of these sessions, as they are now."""
    return {
        one.key: index[one.key]
        for one in sessions
        if one.key in index and index[one.key].origin == one.origin
    }


def _rows(
    context: CommandContext, catalog: Catalog, index: Mapping[str, SessionAccounts], words: str
) -> list[RoleRow]:
    """Return the portal's roles by session, account and role; those that fit words, best first."""
    guarded = context.settings_or_safe().preferences.guarded
    listed = {
        (key, account.account_id, role)
        for key, known in index.items()
        for account in known.accounts
        for role in account.roles
    }
    chained = {one.name for one in catalog.profiles if one.kind != "sso"}
    rows = [
        row
        for row in role_rows(index, catalog, guarded)
        if (row.session, row.account_id, row.role_name) in listed and row.profile not in chained
    ]
    order = {one.key: place for place, one in enumerate(catalog.sessions)}
    rows.sort(
        key=lambda row: (
            order[row.session or ""],
            row.account_name.casefold(),
            row.account_id or "",
            row.role_name or "",
        )
    )
    return RoleSearch(rows).find(words) if words else rows


def _cells(row: RoleRow, active: str | None) -> list[Any]:
    place = [row.session, row.account_name, row.account_id, row.role_name, row.profile]
    return [*place, row.profile is not None and row.profile == active, row.guarded]


def _document(
    context: CommandContext,
    catalog: Catalog,
    index: Mapping[str, SessionAccounts],
    words: str,
    problems: Sequence[str],
) -> dict[str, Any]:
    emails = {
        (key, account.account_id): account.email
        for key, known in index.items()
        for account in known.accounts
    }
    return {
        "version": 1,
        "sessions": [
            {
                "key": key,
                "listed_at": format_timestamp(known.listed_at),
                "changes": known.changes
                and {
                    "at": format_timestamp(known.changes.at),
                    "appeared": [list(one) for one in known.changes.appeared],
                    "vanished": [list(one) for one in known.changes.vanished],
                },
            }
            for key, known in index.items()
        ],
        "roles": [
            {
                "session": row.session,
                "account_id": row.account_id,
                "account_name": row.account_name,
                "email": emails.get((row.session or "", row.account_id or ""), ""),
                "role_name": row.role_name,
                "profile": row.profile,
                "guarded": row.guarded,
            }
            for row in _rows(context, catalog, index, words)
        ],
        "problems": list(problems),
    }
