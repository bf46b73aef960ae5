"""The variables that give SDKs credentials or a profile."""

from __future__ import annotations

from tray.system.config_copy import DEFAULT_HIDDEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

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
