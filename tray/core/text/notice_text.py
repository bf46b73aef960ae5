"""Titles, texts and buttons of notices: plain words, no secrets, no markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from tray.core.effects import ButtonAction, NoticeCategory
from tray.core.model import Now, Reason
from tray.core.text.display_names import clean
from tray.core.text.sentences import called, clock, counted, listed, names

ADVICE: dict[Reason, str] = {
    "tls": "If your network inspects traffic, set AWS_CA_BUNDLE to its certificate.",
    "clock": "Set the computer's date and time.",
}
"""What helps with reasons that do not pass by themselves."""

GroupedCategory = Literal["ending", "expired", "renewal-failing", "adopted", "removed"]
"""Notices about one session each; several of a kind become one (W2)."""
KeyringReason = Literal["keyring-locked", "keyring-denied", "keyring-absent"]

SNOOZE_BUTTON = "Remind me later"
UNDO_BUTTON = "Undo"
UNLOCK_BUTTON = "Unlock"
REMOVED_BUTTONS: dict[ButtonAction, str] = {
    "sign-in": "Sign in",
    "undo-removal": UNDO_BUTTON,
    "sign-out": "Sign out at AWS",
    "restore-removed": "Always put it back",
}
"""Those of a session whose token file was removed (K5)."""
SENTENCE = 240  # most characters of a foreign sentence in a notice


OfferedSetting = Literal["start-at-login", "default-follows"]
OFFER_BUTTONS: dict[OfferedSetting, str] = {
    "start-at-login": "Start at login",
    "default-follows": "Set the AWS default",
}
_OFFERS: dict[OfferedSetting, str] = {
    "start-at-login": "start SSO Tray at every login",
    "default-follows": "let aws and every SDK follow the active profile",
}
CHANGES_NAMED = 3  # roles of each kind in a notice


def accounts_notice(
    key: str, appeared: Sequence[tuple[str, str, str]], vanished: Sequence[tuple[str, str, str]]
) -> tuple[str, str]:
    """Tell roles that are new or gone, each as account id, account name and role."""
    counts = [
        f"{counted(len(places), f'{what} role')}"
        for what, places in (("new", appeared), ("lost", vanished))
        if places
    ]
    lines = [
        f"{what}: {listed([place_name(*one) for one in places], CHANGES_NAMED)}"
        for what, places in (("New", appeared), ("No longer yours", vanished))
        if places
    ]
    return f"{called(key)}: {' and '.join(counts)}", "\n".join(lines)


def place_name(account_id: str, account_name: str, role: str) -> str:
    return f"{clean(account_name) or account_id}/{clean(role)}"


def sign_in_button(*, afresh: bool) -> str:
    """Where it ends a living session first, the button says so (L10)."""
    return "Sign out and sign in again" if afresh else "Sign in"


def click_hint(label: str, *, middle: bool) -> str:
    """For services that draw no buttons."""
    click = "Middle-click" if middle else "Click"
    return f"{click} here to {label[:1].lower()}{label[1:]}."


def ending_notice(key: str, end: float, now: Now, *, afresh: bool) -> tuple[str, str]:
    """The time left is in minutes: a notice stays on the screen and does not count down."""
    title = f'Your AWS session "{called(key)}" ends at {clock(end, now.zone)}'
    minutes = round((end - now.wall) / 60)
    left = f"{counted(minutes, 'minute')} left." if minutes > 0 else "Less than a minute left."
    if afresh:
        return title, f"{left} Sign in again to start a new session; this one ends at once."
    return title, f"{left} Sign in again to keep working."


def expired_notice(key: str, reason: Reason | None) -> tuple[str, str]:
    if reason == "removed":
        return f"Signed out of {called(key)}", "Its token file was removed."
    return f'Your AWS session "{called(key)}" has expired', "Sign in again to keep working."


def failing_notice(
    key: str, reason: Reason, sentence: str, end: float, now: Now
) -> tuple[str, str]:
    """``end`` is the token's."""
    why = "AWS can't be reached." if reason == "offline" else clean(sentence, SENTENCE)
    if end > now.wall:
        works = f"It works until {clock(end, now.zone)}, and SSO Tray keeps trying."
    else:
        works = "It has expired; SSO Tray will renew it as soon as possible."
    parts = (why, ADVICE.get(reason, ""), works)
    return f"{called(key)} can't be renewed", " ".join(part for part in parts if part)


