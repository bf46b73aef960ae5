"""An Identity Center on this machine, for the demo and for tests: real HTTP, strict, no AWS."""

from tray.fake_aws.fake_options import (
    DEFAULT_ACCOUNTS,
    DEFAULT_REGION,
    DEFAULT_START_URL,
    Account,
    Rotation,
    many_accounts,
)
from tray.fake_aws.fault_injection import Fault
from tray.fake_aws.identity_center import IdentityCenter, SignedIn
from tray.fake_aws.realm import fingerprint
from tray.fake_aws.request_log import LoggedRequest, RequestDetails

__all__ = [
    "DEFAULT_ACCOUNTS",
    "DEFAULT_REGION",
    "DEFAULT_START_URL",
    "Account",
    "Fault",
    "IdentityCenter",
    "LoggedRequest",
    "RequestDetails",
    "Rotation",
    "SignedIn",
    "fingerprint",
    "many_accounts",
]
