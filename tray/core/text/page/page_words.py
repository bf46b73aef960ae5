"""What the page itself says: its scripts get these as ``/text.js``, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
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
    # Everywhere
    "copy": "Copy",
    "copied": "Copied.",
    "no-clipboard": "The browser doesn't let pages copy. The line is selected: press Ctrl+C.",
}
"""``{name}`` is filled in by the script."""
