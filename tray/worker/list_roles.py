"""Lists every role of every account of a session, with the published access token."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tray.aws.api.account_roles import Progress, list_assignments
from tray.core.model import SsoSession
from tray.core.profiles.profile_planning import Assignment
from tray.core.text.shell_commands import sign_in_first
from tray.errors import SignInNeeded
from tray.worker.job_context import JobContext, belongs


def roles_of(
    session: SsoSession,
    context: JobContext,
    *,
    progress: Progress = lambda _done, _all: None,
    refused: Callable[[str], None] = lambda _account: None,
    cancelled: threading.Event | None = None,
) -> tuple[Assignment, ...]:
    """Raises `SignInNeeded`, `TokenRejected`, or `WillRetry` if AWS cannot answer."""
    context = context.for_session(session)
    token = context.read(session)
    if token is None or not belongs(token, session):
        raise SignInNeeded(sign_in_first(session.key))
    return list_assignments(
        context.portal,
        token.access_token,
        session.region,
        progress=progress,
        refused=refused,
        cancelled=cancelled,
    )
