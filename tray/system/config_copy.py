"""``exec --endpoint``'s child: a copy of the AWS config hides ``[default]``, but not from us."""

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


def led_to_copy(environ: Mapping[str, str], copy: Path, profile: str | None) -> dict[str, str]:
    """Return the variables that lead SDKs to the copy, and maybe to a profile of it."""
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
