"""All effects: what the core can ask of the world."""

from __future__ import annotations

from typing import Any, Final, Literal

from tray.core.accounts.remembered_roles import RoleKey
from tray.core.json_members import written
from tray.core.model import InputFile, Memory, SsoSession, State
from tray.core.requests import (
    PageRequested,
    SettingRequested,
    TerminalRequested,
    UnlockRequested,
)
from tray.core.text import menu_text
from tray.values import dataclass

CLICK: Final = "click"
"""The request of a click in the menu that shows nothing by itself; its answer is a notice."""

JobKind = Literal[
    "renew", "adopt", "judge-removed", "undo-removal", "drop-removed", "sign-out", "release",
    "lend", "check",
]  # fmt: skip
"""What a worker does under the session's lock; ``check`` only asks the portal about the token."""

NoticeCategory = Literal[
    "ending",
    "expired",
    "renewal-failing",
    "keyring",
    "config",
    "adopted",
    "removed",
    "dropped",
    "accounts",
]
ButtonAction = Literal[
    "sign-in", "sign-in-afresh", "snooze", "undo-adoption", "unlock-keyring", "undo-removal",
    "sign-out", "restore-removed", "start-at-login", "default-follows",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Button:
    action: ButtonAction
    label: str
    keys: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        names = ("action", "label", "keys")
        return {"type": "Button", **written(self, names, self.__slots__)}


@dataclass(frozen=True, slots=True)
class Notice:
    slot: str  # notices in the same slot replace each other on screen
    once_key: str  # the cause; each is shown once
    category: NoticeCategory
    severity: Literal["quiet", "normal", "urgent"]
    title: str
    text: str
    buttons: tuple[Button, ...] = ()
    keys: tuple[str, ...] = ()  # the sessions it is about
    at: float | None = None  # the time it warns of, seconds since the epoch
    state: State | None = None  # whose picture it carries, by default the category's

    def to_json(self) -> dict[str, Any]:
        names = (
            "slot", "once_key", "category", "severity", "title", "text", "buttons", "keys", "at",
        )  # fmt: skip
        return {"type": "Notice", **written(self, names, self.__slots__)}


@dataclass(frozen=True, slots=True)
class StartJob:
    """Run a job; it ends as ``JobDone`` with the same attempt."""

    session: SsoSession
    attempt: int
    kind: JobKind
    adopt: bool = True


@dataclass(frozen=True, slots=True)
class StartSignIn:
    session: SsoSession
    attempt: int
    method: Literal["pkce", "device"]
    afresh: bool
    callback_port: int | None = None
    request: str | None = None  # who asked, and through whose network


@dataclass(frozen=True, slots=True)
class CancelSignIn:
    """Close the sign-in process's input; it ends by itself."""

    key: str
    attempt: int


@dataclass(frozen=True, slots=True)
class OpenBrowser:
    """Open the page where the click was made: the user asked for exactly this (L6)."""

    key: str  # the session whose browser it is
    url: str
    profile: str | None = None  # may have a browser of its own
    names: tuple[tuple[str, str], ...] = ()  # for the browser's template: account, role


@dataclass(frozen=True, slots=True)
class InspectTokenFile:
    key: str
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Read a file again that could not be read before."""

    file: InputFile


@dataclass(frozen=True, slots=True)
class ShowNotice:
    notice: Notice


@dataclass(frozen=True, slots=True)
class WithdrawNotice:
    slot: str


@dataclass(frozen=True, slots=True)
class SaveMemory:
    key: str
    memory: Memory


@dataclass(frozen=True, slots=True)
class RecordActive:
    """Comes before what tells of it; where it fails, its own answer says so instead."""

    profile: str | None
    request: str | None = None  # who waits for an answer; None: a click


@dataclass(frozen=True, slots=True)
class ForgetCredentials:
    """Drop cached role credentials of this session (T14)."""

    key: str


@dataclass(frozen=True, slots=True)
class Reply:
    request: str
    kind: Literal["progress", "report", "done"]  # the first two may come several times
    exit: int = 0  # rule C1: 0 done, 1 failed, 2 no such name, 3 the user must sign in
    sentence: str = ""
    url: str | None = None  # to open, where the caller opens it (L6)
    user_code: str | None = None  # to be compared (L8)
    deadline: float | None = None  # end of the wait, seconds since the epoch
    afresh: bool = False  # the running session is ended before the page opens (L9)


@dataclass(frozen=True, slots=True)
class RecordHistory:
    what: str
    key: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CarryOut:
    """Do what the user asked for: the rules have nothing to add."""

    request: UnlockRequested | PageRequested | TerminalRequested | SettingRequested


@dataclass(frozen=True, slots=True)
class CopyText:
    """Copy a link or names, never a credential; ``what`` names it."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class RememberRole:
    """Keep that a role was used, or is a favourite of the user's, or is none any more."""

    role: RoleKey
    how: Literal["used", "starred", "unstarred"]


@dataclass(frozen=True, slots=True)
class IndexAccounts:
    """List accounts and roles into the index; ends as ``AccountsListed`` or not."""

    session: SsoSession
    attempt: int


@dataclass(frozen=True, slots=True)
class RecordAccountsUse:
    """Remember that a surface needed the index."""

    at: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class AddProfile:
    """Write a new profile with these keys; ends as ``ProfileAdded``."""

    key: str
    name: str
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Show the result of a click that shows nothing by itself, even if warnings are off."""

    title: str
    text: str
    good: bool = False  # whether the click did what it was meant to do
    state: State | None = None  # whose picture it carries, if it is about a state


@dataclass(frozen=True, slots=True)
class OfferSettings:
    """After a click has signed in: offer start at login and the AWS default, if never offered."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the daemon."""


Effect = (
    StartJob
    | StartSignIn
    | CancelSignIn
    | OpenBrowser
    | InspectTokenFile
    | ReadAgain
    | ShowNotice
    | WithdrawNotice
    | SaveMemory
    | RecordActive
    | ForgetCredentials
    | Reply
    | RecordHistory
    | CarryOut
    | CopyText
    | RememberRole
    | IndexAccounts
    | RecordAccountsUse
    | AddProfile
    | Report
    | OfferSettings
    | Quit
)


def done(requests: tuple[str | None, ...], exit_code: int, sentence: str) -> tuple[Effect, ...]:
    """
    Return the last answer for each waiting request; None is the tray, which does not wait.

    That of a click is a notice, unless only a sign-in helps: icon and warning say that.
    """
    effects: list[Effect] = []
    for request in requests:
        if request == CLICK and exit_code != 3:
            effects.append(Report(menu_text.RENEW_NOW, sentence, good=not exit_code))
        elif request is not None and request != CLICK:
            effects.append(Reply(request, "done", exit_code, sentence))
    return tuple(effects)
