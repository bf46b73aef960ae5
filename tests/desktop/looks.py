"""Views for tests of what is drawn, said in a line."""

from __future__ import annotations

from dataclasses import replace

from tray.core.model import Profile, State
from tray.core.views.view import SessionRow, View

NOW = 1_800_000_000.0

ROW = SessionRow(
    key="corp",
    name="corp",
    start_url="https://corp.awsapps.com/start",
    region="eu-west-1",
    profiles=("dev",),
    state="signed-in",
    reason=None,
    store="keyring",
    token_expires_at=NOW + 3000,
    session_ends_at=None,
    session_end_known="no",
    renews=True,
    next_attempt_at=NOW + 1200,
    sign_in_url=None,
    user_code=None,
    sign_in_deadline=None,
    afresh=False,
    problem=None,
)


def row(key: str, state: State, **members: object) -> SessionRow:
    """Return a session's row that differs from a healthy one in what is named."""
    return replace(ROW, key=key, name=key, state=state, **members)  # type: ignore[arg-type]  # as replace: by name


def view_of(
    *rows: SessionRow,
    active: str | None = None,
    worst: State = "signed-in",
    attention: int = 0,
    keyring_locked: bool = False,
    problems: tuple[str, ...] = (),
    guarded: bool = False,
) -> View:
    """Return a view of these sessions, with a profile ``<key>-dev`` for each."""
    return View(
        sessions=rows,
        profiles=tuple(Profile(f"{one.key}-dev", "sso", one.key) for one in rows),
        active_profile=active,
        worst=worst,
        attention=attention,
        keyring_locked=keyring_locked,
        problems=problems,
        guarded=guarded,
    )