def keyring_notice(reason: KeyringReason, keys: Sequence[str]) -> tuple[str, str]:
    match reason:
        case "keyring-locked":
            return "The keyring is locked", f"Unlock it so that {names(keys)} can be renewed."
        case "keyring-denied":
            return (
                "The keyring denied access",
                f"Allow SSO Tray to use it; otherwise {names(keys)} can't be renewed.",
            )
        case "keyring-absent":
            return (
                "The keyring isn't available",
                f"Start it or sign in again; otherwise {names(keys)} can't be renewed.",
            )
        case _:
            assert_never(reason)


def config_notice(sentence: str) -> tuple[str, str]:
    return "The AWS config can't be read", f"{sentence} The last good version stays in use."


def offer_notice(actions: Sequence[OfferedSetting]) -> tuple[str, str]:
    what = [_OFFERS[action] for action in actions]
    both = f"{what[0][:1].upper()}{listed(what)[1:]}?"
    return "SSO Tray keeps you signed in", f"{both} Both are in the menu's settings, too."


def nameless(category: NoticeCategory, at: float | None, now: Now) -> tuple[str, str]:
    """What a screen that others see may show; ``at`` is the time that is warned of."""
    again = "Sign in again to keep working."
    match category:
        case "ending":
            return f"An AWS session ends at {clock(at or now.wall, now.zone)}", again
        case "expired":
            return "An AWS session has expired", again
        case "renewal-failing":
            return "An AWS session can't be renewed", "SSO Tray keeps trying."
        case "keyring":
            return "The keyring isn't available", "Until it is, AWS sessions can't be renewed."
        case "config":
            return "The AWS config can't be read", "The last good version stays in use."
        case "adopted":
            return (
                "The keyring now holds a refresh token",
                "It was removed from the token file. The AWS CLI works as before.",
            )
        case "removed":
            return "Signed out on this machine", "AWS's session goes on."
        case "dropped":
            return "A session stays signed out", "Its tokens were deleted from the keyring."
        case "accounts":
            return "Your AWS roles have changed", "The menu shows them."
        case _:
            assert_never(category)


def adopted_notice(key: str) -> tuple[str, str]:
    return (
        f"The keyring now holds the refresh token of {called(key)}",
        "It was removed from the token file. The AWS CLI works as before.",
    )


def removed_notice(keys: Sequence[str], *, dropped: bool = False) -> tuple[str, str]:
    """Signed out by removing the token file, or the time for an Undo is over (K5)."""
    who = names(keys)
    if dropped:
        return f"{who} stays signed out", "Its tokens were deleted from the keyring."
    goes_on = "AWS's session goes on." if len(keys) == 1 else "AWS's sessions go on."
    return f"Signed out of {who} on this machine", goes_on


def group_notice(
    category: GroupedCategory, ends: Sequence[tuple[str, float | None]], now: Now
) -> tuple[str, str]:
    """Each session comes with its time, if any."""
    who, count = names([key for key, _ in ends]), len(ends)
    match category:
        case "ending":
            when = [f"{called(key)} at {clock(at or now.wall, now.zone)}" for key, at in ends]
            return f"{count} AWS sessions end soon", f"{listed(when)}. Sign in to keep working."
        case "expired":
            return f"{count} AWS sessions have expired", f"Sign in again to use {who}."
        case "renewal-failing":
            return f"{count} AWS sessions can't be renewed", f"SSO Tray keeps trying: {who}."
        case "removed":
            return removed_notice([key for key, _ in ends])
        case "adopted":
            return (
                f"The keyring now holds the refresh tokens of {count} sessions",
                f"Those of {who} were removed from the token files.",
            )
        case _:
            assert_never(category)
