"""The request log: requests and answers, with fingerprints in place of secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from threading import Condition

from tray.fake_aws.fake_options import plain_start_url
from tray.fake_aws.http.wire_format import Request
from tray.fake_aws.realm import Realm, fingerprint
from tray.fake_aws.services.oidc_service import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from tray.fake_aws.services.portal_service import TOKEN_HEADER


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """What a request is about, as far as is known before it is judged."""

    grant_type: str | None = None  # of CreateToken; ``other`` for one we do not know
    # in plain form; from the request, its client, or the token it carries
    start_url: str | None = None
    client: str | None = None  # fingerprint of the client id
    token: str | None = None  # fingerprint of the access or refresh token it carries
    account_id: str | None = None
    role_name: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    # AWS's name (``CreateToken``), or ``Authorize``, ``DecideAuthorization``, ``DevicePage``,
    # ``DecideDevice``, ``Unknown``
    operation: str
    when: float  # the server's time, seconds since the epoch
    method: str
    path: str  # without the query
    status: int | None  # HTTP status; None where no answer was sent
    error: str | None  # the AWS error's name, or None
    fault: str | None  # the kind of fault that was played, or None
    about: RequestDetails

    def matches(self, filters: Mapping[str, object]) -> bool:
        """Whether its members, or those of ``about``, equal all the filters."""
        return all(getattr(self._holder(name), name) == want for name, want in filters.items())

    def _holder(self, name: str) -> LoggedRequest | RequestDetails:
        return self.about if name in ABOUT_NAMES else self


ABOUT_NAMES = frozenset(field.name for field in fields(RequestDetails))
CALL_NAMES = (ABOUT_NAMES | {field.name for field in fields(LoggedRequest)}) - {"about"}

Wanted = str | Callable[[LoggedRequest], bool]  # an operation's name, or a predicate over calls


class Journal:
    """In the order they were answered; safe to read from any thread."""

    def __init__(self, changed: Condition) -> None:
        self._changed = changed
        self._calls: list[LoggedRequest] = []

    def add(self, call: LoggedRequest) -> None:
        with self._changed:
            self._calls.append(call)
            self._changed.notify_all()

    def calls(self) -> tuple[LoggedRequest, ...]:
        with self._changed:
            return tuple(self._calls)

    def find(
        self, wanted: Wanted, filters: Mapping[str, object], since: int = 0
    ) -> tuple[LoggedRequest, ...]:
        if not filters.keys() <= CALL_NAMES:
            raise ValueError(f"no such filter: {sorted(filters.keys() - CALL_NAMES)}")
        return tuple(
            call
            for call in self.calls()[since:]
            if (call.operation == wanted if isinstance(wanted, str) else wanted(call))
            and call.matches(filters)
        )

    def wait_for(
        self,
        wanted: Wanted,
        count: int,
        timeout: float,
        filters: Mapping[str, object],
        since: int = 0,
    ) -> tuple[LoggedRequest, ...]:
        """Wait until ``count`` matching calls are logged; TimeoutError after ``timeout`` s."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self.find(wanted, filters, since)) >= count, timeout
            )
            found = self.find(wanted, filters, since)
            if len(found) < count:
                seen = ", ".join(call.operation for call in self._calls[since:]) or "nothing"
                raise TimeoutError(
                    f"{len(found)} of {count} awaited calls in {timeout:g} s; seen: {seen}"
                )
            return found


def about(realm: Realm, request: Request) -> RequestDetails:
    """Describe a request without judging it; the server's lock is held."""
    members = _members(request)
    query = dict(request.query)
    client_id = members.get("clientId") or query.get("client_id")
    access_token = request.headers.get(TOKEN_HEADER)
    carried = access_token or members.get("refreshToken")
    grant_type = members.get("grantType")
    known = (AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE)
    return RequestDetails(
        grant_type=grant_type if grant_type in (None, *known) else "other",
        start_url=_start_url(realm, members, client_id, access_token),
        client=None if client_id is None else fingerprint(client_id),
        token=None if carried is None else fingerprint(carried),
        account_id=query.get("account_id"),
        role_name=query.get("role_name"),
    )


def _members(request: Request) -> dict[str, str]:
    try:
        document = json.loads(request.body)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return {}
    members = document if isinstance(document, dict) else {}
    return {name: value for name, value in members.items() if isinstance(value, str)}


def _start_url(
    realm: Realm, members: Mapping[str, str], client_id: str | None, access_token: str | None
) -> str | None:
    told = members.get("startUrl") or members.get("issuerUrl")
    if told is not None:
        return plain_start_url(told)
    token = realm.access_tokens.get(access_token or "")
    grant = realm.refresh_tokens.get(members.get("refreshToken", "")) if token is None else None
    if token is not None:
        grant = token.grant
    if grant is not None:
        return grant.session.start_url
    client = realm.clients.get(client_id or "")
    return None if client is None else client.start_url or client.asked_start_url
