"""A role that is used without a profile in the AWS config."""

from __future__ import annotations

from collections.abc import Sequence

from tray.core.accounts.remembered_roles import RoleKey
from tray.core.model import Profile, SsoSession
from tray.core.profiles.profile_planning import usual_region
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class RolePlace:
    session: str  # key
    account_id: str
    role_name: str


def bare_role(
    session: SsoSession, account_id: str, role_name: str, profiles: Sequence[Profile] = ()
) -> Profile:
    """Return it as a profile named ``ACCOUNT/ROLE``, in the region that most profiles have."""
    of_session = [one for one in profiles if one.session == session.key]
    return Profile(
        role_path(account_id, role_name),
        "sso",
        session.key,
        account_id,
        role_name,
        usual_region(of_session) or usual_region(profiles),
        connection=session.connection,
    )


def is_bare_role(profile: Profile) -> bool:
    """Whether session, account and role say all of it, so that no config has to know its name."""
    place = role_path(profile.account_id or "", profile.role_name or "")
    return profile.kind == "sso" and profile.name == place and profile.session is not None


def role_key(profile: Profile) -> RoleKey:
    """Return what a profile, or a role without one, is remembered by."""
    if not is_bare_role(profile):
        return (profile.name,)
    return (profile.session or "", profile.account_id or "", profile.role_name or "")


def role_path(account_id: str, role_name: str) -> str:
    return f"{account_id}/{role_name}"
