"""The documents of rule C5, for other programs to read; members are added, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tray.core.model import Catalog
from tray.core.profiles.guards import is_guarded
from tray.core.text.timestamps import format_timestamp
from tray.core.views.view import SessionRow, View
from tray.values import dataclass

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    since: float  # seconds since the epoch
    program: str  # its version
    no_tray: str | None = None  # why no tray shows its icon; one of ``problems``, too
    graphical: bool = False  # it was started in a desktop session


def status_document(
    view: View,
    *,
    applies: Iterable[str],
    daemon: Running | None,
) -> dict[str, Any]:
    """`applies`: ``process``, ``shell``, ``default``; no attempt is planned without a daemon."""
    return {
        "version": VERSION,
        "active_profile": view.active_profile,
        "applies": list(applies),
        "resident": None
        if daemon is None
        else {
            "pid": daemon.pid,
            "since": format_timestamp(daemon.since),
            "program": daemon.program,
            "no_tray": daemon.no_tray,
            "graphical": daemon.graphical,
        },
        "sessions": [_session(row, planned=daemon is not None) for row in view.sessions],
        "problems": list(view.problems),
    }


def profiles_document(
    catalog: Catalog,
    guarded: tuple[str, ...] | None,
    problems: Iterable[str],
    active: str | None = None,
) -> dict[str, Any]:
    """Return the profiles of a config; `problems` are those of the settings."""
    own = [one.problem for one in catalog.sessions if one.problem]
    own += [one.problem for one in catalog.profiles if one.problem]
    return {
        "version": VERSION,
        "profiles": [
            {
                "name": profile.name,
                "kind": profile.kind,
                # A bearer-token profile names a session and takes no credentials from it.
                "session": profile.session if profile.kind != "other" else None,
                "account_id": profile.account_id,
                "role_name": profile.role_name,
                "region": profile.region,
                "active": profile.name == active,
                "guarded": is_guarded(profile.name, guarded),
            }
            for profile in catalog.profiles
        ],
        "problems": [*catalog.problems, *problems, *own],
    }


def _session(row: SessionRow, *, planned: bool) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "start_url": row.start_url,
        "region": row.region,
        "state": row.state,
        "reason": row.reason,
        "keeper": row.store,
        "token_expires_at": _maybe(row.token_expires_at),
        "session_ends_at": _maybe(row.session_ends_at),
        "session_began_at": _maybe(row.session_began_at),
        "session_end_known": row.session_end_known if row.session_ends_at is not None else "no",
        "renews": row.renews,
        "renewed_by": row.renewed_by,
        "renewable": row.renewable,
        "can_undo": row.can_undo,
        "next_attempt_at": _maybe(row.next_attempt_at) if planned else None,
        "profiles": list(row.profiles),
        "disagreement": row.disagreement,
        "shared": row.shared,
    }


def _maybe(at: float | None) -> str | None:
    return None if at is None else format_timestamp(at)
