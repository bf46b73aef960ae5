"""``status`` in words, from its document; the daemon writes it, or without one the command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from tray.core.model import Now
from tray.core.start_rules import Beside
from tray.core.text import sentences
from tray.core.text.display_names import clean
from tray.core.text.shell_commands import quoted
from tray.core.text.timestamps import parse_timestamp
from tray.core.views.view import SessionRow

NO_LOGINS: Final[Mapping[str, float | None]] = {}
RENEWABLE: Final = "expired – to renew it, run: sso-tray renew"  # if a daemon would renew it

_RED, _GREEN, _YELLOW, _CYAN, _DIM = 31, 32, 33, 36, 2
_COLOURS: Final[Mapping[str, int]] = {
    "signed-in": _GREEN,
    "ending": _YELLOW,
    "renewal-failing": _YELLOW,
    "signing-in": _CYAN,
    "expired": _RED,
    "unreadable": _RED,
}


NOT_RUNNING: Final = "SSO Tray isn't running. To start it: sso-tray start"
MUTE: Final = "SSO Tray is running but doesn't answer. For details, run: sso-tray doctor"


def status_text(
    document: Mapping[str, Any],
    bare: str | None,
    now: Now,
    *,
    coloured: bool,
    logins: Mapping[str, float | None] = NO_LOGINS,
    beside: Beside | None = None,
    not_running: str = NOT_RUNNING,
) -> str:
    """
    Return the lines; `bare` is what clients use that name no profile, if that is known.

    `logins`: the profiles of ``aws login``, and when their keys end (None: signed out).
    `beside`: why a daemon that runs does not act; of one with other files it is said already.
    """
    standalone = document["resident"] is None
    entries = document["sessions"]
    shown = [clean(entry["name"]) for entry in entries]
    others = {clean(name): name for name in logins}
    width = max(map(len, (*shown, *others)), default=0)
    lines = []
    for name, entry in zip(shown, entries, strict=True):
        code = _COLOURS.get(entry["state"], _DIM) if coloured else None
        text = _painted(words_of(entry, now, standalone=standalone), code)
        lines.append(f"{name.ljust(width)}  {text}")
    for name, profile in others.items():
        text = aws_login(profile, logins[profile], now.wall, now.zone)
        lines.append(f"{name.ljust(width)}  {text}")
    if not lines:
        lines.append("No SSO session is configured. Run: sso-tray add")
    active = document["active_profile"]
    lines += ["", f"Active profile: {clean(active) if active is not None else 'none'}"]
    if bare is not None:
        lines.append(bare)
    if standalone and entries and beside != "elsewhere":
        lines.append(MUTE if beside == "mute" else not_running)
    notes = [entry.get(name) for entry in entries for name in ("disagreement", "shared")]
    said = dict.fromkeys([*notes, *document["problems"]])
    code = _YELLOW if coloured else None
    lines += [_painted(f"! {clean(one, 400)}", code) for one in said if one]
    return "\n".join(lines) + "\n"


def aws_login(profile: str, end: float | None, now: float, zone: tzinfo | None) -> str:
    """Return the status of a profile of ``aws login``, whose keys end at `end`."""
    if end is None:
        return f"signed out; to sign in, run: aws login --profile {quoted(profile)}"
    at = sentences.clock(end, zone)
    if end > now:
        return f'signed in by "aws login", keys until {at}, the AWS CLI renews them'
    return f'by "aws login", keys ended at {at}, the AWS CLI renews them if it can'


def words_of(entry: Mapping[str, Any], now: Now, *, standalone: bool) -> str:
    """Return a session's state in the tray's own words, from its entry in the document."""
    row = _row(entry)
    if standalone and row.state == "expired" and row.renewable:
        return RENEWABLE
    return sentences.status(row, now.wall, now.zone, standalone=standalone)


def _painted(text: str, code: int | None) -> str:
    return text if code is None else f"\x1b[{code}m{text}\x1b[0m"


def _row(entry: Mapping[str, Any]) -> SessionRow:
    return SessionRow(
        key=entry["key"],
        name=entry["name"],
        start_url=entry["start_url"],
        region=entry["region"],
        profiles=tuple(entry["profiles"]),
        state=entry["state"],
        reason=entry["reason"],
        store=entry["keeper"],
        token_expires_at=_moment(entry["token_expires_at"]),
        session_ends_at=_moment(entry["session_ends_at"]),
        session_began_at=_moment(entry.get("session_began_at")),
        session_end_known=entry["session_end_known"],
        renews=entry["renews"],
        renewed_by=entry.get("renewed_by", "sso-tray" if entry["renews"] else None),
        renewable=entry.get("renewable", entry["renews"]),
        next_attempt_at=_moment(entry["next_attempt_at"]),
    )


def _moment(timestamp: str | None) -> float | None:
    return None if timestamp is None else parse_timestamp(timestamp)
