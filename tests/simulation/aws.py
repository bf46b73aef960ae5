"""AWS as the workers' clients see it: what it grants, refuses, forgets, delays and loses."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Literal

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.core.story import T0
from tests.simulation.clockwork import Clockwork
from tray.aws.api.api_errors import captive_portal
from tray.aws.api.clients import AwsClients

HOUR = 3600.0
REGISTRATION = 90 * 24 * HOUR
"""Seconds a client registration lives."""
READ_TIMEOUT = 15.0

Rotation = Literal["none", "grace", "strict", "family"]
"""``family``: as ``strict``, and who uses a replaced token again ends all that came of it."""
Weather = Literal["well", "offline", "503", "500", "429", "html", "slow", "mute"]
Answer = Literal["renewed", "refused", "trouble", "lost", "checked"]


@dataclass(frozen=True, slots=True)
class Given:
    """
    A token AWS gave out.

    Args:
        access, refresh: the two tokens; no refresh token where there is none.
        place: start URL of the portal.
        family: number of the sign-in it comes from.
        number: counts all tokens of a portal.
        issued, ends: true time, seconds.
        client: of the registration.
    """

    access: str
    refresh: str | None
    place: str
    family: int
    number: int
    issued: float
    ends: float
    client: str

    @property
    def fingerprint(self) -> str:
        """As `SsoToken.fingerprint`."""
        return hashlib.sha256(self.access.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Portal:
    """
    One Identity Center, for one user.

    Args:
        place: start URL, which also names its tokens apart from another portal's.
        length: seconds of a portal session.
        rotation: what becomes of a refresh token that was used.
        registrations: true time at which each family's client registration ends, seconds.
        shares_clients: whether who signs in again uses the registration made before (L2).
    """

    place: str
    length: float
    rotation: Rotation = "grace"
    shares_clients: bool = False
    life: float = HOUR
    number: int = 0
    ends: float | None = None
    family: int = 0
    registrations: dict[int, float] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    _clients: dict[str, tuple[str, float]] = field(default_factory=dict)
    _client_of: dict[int, str] = field(default_factory=dict)
    _accepted: dict[int, set[str]] = field(default_factory=dict)
    _family_of: dict[str, int] = field(default_factory=dict)
    _dead: set[str] = field(default_factory=set)

    def lives(self, at: float) -> bool:
        """Whether a portal session is under way."""
        return self.ends is not None and at < self.ends

    def sign_in(self, at: float, by: str) -> Given:
        """Sign in with a client: a living session is joined and keeps its end (G1)."""
        return self._give(at, self._begun(at, by), None)

    def sign_in_without_refresh(self, at: float) -> Given:
        """Sign in as an older CLI does: eight hours, and nothing to renew with."""
        return self._give(at, self._begun(at, "older"), None, lean=True)

    def _begun(self, at: float, by: str) -> int:
        if not self.lives(at):
            self.ends = at + self.length
            self._accepted.clear()
        self.family += 1
        client, ends = self._clients.get(by, ("", 0.0))
        if not self.shares_clients or at >= ends:
            client, ends = f"client-{self.family}", at + REGISTRATION
        self._clients[by] = client, ends
        self._client_of[self.family] = client
        self.registrations[self.family] = ends
        return self.family

    def sign_out(self) -> None:
        """End the portal session: every token of it is dead at once."""
        self.ends = None
        self._accepted.clear()
        self._dead.update(self.given)

    def cut_short(self, at: float) -> None:
        """End the portal session as an identity provider does: tokens live on, grants do not."""
        if self.lives(at):
            self.ends = at
            self._accepted.clear()

    def refresh(self, refresh: str, at: float) -> Given | Literal["refused", "registration"]:
        """Answer a refresh."""
        family = self._family_of.get(refresh)
        if family is not None and at >= self.registrations[family]:
            return "registration"
        taken = family is not None and refresh in self._accepted.get(family, ())
        if self.lives(at) and not taken and family is not None and self.rotation == "family":
            self._accepted.pop(family, None)
        if not self.lives(at) or not taken or family is None:
            return "refused"
        return self._give(at, family, refresh)

    def check(self, access: str, at: float) -> bool:
        """Whether the portal takes an access token."""
        given = self.given.get(access)
        return given is not None and access not in self._dead and at < given.ends

    def accepts(self, refresh: str | None, at: float) -> bool:
        """Whether a refresh token would be taken now."""
        family = None if refresh is None else self._family_of.get(refresh)
        granted = family is not None and self.granted(family, at)
        return granted and refresh in self._accepted.get(family or 0, ())

    def granted(self, family: int, at: float) -> bool:
        """Whether any refresh token of a sign-in would be taken from anybody."""
        registered = at < self.registrations[family]
        return self.lives(at) and registered and bool(self._accepted.get(family))

    def end_registrations(self, at: float) -> None:
        """Let all client registrations made so far end now."""
        self._clients.clear()
        self.registrations = {family: min(end, at) for family, end in self.registrations.items()}

    def _give(self, at: float, family: int, used: str | None, *, lean: bool = False) -> Given:
        assert self.ends is not None
        self.number += 1
        refresh = None if lean else f"aor{self.place}#{self.number}"
        if used is not None and self.rotation == "none":
            refresh = used
        life = 8 * HOUR if lean else self.life
        given = Given(
            access=f"aoa{self.place}#{self.number}",
            refresh=refresh,
            place=self.place,
            family=family,
            number=self.number,
            issued=at,
            ends=at + min(life, float(int(self.ends - at) + 1)),
            client=self._client_of[family],
        )
        kept = {used} if used is not None and self.rotation in ("grace", "none") else set()
        self._accepted[family] = {one for one in (refresh, *kept) if one is not None}
        if refresh is not None:
            self._family_of[refresh] = family
        self.given[given.access] = given
        return given


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached AWS, or tried to: when, what, about which token, by which process."""

    at: float
    operation: str
    place: str
    answer: Answer
    by: str
    key: str


