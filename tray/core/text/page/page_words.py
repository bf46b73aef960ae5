"""What the page itself says, and what its server answers to what it cannot carry out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tray.core.text.display_names import clean
from tray.core.text.sentences import counted, listed

WORDS: Final[Mapping[str, str]] = {
    "open-console": "Open console",
    "service": "Service",
    "home-page": "home page",
    "region": "Region",
    "profiles-region": "the profile's",
    "chosen-role": "The chosen role",
    "active": "Active",
    "favourite": "★ Favourite",
    "no-favourite": "☆ Favourite",
    "portals-region": "the portal's",
    "no-console": "This profile has no console of its own. "
    "At a terminal: sso-tray console --federate",
    "opening": "Opening the console of {account}…",
    "account": "Account",
    "role": "Role",
    "session": "Session",
    "profile": "Profile",
    "needs-none": "none, and it needs none",
    "guarded": "Guarded",
    "yes": "yes",
    "last-used": "Last used",
    "copy-what": "Copy: {what}",
    "config-change": "The change to the AWS config",
    "show-change": "Show the change",
    "write-it": "Write it",
    "add-as-profile": "Add as a profile",
    "profile-name": "Name of the profile",
    "find": "Find an account, role or profile",
    "roles": "Roles",
    "accounts": "Accounts",
    "keys": "↑ ↓ choose · Enter opens the console · Tab for more",
    "nothing-fits": "Nothing fits “{words}”.",
    "no-role": "no Identity Center role",
    "sessions": "Sessions",
    "sign-in": "Sign in",
    "sign-in-afresh": "Sign out and sign in again",
    "renew": "Renew now",
    "undo": "Undo the sign-out",
    "sign-out": "Sign out",
    "listing": "Reading the accounts of {name}: {done} of {total}",
    "listing-begins": "Reading the accounts of {name}",
    "fetch": "Fetch the accounts now",
    "sign-out-sure": "Sign out of “{name}”? Programs that use it have to sign in again.",
    "afresh-sure": "Sign out of “{name}” and sign in again? Until then, programs can't use it.",
    "sign-out-and-in": "Sign out and in",
    "used-lately": "Used in the last day",
    "used-by-none": "By no program that asked SSO Tray.",
    "how-much": "How much is shown",
    "no-history": "No sign-in, renewal or use by a program in this time.",
    "history": "History",
    "in-words": "In words",
    "gone": "SSO Tray no longer serves this page. Open it again: sso-tray open",
    "refused": "The request was refused ({status}).",
    "page-refused": "SSO Tray refuses this page.",
    "active-profile": "Active: {name}",
    "no-active-profile": "No active profile",
    "not-open": "Not open · SSO Tray",
    "cancel": "Cancel",
    # Settings
    "settings": "Settings",
    "settings-intro": "What you set here counts at once, as in the menu, and wins over {file}.",
    "save": "Save",
    "reset": "Reset",
    "reset-one": "Reset {name}",
    "save-one": "Save {name}",
    "default": "Default",
    "set-by": "Set by: {whence}",
    "one-a-line": "One a line.",
    "comma": "Numbers, with commas between them.",
    "at-a-terminal": "A page can't choose what program runs, or where tokens go. At a terminal:",
    # Accounts, sessions
    "no-accounts": "No accounts are known yet. Sign in under Sessions, or go to Set up.",
    "no-sessions": "No SSO session is configured yet.",
    # Set up
    "setup": "Set up",
    "setup-title": "Set up AWS access",
    "setup-portal": "1. Your access portal",
    "setup-portal-help": "You need two things from your company: the address of its AWS access "
    "portal and the region of its Identity Center. They are in the mail that invited you, or in "
    "the portal below “Access keys”.",
    "setup-url": "Address of the access portal (start URL)",
    "setup-url-help": "For example https://acme.awsapps.com/start, or d-1234567890.awsapps.com. "
    "Paste it as it is in your browser.",
    "setup-region": "Region of the Identity Center (SSO region)",
    "setup-region-help": "For example eu-west-1. It needn't be the region that you work in.",
    "setup-name": "Name of this sign-in (session)",
    "setup-name-help": "Your company's name, say. Commands call it so.",
    "setup-next": "Show the change",
    "setup-write": "Write it and sign in",
    "setup-there": "Sessions that are there already:",
    "setup-use": "Go on with {name}",
    "setup-signing-in": "Finish the sign-in in the page that your browser opens.",
    "setup-cancel": "Cancel the sign-in",
    "setup-roles": "2. Accounts and roles",
    "setup-listing": "Asking AWS for your accounts and roles…",
    "setup-roles-help": "Choose those that programs are to use by name. The rest can be opened "
    "under Accounts all the same.",
    "setup-find": "Find an account or role",
    "setup-every": "Choose all that are shown",
    "setup-none": "Choose none",
    "setup-more": "{count} more: type a few letters to find them.",
    "setup-chosen": "{count} chosen",
    "setup-has": "profile {profile}",
    "setup-work-region": "Region that the profiles work in",
    "setup-work-region-help": "For example eu-central-1. Leave it empty for none.",
    "setup-look": "Show the change",
    "setup-add": "Write the profiles",
    "setup-use-it": "3. Use it",
    "setup-use-help": "All of this can be changed later, in the menu and here.",
    "setup-profile": "Profile",
    "setup-active": "Make it the active profile",
    "setup-console": "Open its console",
    "setup-follow": "Let aws and every program follow the active profile",
    "setup-follow-help": "Then a bare “aws” works, in every terminal. It writes a [default] "
    "section that can be taken out again in the menu.",
    "setup-login": "Start SSO Tray at login",
    "guarded-sure": "“{profile}” is guarded. Make it the active profile?",
    "make-active": "Make active",
    "check-access": "Check access",
    "continue": "Continue",
    # Help
    "help": "Help",
    "help-more": "All commands: sso-tray --help. The guide: sso-tray guide.",
    "run-doctor": "Run doctor",
    "doctor": "What the doctor found",
    # Everywhere
    "copy": "Copy",
    "copied": "Copied.",
    "no-clipboard": "The browser doesn't let pages copy. The line is selected: press Ctrl+C.",
}
"""The page's scripts get these as ``/text.js``, by name; ``{name}`` is filled in by the script."""


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


def access(arn: str) -> str:
    return f"It works: you are {arn}."


def day(session: str, numbers: Sequence[int]) -> str:
    """Numbers of a day as in `tray.core.views.daily_totals.KINDS`."""
    nouns = ("sign-in", "renewal", "failure", "use")
    said = [counted(one, noun) for one, noun in zip(numbers, nouns, strict=True) if one]
    return f"{clean(session)}: {listed(said)}"
