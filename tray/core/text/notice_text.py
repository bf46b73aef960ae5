"""What a person reads in notices; plain words, no secrets, no markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from tray.core.model import Now, Reason
from tray.core.text.display_names import clean
from tray.core.text.sentences import REASONS, called, clock, listed, names, span

ADVICE: dict[Reason, str] = {
    "tls": "If your network inspects traffic, name its certificate in AWS_CA_BUNDLE.",
    "clock": "Set the computer's date and time.",
}
"""What a person can do about reasons that do not pass by themselves."""

GroupedCategory = Literal["ending", "expired", "renewal-failing", "adopted"]
"""The notices that are about one session each; several of a kind are told as one (W2)."""

SNOOZE_BUTTON = "Remind me later"
UNDO_BUTTON = "Undo"
UNLOCK_BUTTON = "Unlock"
SENTENCE = 240
"""The longest sentence of somebody else's that goes into a notice, in characters."""


def sign_in_button(*, afresh: bool) -> str:
    """Label the button that signs in; where it ends a living session first it says so (L10)."""
    return "Sign in afresh" if afresh else "Sign in"


def ending_notice(key: str, end: float, now: Now, *, afresh: bool) -> tuple[str, str]:
    """Return title and text of the warning before a session ends."""
    title = f"{called(key)} ends at {clock(end, now.zone)}"
    left = "That is now." if end <= now.wall else f"That is in {span(end - now.wall)}."
    if afresh:
        return title, f"{left} Signing in afresh ends it at once and starts a full new session."
    return title, f"{left} Sign in to go on working without a break."


def expired_notice(key: str, reason: Reason | None) -> tuple[str, str]:
    """Return title and text for a session that has ended."""
    if reason == "removed":
        return (
            f"Signed out of {called(key)}",
            "Another program did this. Sign in when you need it.",
        )
    return f"{called(key)} has ended", "Sign in again to go on working."


def failing_notice(
    key: str, reason: Reason, sentence: str, end: float, now: Now
) -> tuple[str, str]:
    """
    Return title and text for a renewal that keeps failing.

    Args:
        key: the session.
        reason: of rule S6; being offline needs no more words than that.
        sentence: what the last attempt had to say; it names the place.
        end: of the token, seconds since the epoch.
        now: for the reader's zone.
    """
    why = f"{_capital(REASONS[reason])}." if reason == "offline" else clean(sentence, SENTENCE)
    if end > now.wall:
        works = f"It works until {clock(end, now.zone)}; SSO Tray goes on trying."
    else:
        works = "It has expired; SSO Tray renews it as soon as it can."
    parts = (why, ADVICE.get(reason, ""), works)
    return f"{called(key)} could not be renewed", " ".join(part for part in parts if part)


def keyring_notice(
    reason: Literal["keyring-locked", "keyring-denied", "keyring-absent"], keys: Sequence[str]
) -> tuple[str, str]:
    """Return title and text for a keyring that a person has to see to."""
    title = _capital(REASONS[reason])
    match reason:
        case "keyring-locked":
            return title, f"Unlock it so that SSO Tray can go on renewing {names(keys)}."
        case "keyring-denied":
            return title, f"Allow SSO Tray to use it, or {names(keys)} cannot be renewed."
        case "keyring-absent":
            return title, f"Start it or sign in again: it keeps what renews {names(keys)}."
        case _:
            assert_never(reason)


def config_notice(sentence: str) -> tuple[str, str]:
    """Return title and text for a config that botocore refuses."""
    return "The AWS config cannot be read", f"{sentence} What was read before stays in use."


def adopted_notice(key: str) -> tuple[str, str]:
    """Return title and text for an adoption (K4)."""
    return (
        f"{called(key)} is now kept in the keyring",
        "Its refresh token was taken out of the token file. The AWS CLI works as before.",
    )


def group_notice(
    category: GroupedCategory, ends: Sequence[tuple[str, float | None]], now: Now
) -> tuple[str, str]:
    """
    Return title and text for several sessions with one thing to say of all.

    Args:
        category: what there is to say.
        ends: each session with the moment it is about, seconds since the epoch, if any.
        now: for the reader's zone.
    """
    who, count = names([key for key, _ in ends]), len(ends)
    match category:
        case "ending":
            when = [f"{called(key)} at {clock(at or now.wall, now.zone)}" for key, at in ends]
            body = f"{listed(when)}. Sign in to go on working without a break."
            return f"{count} sessions end soon", body
        case "expired":
            return f"{count} sessions have ended", f"Sign in again to use {who}."
        case "renewal-failing":
            return f"{count} sessions could not be renewed", f"SSO Tray goes on trying: {who}."
        case "adopted":
            body = f"The refresh tokens of {who} were taken out of the token files."
            return f"{count} sessions are now kept in the keyring", body
        case _:
            assert_never(category)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
