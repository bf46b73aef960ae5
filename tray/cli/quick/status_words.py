"""The words of ``status``, which are the tray's, from its document (C5)."""

from __future__ import annotations

import time
from datetime import datetime
from types import SimpleNamespace

from tray.aws.cache.timestamps import parse_timestamp
from tray.cli.front.terminal import styled
from tray.core.text import managed_text, sentences
from tray.core.text.display_names import clean, shown_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from typing import Any, Final

    from tray.core.views.view import SessionRow

_COLOURS: Final = {
    "signed-in": "green",
    "ending": "yellow",
    "renewal-failing": "yellow",
    "signing-in": "cyan",
    "expired": "red",
    "unreadable": "red",
}
RENEWABLE: Final = "expired – to renew it, run: sso-tray renew"  # if a daemon would renew it
_WORKING: Final = ("signed-in", "ending", "renewal-failing")


def usable_now(entry: dict[str, Any], now: float) -> bool:
    """Whether SDKs can use a session, from its entry in the document (C2)."""
    end = _moment(entry["token_expires_at"])
    if entry["state"] == "signing-in":
        return end is not None and end > now and entry["reason"] != "session-over"
    return entry["state"] in _WORKING


def named_only(
    document: dict[str, Any], names: tuple[str, ...]
) -> tuple[dict[str, Any], str | None]:
    """Return the document with the named sessions alone, or the first name that means none."""
    if not names:
        return document, None
    entries = document["sessions"]
    chosen = []
    for name in names:
        found = next((one for one in entries if one["key"] == name), None)
        found = found or next((one for one in entries if name in one["profiles"]), None)
        found = found or next((one for one in entries if name in shown_names(one["key"])), None)
        if found is None:
            return document, name
        if found not in chosen:
            chosen.append(found)
    return {**document, "sessions": chosen}, None


def in_words(document: dict[str, Any], exported: str | None) -> str:
    """Say a document; `exported`: what ``AWS_PROFILE`` names, unless a hook keeps it (A2)."""
    now, zone = time.time(), datetime.now().astimezone().tzinfo
    rows = [_row(entry) for entry in document["sessions"]]
    width = max((len(clean(row.name)) for row in rows), default=0)
    standalone = document["resident"] is None
    lines = [_line(row, width, now, zone, standalone=standalone) for row in rows]
    if not rows:
        lines.append("No SSO session is configured. Run: sso-tray add")
    lines += ["", *_active(document, exported)]
    if standalone and rows:
        lines.append("SSO Tray isn't running: nothing is renewed. To start it: sso-tray start")
    said = [entry.get("disagreement") for entry in document["sessions"]] + document["problems"]
    lines += [styled(f"! {clean(one, 400)}", colour="yellow") for one in said if one]
    return "\n".join(lines) + "\n"


def words_of(entry: dict[str, Any], *, standalone: bool) -> str:
    row, zone = _row(entry), datetime.now().astimezone().tzinfo
    if standalone and row.state == "expired" and row.renews:
        return RENEWABLE
    return sentences.status(row, time.time(), zone)


def _line(
    row: SessionRow, width: int, now: float, zone: tzinfo | None, *, standalone: bool
) -> str:
    text = sentences.status(row, now, zone)
    if standalone and row.state == "expired" and row.renews:
        text = RENEWABLE
    colour = _COLOURS.get(row.state)
    shown = styled(text, colour=colour, dim=colour is None)
    return f"{clean(row.name).ljust(width)}  {shown}"


def _active(document: dict[str, Any], exported: str | None) -> Iterator[str]:
    active = document["active_profile"]
    through = managed_text.in_effect(tuple(document["applies"])) if active is not None else ""
    through_what = f" (through {through})" if through else ""
    yield f"Active profile: {clean(active) if active is not None else 'none'}{through_what}"
    if exported is not None and exported != active:
        yield f"AWS_PROFILE={clean(exported)} overrides it in this terminal."


def _row(entry: dict[str, Any]) -> SessionRow:
    """Return an entry as what the tray's own sentences take: a row of the view."""
    times = ("token_expires_at", "session_ends_at", "next_attempt_at")
    members = entry | {name: _moment(entry[name]) for name in times}
    return SimpleNamespace(**members, sign_in_deadline=None)  # type: ignore[return-value]  # the class itself takes as long to import as all this


def _moment(timestamp: str | None) -> float | None:
    return None if timestamp is None else parse_timestamp(timestamp)
