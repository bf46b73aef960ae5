"""The variables that give SDKs credentials or a profile, and those of ``exec --endpoint``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path
    from typing import Final

_CONFIG, _PROFILE = "AWS_CONFIG_FILE", "AWS_PROFILE"
_COPY: Final = "SSO_TRAY_CONFIG_COPY"
_USERS_OWN: Final = "SSO_TRAY_USER_CONFIG"  # the user's AWS_CONFIG_FILE, if it was set
_STAND_IN: Final = "SSO_TRAY_STAND_IN"
DEFAULT_HIDDEN: Final = "SSO_TRAY_DEFAULT_HIDDEN"  # set within our own processes only

_CREDENTIALS: Final = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_ACCOUNT_ID",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        DEFAULT_HIDDEN,
    }
)
_BEGINNINGS: Final = ("AWS_CONTAINER_", "AWS_BEARER_TOKEN")


def without_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables that give SDKs credentials or a profile."""
    return {
        name: value
        for name, value in environ.items()
        if name not in _CREDENTIALS and not name.startswith(_BEGINNINGS)
    }


def profile_in_environment(environ: Mapping[str, str]) -> str | None:
    """
    Return the profile the environment names, or None.

    As for the AWS CLI, ``AWS_PROFILE`` comes before ``AWS_DEFAULT_PROFILE``; the first that is set
    counts, and an empty one names none.
    """
    for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if variable in environ:
            return environ[variable] or None
    return None


def led_to_copy(environ: Mapping[str, str], copy: Path, profile: str | None) -> dict[str, str]:
    """Return what leads a child's SDKs to a copy of the config without ``[default]``'s keys."""
    led = {_CONFIG: str(copy), _COPY: str(copy)}
    if profile is not None:
        led |= {_PROFILE: profile, _STAND_IN: profile}
    return led | ({_USERS_OWN: environ[_CONFIG]} if _CONFIG in environ else {})


def lead_back(environ: MutableMapping[str, str]) -> None:
    """Undo `led_to_copy`; what the user has set since stays, and what SDKs miss is marked."""
    copy, stand_in = environ.pop(_COPY, None), environ.pop(_STAND_IN, None)
    own = environ.pop(_USERS_OWN, None)
    if copy is not None and environ.get(_CONFIG) == copy:
        del environ[_CONFIG]
        environ[DEFAULT_HIDDEN] = "true"
        if own is not None:
            environ[_CONFIG] = own
    if stand_in is not None and environ.get(_PROFILE) == stand_in:
        del environ[_PROFILE]