class Aws:
    """
    All portals, and the network before them.

    Args:
        clockwork: true time.
        draw: a number in [0, 1) for a purpose.
        portals: by start URL.
    """

    def __init__(
        self,
        clockwork: Clockwork,
        draw: Callable[[str, str], float],
        portals: dict[str, Portal],
        met: Counter[str],
    ) -> None:
        self.clockwork = clockwork
        self.portals = portals
        self.weather: Weather = "well"
        self.calls: list[Call] = []
        self.in_flight: Counter[str] = Counter()
        self.patience_until: dict[str, float] = {}
        self.portal_patience: dict[str, float] = {}
        self.retry_after = 90
        self.spent: list[tuple[str, Given]] = []
        self.taken: set[str] = set()
        self.on_flight: Callable[[str, str], None] = lambda _key, _refresh: None
        self.on_given: Callable[[str, str, Given], None] = lambda _key, _by, _given: None
        self._draw = draw
        self._met = met
        self._numbers = itertools.count(1)

    def portal_of(self, token: str) -> Portal | None:
        """Return the portal that gave a token out."""
        return self.portals.get(token[3:].rpartition("#")[0])

    def given(self, access: str) -> Given | None:
        """Return what an access token came with."""
        portal = self.portal_of(access)
        return None if portal is None else portal.given.get(access)

    def accepts(self, refresh: str | None) -> bool:
        """Whether AWS would take a refresh token now."""
        portal = None if refresh is None else self.portal_of(refresh)
        return portal is not None and portal.accepts(refresh, self.clockwork.time)

    def works(self, access: str) -> bool:
        """Whether the portal would take an access token now."""
        portal = self.portal_of(access)
        return portal is not None and portal.check(access, self.clockwork.time)


_TEMPLATE = AwsClients()


