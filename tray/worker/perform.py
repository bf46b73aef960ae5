"""One kind of job, one transaction; whatever goes wrong becomes an outcome the rules know."""

from __future__ import annotations

from typing import assert_never

from tray.core.effects import JobKind
from tray.core.events import Failed, Outcome
from tray.core.model import SsoSession
from tray.errors import TrayError, WillRetry
from tray.worker.adoption import adopt as adopt_file
from tray.worker.release import release
from tray.worker.removal import judge_removed
from tray.worker.renewal import check, renew
from tray.worker.sign_out import sign_out
from tray.worker.tools import Tools


def perform(
    kind: JobKind,
    session: SsoSession,
    tools: Tools,
    *,
    adopt: bool = True,
    seen: str | None = None,
) -> Outcome:
    """
    Run one transaction to its end.

    Args:
        kind: which one.
        session: on which session.
        tools: what to work with.
        adopt: the setting (K4).
        seen: for ``renew``; see `tray.worker.renewal.renew`.

    Returns:
        What came of it; a `Failed` with one sentence where nothing did.
    """
    try:
        match kind:
            case "renew":
                return renew(session, tools, adopt=adopt, seen=seen)
            case "adopt":
                return adopt_file(session, tools, adopt=adopt)
            case "judge-removed":
                return judge_removed(session, tools)
            case "sign-out":
                return sign_out(session, tools)
            case "release":
                return release(session, tools)
            case "check":
                return check(session, tools)
            case _:
                assert_never(kind)
    except WillRetry as error:
        return Failed(error.reason or "other", error.sentence, error.answered, error.retry_after)
    except TrayError as error:
        return Failed(error.reason or "other", error.sentence)
    except OSError as error:
        return Failed("no-permission" if isinstance(error, PermissionError) else "other",
                      said(error))  # fmt: skip


def said(error: OSError) -> str:
    """Return one sentence for a fault of the operating system; it names the file."""
    place = f"{error.filename}: " if isinstance(error.filename, str) else ""
    return f"{place}{error.strerror or type(error).__name__}."
