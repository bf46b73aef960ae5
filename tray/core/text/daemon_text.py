"""Sentences about a daemon that is started when it is needed, and about doing without one."""

from __future__ import annotations

from typing import Final, Literal

from tray.core.start_rules import Beside, Obstacle
from tray.core.text.display_names import clean
from tray.core.text.sentences import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import tzinfo

NOT_RUNNING: Final = "SSO Tray isn't running."
NOT_QUIT: Final = "SSO Tray runs, but doesn't answer: try again, or end its process yourself."
ALREADY_RUNNING: Final = "SSO Tray is already running."
RUNNING: Final = "SSO Tray is running in the background. To stop it: sso-tray quit"
Icon = Literal["none", "there", "ours", "lost", "busy", "no-desktop"]
ICON: Final[dict[Icon, str]] = {
    "ours": "Its icon is in the system tray.",
    "there": "There is a system tray for its icon.",
    "lost": "The system tray doesn't show its icon. For details, run: sso-tray doctor",
    "none": "There is no system tray yet; its icon appears as soon as there is one.",
    "busy": "The desktop is busy; the icon appears as soon as it answers.",
    "no-desktop": "It has no icon: there is no desktop session here.",
}
"""What `start` says of the icon."""
ICON_ELSEWHERE: Final = (
    "Its icon is in another desktop session. To move it here, run: sso-tray quit && sso-tray start"
)

OTHER_WORLD: Final = (
    "SSO Tray is already running with other files or endpoints. Stop it there first."
)
NOT_STARTED: Final = "SSO Tray hasn't started. For details, run: sso-tray log"
PACKAGE_CHANGES: Final = "The sso-tray package is being upgraded or removed. Try again later."

_REFUSED: Final[dict[Obstacle, str]] = {
    "home-of-another": "This home directory belongs to another user, who has to start SSO Tray.",
    "package": PACKAGE_CHANGES,
}


def started(settings_file: str) -> str:
    """What was started unasked, how to end it and how to keep it off, in one line."""
    place = clean(settings_file, 200)
    return (
        "Started SSO Tray in the background, to renew your sessions. To stop it: sso-tray quit; "
        f'to never start it unasked: start_daemon = "never" in {place}'
    )


def refused(reason: Obstacle) -> str:
    """Why `start` does nothing."""
    return _REFUSED.get(reason, NOT_STARTED)


def on_another_host(host: str) -> str:
    return f"SSO Tray runs on {clean(host)} for this home directory; this command acts alone."


def held_by(host: str) -> str:
    """Why none starts here."""
    return f"SSO Tray runs on {clean(host)} for this home directory. Stop it there first."


def only_there(host: str) -> str:
    """Why a command that needs that machine's keyring does nothing."""
    return (
        f"SSO Tray runs on {clean(host)} for this home directory. Run this there; if that machine "
        "is gone, run first: sso-tray start"
    )


def without_daemon(
    until: float, zone: tzinfo | None, *, in_file: bool, beside: Beside | None, host: str | None
) -> str:
    """What becomes of a sign-in while no daemon runs here: who has refresh data renews."""
    if host is not None:
        return f"SSO Tray renews it on {clean(host)}."
    no_daemon = {
        None: "SSO Tray isn't running",
        "elsewhere": "SSO Tray runs with other files or endpoints",
        "mute": "SSO Tray doesn't answer",
    }[beside]
    if in_file:
        return f"{no_daemon}; the AWS CLI and SDKs renew it when they use it."
    return f"{no_daemon}, so nothing renews it after {clock(until, zone)}."


def home_of_another(home: str) -> str:
    return (
        f"{clean(home, 160)} is another user's home, and that user can't read this program: as "
        "root it would leave files there that keep them out. Run it as that user."
    )
