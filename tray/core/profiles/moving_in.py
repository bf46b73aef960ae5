"""Plans what another tool's roles become: sessions and profiles beside what is there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final, Literal

from tray.core.model import Profile, SsoSession
from tray.core.profiles.guards import MANAGED_PROFILE
from tray.core.profiles.profile_planning import fit_for_a_name, free_name, profiles_of
from tray.core.profiles.start_url import is_allowed, normal_start_url, same_portal
from tray.values import dataclass

Tool = Literal[
    "aws-sso-cli", "granted", "leapp", "aws-vault", "aws-sso-util", "yawsso", "aws-cli"
]  # fmt: skip
SCOPE: Final = "sso:account:access"
_NEVER_WRITTEN: Final = frozenset({"default", MANAGED_PROFILE})
_NAMELESS: Final = frozenset({"", "default"})
"""What tools call a portal of which there is only one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A role that another tool signs in to; without an account only its portal."""

    tool: Tool
    place: str  # file and line
    start_url: str
    sso_region: str
    name: str = ""  # what it calls the profile
    account_id: str = ""
    role_name: str = ""
    session: str = ""  # what it calls the portal
    extra: Mapping[str, str] = field(default_factory=dict)  # region, output


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of another tool's that cannot become a profile, and why, as a sentence."""

    tool: Tool
    place: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class MovePlan:
    sessions: tuple[tuple[str, Mapping[str, str]], ...] = ()  # name and keys
    profiles: tuple[tuple[str, Mapping[str, str]], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # theirs and ours, where a name is taken or unfit
    there: tuple[tuple[str, str], ...] = ()  # theirs, and the profile of the same role
    refused: tuple[str, ...] = ()  # start URLs that are not allowed here


def plan_move(
    found: Iterable[Found],
    sessions: Sequence[SsoSession],
    profiles: Sequence[Profile],
    taken: Collection[str],
    allowed: Collection[str] | None,
) -> MovePlan:
    """
    Return what to write, without touching any profile that is there.

    `taken` are the names of all profiles. A portal that has an ``[sso-session]`` keeps it. Of two
    that give the same role the first counts.
    """
    planned = _Plan(sessions, profiles, taken)
    refused: dict[str, None] = {}
    for one in found:
        if is_allowed(one.start_url, allowed):
            planned.add(one)
        else:
            refused[one.start_url] = None
    return MovePlan(
        tuple(planned.new_sessions.items()),
        tuple(planned.new_profiles.items()),
        tuple(planned.renamed),
        tuple(planned.there),
        tuple(refused),
    )


class _Plan:
    def __init__(
        self, sessions: Sequence[SsoSession], profiles: Sequence[Profile], taken: Collection[str]
    ) -> None:
        self._sessions = {one.key: one for one in sessions if not one.legacy}
        self._keys = {one.key for one in sessions}
        self._roles = {
            (key, *role): name
            for key in self._sessions
            for role, name in profiles_of(key, profiles).items()
        }
        self._taken = {*taken, *_NEVER_WRITTEN}
        self.new_sessions: dict[str, Mapping[str, str]] = {}
        self.new_profiles: dict[str, Mapping[str, str]] = {}
        self.renamed: list[tuple[str, str]] = []
        self.there: list[tuple[str, str]] = []

    def add(self, one: Found) -> None:
        session = self._session_of(one)
        if not one.account_id:
            return
        role = (session, one.account_id, one.role_name)
        if role in self._roles:
            if self._roles[role] not in self.new_profiles:
                self.there.append((one.name, self._roles[role]))
            return
        name = fit_for_a_name(one.name) or f"{one.account_id}-{fit_for_a_name(one.role_name)}"
        if name in self._taken:
            name = free_name(f"{name}-sso", self._taken)
        if name != one.name:
            self.renamed.append((one.name, name))
        self._roles[role] = name
        self._taken.add(name)
        self.new_profiles[name] = {
            "sso_session": session,
            "sso_account_id": one.account_id,
            "sso_role_name": one.role_name,
            **one.extra,
        }

    def _session_of(self, one: Found) -> str:
        for key, there in self._sessions.items():
            if same_portal(there.start_url, one.start_url) and there.region == one.sso_region:
                return key
        url = normal_start_url(one.start_url)
        host = url.partition("://")[2].partition(".")[0]
        given = "" if one.session.lower() in _NAMELESS else one.session
        key = free_name(fit_for_a_name(given) or fit_for_a_name(host) or "sso", self._keys)
        self._sessions[key] = SsoSession(key, url, one.sso_region)
        self._keys.add(key)
        self.new_sessions[key] = {
            "sso_start_url": url,
            "sso_region": one.sso_region,
            "sso_registration_scopes": SCOPE,
        }
        return key
