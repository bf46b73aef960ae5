"""
Identity Center's portal: accounts, roles, role credentials, and signing out.

401 concerns the session (:class:`~tray.errors.TokenRejected`), 403 one role only
(:class:`~tray.errors.RoleForbidden`, rule R6). ``sso`` 2019-06-10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tray.aws.api.api_errors import incomplete_response
from tray.aws.api.clients import AwsClients
from tray.aws.api.response_checks import number_member, secret_member, text_member
from tray.aws.api.role_credentials import Credentials
from tray.errors import TokenRejected
from tray.secret import Secret

_PAGE = 100

Response = Mapping[str, Any]
PageFetcher = Callable[[Callable[[], Response]], Response]
"""Fetches one page: at once, or with the pauses that listing hundreds of accounts needs."""


def _at_once(ask: Callable[[], Response]) -> Response:
    return ask()


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str  # 12 digits
    name: str  # as the organisation calls it; may be empty
    email: str  # its root address; may be empty


class Portal:
    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def list_accounts(
        self, access_token: Secret, region: str, fetch: PageFetcher = _at_once
    ) -> Iterator[Account]:
        """Yield the user's accounts, fetching pages as needed; raises TokenRejected, WillRetry."""
        method = self._clients.portal(region).list_accounts
        for row in self._rows("ListAccounts", method, {}, access_token, "accountList", fetch):
            yield Account(
                account_id=text_member("ListAccounts", row, "accountId"),
                name=str(row.get("accountName", "")),
                email=str(row.get("emailAddress", "")),
            )

    def list_roles(
        self, access_token: Secret, region: str, account_id: str, fetch: PageFetcher = _at_once
    ) -> Iterator[str]:
        """Yield the user's roles; raises TokenRejected, WillRetry, RoleForbidden."""
        method = self._clients.portal(region).list_account_roles
        arguments = {"accountId": account_id}
        operation = "ListAccountRoles"
        for row in self._rows(operation, method, arguments, access_token, "roleList", fetch):
            name = row.get("roleName")
            if not isinstance(name, str):
                raise incomplete_response(operation, "has no usable roleName")
            yield name  # an odd or empty one too: what cannot be written is left out, and named

    def role_credentials(
        self, access_token: Secret, region: str, account_id: str, role_name: str
    ) -> Credentials:
        """Return fresh credentials; raises TokenRejected, WillRetry, RoleForbidden (rule R6)."""
        operation = "GetRoleCredentials"
        answer = self._clients.call(
            operation,
            self._clients.portal(region).get_role_credentials,
            {
                "accessToken": access_token.reveal(),
                "accountId": account_id,
                "roleName": role_name,
            },
            subject=f"of {role_name} in account {account_id}",
        )
        members = answer.get("roleCredentials")
        if not isinstance(members, Mapping):
            raise incomplete_response(operation, "has no roleCredentials")
        milliseconds = number_member(members, "expiration")
        if milliseconds is None:
            raise incomplete_response(operation, "has no usable expiration")
        return Credentials(
            access_key_id=secret_member(operation, members, "accessKeyId"),
            secret_access_key=secret_member(operation, members, "secretAccessKey"),
            session_token=secret_member(operation, members, "sessionToken"),
            expires_at=milliseconds / 1000,
            account_id=account_id,
        )

    def check(self, access_token: Secret, region: str) -> None:
        """The cheapest call (rules R4, K5); raises TokenRejected whatever ``expiresAt`` says."""
        self._clients.call(
            "ListAccounts",
            self._clients.portal(region).list_accounts,
            {"accessToken": access_token.reveal(), "maxResults": 1},
        )

    def logout(self, access_token: Secret, region: str) -> bool:
        """
        End the portal session, and with it all its access and refresh tokens; repeatable.

        Returns False if the token was rejected: then AWS could not know which session to end, and
        one may live on. Raises WillRetry.
        """
        method = self._clients.portal(region).logout
        try:
            self._clients.call("Logout", method, {"accessToken": access_token.reveal()})
        except TokenRejected:
            return False
        return True

    def _rows(
        self,
        operation: str,
        method: Callable[..., Any],
        arguments: Mapping[str, object],
        access_token: Secret,
        name: str,
        fetch: PageFetcher,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of all pages; a repeated page mark is an error, or it would never end."""
        seen: set[str] = set()
        paging: dict[str, object] = {"maxResults": _PAGE}
        while True:
            whole = {"accessToken": access_token.reveal(), **arguments, **paging}
            answer = fetch(partial(self._clients.call, operation, method, whole))
            yield from answer.get(name) or ()
            mark = answer.get("nextToken")
            if not mark:
                return
            if mark in seen:
                raise incomplete_response(operation, "repeats a page")
            seen.add(mark)
            paging["nextToken"] = mark
