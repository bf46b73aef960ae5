"""What the page's server answers a request that it cannot carry out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tray.core.text.display_names import clean
from tray.core.text.sentences import counted, listed

USED_LINK: Final = "This link has been used already. Open the page again: sso-tray open"
NOT_OURS: Final = "This page isn't open any more. Open it again: sso-tray open"
NO_REQUEST: Final = "The page sent a request that can't be read. Reload it."
MISTAKE: Final = "SSO Tray hit an internal error. For details, run: sso-tray log"
TOO_SLOW: Final = "That takes too long. Try again."
NO_DAEMON: Final = "SSO Tray isn't running. To start it: sso-tray start"
GONE: Final = "This role isn't in the list any more."
OPENED: Final = "The accounts page opens in your browser."
NOT_OPENED: Final = "The page couldn't be started."
NO_SESSION: Final = "This session isn't in the AWS config any more."
NEEDS_PROFILE: Final = "Only a profile can be active. Add one for this role first."
NOT_STARTED: Final = "The command couldn't be run. For details, run: sso-tray log"
AT_A_TERMINAL: Final = "Set this at a terminal, with the command that is shown."
NOTHING_CHOSEN: Final = "Choose at least one role."
NO_NAME: Final = "Give the session a name, such as your company's."
NO_URL: Final = "Give the address of your access portal."
NO_REGION: Final = "Give the region of your Identity Center, such as eu-west-1."


def day(session: str, numbers: Sequence[int]) -> str:
    """Numbers of a day as in `tray.core.views.daily_totals.KINDS`."""
    nouns = ("sign-in", "renewal", "failure", "use")
    said = [counted(one, noun) for one, noun in zip(numbers, nouns, strict=True) if one]
    return f"{clean(session)}: {listed(said)}"


def access(arn: str) -> str:
    return f"It works: you are {arn}."