class Clients(AwsClients):
    """The clients of one process; a call waits in virtual time."""

    def __init__(self, aws: Aws, wall: Callable[[], float], by: str, key: str) -> None:
        # As `reaching` does: making botocore's configuration again takes longer than a job.
        self.__dict__.update(_TEMPLATE.__dict__)
        self._aws, self._by, self._key = aws, by, key
        self._clock = wall

    def oidc(self, region: str, kept: str = "") -> Any:
        """Return what stands for botocore's client."""
        del region, kept
        return self

    portal = oidc

    def create_token(self, **arguments: str) -> dict[str, Any]:
        """Answer CreateToken with a refresh token."""
        aws, refresh = self._aws, arguments["refreshToken"]
        portal = aws.portal_of(refresh)
        place = portal.place if portal is not None else "nowhere"
        aws.on_flight(self._key, refresh)
        aws.in_flight[self._key] += 1
        try:
            return self._created(portal, refresh, place)
        finally:
            aws.in_flight[self._key] -= 1

    def _created(self, portal: Portal | None, refresh: str, place: str) -> dict[str, Any]:
        aws = self._aws
        self._reach("CreateToken", place)
        found = "refused" if portal is None else portal.refresh(refresh, aws.clockwork.time)
        if not isinstance(found, Given):
            self._note("CreateToken", place, "refused")
            aws._met["registration-expired" if found == "registration" else "refused"] += 1
            code = "InvalidClient" if found == "registration" else "InvalidGrant"
            raise self._error("CreateToken", 400, f"{code}Exception")
        aws.on_given(self._key, self._by, found)
        self._come_back("CreateToken", place, found)
        self._note("CreateToken", place, "renewed")
        life = int(found.ends - found.issued)
        return self._whole(
            {"accessToken": found.access, "refreshToken": found.refresh, "expiresIn": life}
        )

    def list_accounts(self, **arguments: Any) -> dict[str, Any]:
        """Answer the question whether an access token works."""
        self._check("ListAccounts", arguments["accessToken"])
        return self._whole({"accountList": []})

    def logout(self, **arguments: Any) -> dict[str, Any]:
        """End the portal session."""
        access = arguments["accessToken"]
        self._check("Logout", access)
        portal = self._aws.portal_of(access)
        assert portal is not None
        portal.sign_out()
        return self._whole({})

    def _check(self, operation: str, access: str) -> None:
        portal = self._aws.portal_of(access)
        place = portal.place if portal is not None else "nowhere"
        self._reach(operation, place)
        self._note(operation, place, "checked")
        if not self._aws.works(access):
            self._aws._met["portal-401"] += 1
            raise self._error(operation, 401, "UnauthorizedException")
        self._aws.taken.add(access)

    # --- The way there and back ----------------------------------------------

    def _reach(self, operation: str, place: str) -> None:
        """Let a request reach AWS, or fail on its way as the weather is when it arrives."""
        aws = self._aws
        slow = aws.weather == "slow"
        aws.clockwork.wait(0.05 + (13.0 if slow else 0.3) * aws._draw("there", self._key))
        weather = aws.weather
        if weather == "well":
            return
        aws._met[f"aws-{weather}"] += 1
        where = {"endpoint_url": "https://oidc.amazonaws.com"}
        match weather:
            case "offline":
                raise EndpointConnectionError(**where, error="no route")
            case "html":
                raise captive_portal("oidc.amazonaws.com")
            case "503":
                self._note(operation, place, "trouble")
                raise self._error(operation, 503, "ServiceUnavailable")
            case "429":
                asked = aws.patience_until if operation == "CreateToken" else aws.portal_patience
                asked[self._key] = aws.clockwork.time + aws.retry_after
                self._note(operation, place, "trouble")
                raise self._error(operation, 429, "TooManyRequestsException", aws.retry_after)
            case "500" | "mute" if (
                aws._draw("not done", self._key) < 0.7 or operation != "CreateToken"
            ):
                self._lose(operation, place)
            case _:
                pass  # it is done, and `_come_back` loses or delays the answer

    def _come_back(self, operation: str, place: str, given: Given) -> None:
        """Let an answer come back, or get lost."""
        aws = self._aws
        aws.clockwork.wait(
            0.02 + (1.8 if aws.weather == "slow" else 0.2) * aws._draw("back", self._key)
        )
        if aws.weather in ("500", "mute", "offline"):
            aws._met["answer-lost"] += 1
            aws.spent.append((self._key, given))
            self._lose(operation, place)

    def _lose(self, operation: str, place: str) -> None:
        aws = self._aws
        self._note(operation, place, "lost")
        if aws.weather == "500":
            raise self._error(operation, 500, "InternalServerException")
        aws.clockwork.wait(READ_TIMEOUT)
        raise ReadTimeoutError(endpoint_url="https://oidc.amazonaws.com", error="time out")

    def _note(self, operation: str, place: str, answer: Answer) -> None:
        aws = self._aws
        aws.calls.append(Call(aws.clockwork.time, operation, place, answer, self._by, self._key))

    def _metadata(self, status: int, patience: int | None = None) -> dict[str, Any]:
        headers = {"date": formatdate(T0 + self._aws.clockwork.time, usegmt=True)}
        if patience is not None:
            headers["retry-after"] = str(patience)
        return {"HTTPStatusCode": status, "HTTPHeaders": headers, "RequestId": "r"}

    def _whole(self, members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "ResponseMetadata": self._metadata(200)}

    def _error(
        self, operation: str, status: int, code: str, patience: int | None = None
    ) -> ClientError:
        response = {"Error": {"Code": code}, "ResponseMetadata": self._metadata(status, patience)}
        return ClientError(response, operation)  # type: ignore[arg-type] # the stubs want every member
