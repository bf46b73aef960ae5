"""Everything the rules can ask of the world; nothing else ever leaves them."""

from __future__ import annotations

from typing import Any, Literal

from tray.core.model import Memory, SsoSession
from tray.core.requests import SettingName
from tray.values import dataclass

JobKind = Literal["renew", "adopt", "judge-removed", "sign-out", "release", "check"]
"""
What a worker does under the session's lock. ``check`` asks the portal about the published token,
and renews nothing.
"""

NoticeCategory = Literal["ending", "expired", "renewal-failing", "keyring", "config", "adopted"]
ButtonAction = Literal["sign-in", "sign-in-afresh", "snooze", "undo-adoption", "unlock-keyring"]


@dataclass(frozen=True, slots=True)
class Button:
    """One button of a notice: what it does, what it says, and to which sessions."""

    action: ButtonAction
    label: str
    keys: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a subscriber gets it."""
        return {
            "type": "Button",
            "action": self.action,
            "label": self.label,
            "keys": list(self.keys),
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """
    Something a person should hear of, as data (W1).

    Args:
        slot: notices in the same slot replace each other on screen.
        once_key: the cause; each is told once.
        category: of rule W1.
        severity: ``normal`` or ``urgent``.
        title: a few words.
        text: a sentence or two.
        buttons: what can be done about it.
        keys: the sessions it speaks of.
        at: the moment it warns of, seconds since the epoch, if it warns of one.
    """

    slot: str
    once_key: str
    category: NoticeCategory
    severity: Literal["normal", "urgent"]
    title: str
    text: str
    buttons: tuple[Button, ...] = ()
    keys: tuple[str, ...] = ()
    at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a subscriber gets it."""
        return {
            "type": "Notice",
            "slot": self.slot,
            "once_key": self.once_key,
            "category": self.category,
            "severity": self.severity,
            "title": self.title,
            "text": self.text,
            "buttons": [button.to_json() for button in self.buttons],
            "keys": list(self.keys),
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class StartJob:
    """Run a job; its end comes back as ``JobDone`` with the same attempt."""

    session: SsoSession
    attempt: int
    kind: JobKind
    adopt: bool = True


@dataclass(frozen=True, slots=True)
class StartSignIn:
    """Start a sign-in process of its own."""

    session: SsoSession
    attempt: int
    method: Literal["pkce", "device"]
    afresh: bool
    callback_port: int | None = None


@dataclass(frozen=True, slots=True)
class CancelSignIn:
    """Close the sign-in process's input; it ends by itself."""

    key: str
    attempt: int


@dataclass(frozen=True, slots=True)
class OpenBrowser:
    """
    Open the page where the click was made: a person asked for exactly this (L6).

    Args:
        key: the session whose browser it is.
        url: the page.
        profile: the profile it is about, which may have a browser of its own.
    """

    key: str
    url: str
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class InspectTokenFile:
    """Look at a session's cache file, after ``delay`` seconds."""

    key: str
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class ShowNotice:
    """Tell the person."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class WithdrawNotice:
    """What this slot says no longer holds."""

    slot: str


@dataclass(frozen=True, slots=True)
class SaveMemory:
    """Write a session's memory to ``state.json``."""

    key: str
    memory: Memory


@dataclass(frozen=True, slots=True)
class RecordActive:
    """Write the active profile (None removes it)."""

    profile: str | None


@dataclass(frozen=True, slots=True)
class ForgetCredentials:
    """Drop cached role credentials of this session (T14)."""

    key: str


@dataclass(frozen=True, slots=True)
class Reply:
    """
    Answer a waiting request.

    Args:
        request: whose.
        kind: ``progress`` may come several times; ``done`` is the last word.
        exit: exit code of rule C1; 0 done, 1 failed, 2 no such name, 3 a person must sign in.
        sentence: for the person.
        url: the page to open, where the caller opens it (L6).
        user_code: to be compared (L8).
        deadline: end of the wait, seconds since the epoch.
        afresh: whether the running session is ended before the page opens (L9).
    """

    request: str
    kind: Literal["progress", "done"]
    exit: int = 0
    sentence: str = ""
    url: str | None = None
    user_code: str | None = None
    deadline: float | None = None
    afresh: bool = False


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """A line for the history: what happened to which session."""

    what: str
    key: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class UnlockKeyring:
    """Ask the keyring to unlock, prompt and all: a person has just clicked for it."""


@dataclass(frozen=True, slots=True)
class CopyText:
    """Put a text on the clipboard: a link or names, never a credential; ``what`` names it."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class ChangeSetting:
    """Write a setting the menu offers; what was written comes back as ``PreferencesRead``."""

    name: SettingName
    on: bool


@dataclass(frozen=True, slots=True)
class ListRoles:
    """Let a worker list accounts and roles; it ends as ``RolesListed`` or ``ListingFailed``."""

    session: SsoSession
    attempt: int


@dataclass(frozen=True, slots=True)
class AddProfile:
    """Write a new profile with these keys and values; it ends as ``ProfileAdded``."""

    key: str
    name: str
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """
    Tell what came of a click that shows nothing by itself, also to who wants no warnings.

    Args:
        title: a few words.
        text: a sentence.
        good: whether it is what the click was meant to do.
    """

    title: str
    text: str
    good: bool = False


@dataclass(frozen=True, slots=True)
class Quit:
    """End the daemon."""


Effect = (
    StartJob
    | StartSignIn
    | CancelSignIn
    | OpenBrowser
    | InspectTokenFile
    | ShowNotice
    | WithdrawNotice
    | SaveMemory
    | RecordActive
    | ForgetCredentials
    | Reply
    | RecordHistory
    | UnlockKeyring
    | CopyText
    | ChangeSetting
    | ListRoles
    | AddProfile
    | Report
    | Quit
)


def done(requests: tuple[str | None, ...], exit_code: int, sentence: str) -> tuple[Effect, ...]:
    """Return the last word for everyone who waits; None waits for nothing (the tray asked)."""
    return tuple(
        Reply(request, "done", exit_code, sentence) for request in requests if request is not None
    )
