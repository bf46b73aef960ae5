"""Runs a job by its name and turns its errors into outcomes."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Final

from tray.core.effects import JobKind
from tray.core.model import Reason, SsoSession
from tray.core.outcomes import Failed, Outcome
from tray.core.text.sentences import internal_error
from tray.errors import (
    GrantRefused,
    MfaCodeNeeded,
    RegistrationRefused,
    RequestRefused,
    RoleForbidden,
    SignInNeeded,
    TokenRejected,
    TrayError,
    WillRetry,
    passes,
    sentence_of,
)
from tray.worker.job_context import JobContext
from tray.worker.tokens.adoption import adopt
from tray.worker.tokens.release import lend, release
from tray.worker.tokens.removal import drop_removed, judge_removed, undo_removal
from tray.worker.tokens.renewal import check, renew
from tray.worker.tokens.sign_out import sign_out

log = logging.getLogger(__name__)

# Only these come from AWS; other errors for the user to resolve never reached it.
_ANSWERS: Final = (
    GrantRefused,
    RegistrationRefused,
    RequestRefused,
    RoleForbidden,
    TokenRejected,
)
_TAGS: Final[dict[type[TrayError], str]] = {
    MfaCodeNeeded: "mfa-code-needed",
    RoleForbidden: "role-forbidden",
    SignInNeeded: "sign-in-needed",
    TokenRejected: "token-rejected",
}
_NO_PERMISSION: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

_JOBS: Final[dict[JobKind, Callable[[SsoSession, JobContext], Outcome]]] = {
    "judge-removed": judge_removed,
    "undo-removal": undo_removal,
    "drop-removed": drop_removed,
    "sign-out": sign_out,
    "release": release,
    "lend": lend,
    "check": check,
}


def run(
    kind: JobKind,
    session: SsoSession,
    context: JobContext,
    *,
    adopting: bool = True,
    seen: str | None = None,
) -> Outcome:
    """Any error becomes an outcome, never an exception."""
    context = context.for_session(session)
    try:
        if kind == "renew":
            return renew(session, context, adopt=adopting, seen=seen)
        if kind == "adopt":
            return adopt(session, context, adopt=adopting)
        return _JOBS[kind](session, context)
    except TrayError as error:
        return failed(error)
    except OSError as error:
        reason: Reason = "no-permission" if error.errno in _NO_PERMISSION else "other"
        return Failed(reason, sentence_of(error))
    except Exception as error:
        log.exception("the job %s failed", kind)
        return Failed("other", internal_error(error))


def failed(error: TrayError) -> Failed:
    if isinstance(error, WillRetry):
        reason = error.reason or "other"
        return Failed(reason, error.sentence, error.answered, error.retry_after)
    return Failed(error.reason or "other", error.sentence, answered=isinstance(error, _ANSWERS))


def tag_of(error: TrayError) -> str:
    """Return the tag by which the daemon recognizes an error that it handles specially."""
    if passes(error):
        return "passes"
    return next((tag for kind, tag in _TAGS.items() if isinstance(error, kind)), "other")
