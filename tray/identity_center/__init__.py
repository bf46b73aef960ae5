"""An Identity Center on this machine, for the demo and for tests: real HTTP, strict, no AWS."""

from tray.identity_center.center import IdentityCenter, SignedIn
from tray.identity_center.faults import Fault
from tray.identity_center.journal import About, Call
from tray.identity_center.knobs import (
    DEFAULT_ACCOUNTS,
    DEFAULT_REGION,
    DEFAULT_START_URL,
    Account,
    Rotation,
    many_accounts,
)
from tray.identity_center.realm import fingerprint

__all__ = [
    "DEFAULT_ACCOUNTS",
    "DEFAULT_REGION",
    "DEFAULT_START_URL",
    "About",
    "Account",
    "Call",
    "Fault",
    "IdentityCenter",
    "Rotation",
    "SignedIn",
    "fingerprint",
    "many_accounts",
]
