"""The entries of ``status``' document (C5): which are meant, and whether SDKs can use them."""

from __future__ import annotations

from tray.core.text.display_names import shown_names
from tray.core.text.timestamps import parse_timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

_WORKING: Final = ("signed-in", "ending", "renewal-failing")


def usable_now(entry: dict[str, Any], now: float) -> bool:
    """Whether SDKs can use a session, from its entry in the document (C2)."""
    told = entry["token_expires_at"]
    end = None if told is None else parse_timestamp(told)
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
