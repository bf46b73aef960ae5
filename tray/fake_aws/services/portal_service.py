"""
The portal (sso 2019-06-10): accounts, roles, role credentials and sign-out.

Decides whether an access token is good (401) and whether a role is assigned (403).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string

from tray.fake_aws.http.wire_format import AwsError, Request, Response, json_answer, single_values
from tray.fake_aws.realm import PORTAL_SCOPE, AccessToken, Realm, RoleCredentials, fingerprint

TOKEN_HEADER = "x-amz-sso_bearer_token"  # noqa: S105 - the header's name
_PAGING = ("max_result", "next_token")


class Portal:
    """The server's lock is held."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        # Page marks are tied to this server, so that an invented or foreign one is refused.
        self._mark = secrets.token_hex(4)

    def list_accounts(self, request: Request) -> Response:
        """``GET /assignment/accounts``."""
        token = self._authenticate(request)
        values = _query(request, optional=_PAGING)
        accounts = self.realm.knobs.accounts_of(token.grant.session.user)
        rows = [
            {
                "accountId": account.account_id,
                "accountName": account.shown_name,
                "emailAddress": account.shown_email,
            }
            for account in accounts
        ]
        return self._page("accountList", rows, values, "accounts")

    def list_account_roles(self, request: Request) -> Response:
        """``GET /assignment/roles``."""
        token = self._authenticate(request)
        values = _query(request, required=("account_id",), optional=_PAGING)
        account_id = values["account_id"]
        roles = self._roles(token, account_id)
        rows = [{"roleName": role, "accountId": account_id} for role in roles]
        return self._page("roleList", rows, values, f"roles-{account_id}")

    def get_role_credentials(self, request: Request) -> Response:
        """``GET /federation/credentials``."""
        token = self._authenticate(request)
        values = _query(request, required=("account_id", "role_name"))
        account_id, role = values["account_id"], values["role_name"]
        if role not in self._roles(token, account_id):
            raise AwsError("ForbiddenException", "No access")
        user = token.grant.session.user
        issued = issue_role_credentials(
            self.realm,
            account_id,
            reserved_role(account_id, role),
            user,
            self.realm.knobs.role_life,
        )
        return json_answer(
            {
                "roleCredentials": {
                    "accessKeyId": issued.access_key_id,
                    "secretAccessKey": issued.secret_access_key,
                    "sessionToken": issued.session_token,
                    "expiration": int(issued.expires_at * 1000),
                }
            }
        )

    def logout(self, request: Request) -> Response:
        """``POST /logout``: ends the sign-in session, role credentials live on."""
        token = self._authenticate(request)
        _query(request)
        self.realm.sign_out(token.grant.session)
        return Response(200)

    def _authenticate(self, request: Request) -> AccessToken:
        token = self.realm.live_access_token(request.headers.get(TOKEN_HEADER, ""))
        scopes = () if token is None else token.grant.client.scopes
        # A token of another product's scopes is no portal token; one without scopes is.
        if token is None or (scopes and PORTAL_SCOPE not in scopes):
            raise AwsError("UnauthorizedException", "Session token not found or invalid")
        return token

    def _roles(self, token: AccessToken, account_id: str) -> tuple[str, ...]:
        if not re.fullmatch(r"[0-9]{12}", account_id):
            raise AwsError("InvalidRequestException", "account_id must be 12 digits")
        for account in self.realm.knobs.accounts_of(token.grant.session.user):
            if account.account_id == account_id:
                return account.roles
        raise AwsError("ForbiddenException", "No access")

    def _page(
        self, name: str, rows: list[dict[str, str]], values: dict[str, str], what: str
    ) -> Response:
        size = self.realm.knobs.page_size
        if "max_result" in values:
            asked = values["max_result"]
            size = int(asked) if re.fullmatch(r"[0-9]{1,3}", asked) else 0
            if not 1 <= size <= 100:
                raise AwsError("InvalidRequestException", "max_result must be 1 to 100")
        first = 0
        if "next_token" in values:
            mark, _, offset = values["next_token"].rpartition(".")
            if mark != f"{self._mark}.{what}" or not offset.isdigit():
                raise AwsError("InvalidRequestException", "next_token is not one of ours")
            first = int(offset)
        after = first + size
        more = f"{self._mark}.{what}.{after}" if after < len(rows) else None
        return json_answer({"nextToken": more, name: rows[first:after]})


def reserved_role(account_id: str, role: str) -> str:
    """Return the IAM role's name behind a permission set, with its 16 steady hex digits."""
    return f"AWSReservedSSO_{role}_{fingerprint(f'{account_id}/{role}')}"


def issue_role_credentials(
    realm: Realm, account_id: str, role: str, session_name: str, life: float
) -> RoleCredentials:
    letters = string.ascii_uppercase + "234567"
    suffix = "".join(secrets.choice(letters) for _ in range(16))
    digest = hashlib.sha256(f"{account_id}/{role}".encode()).hexdigest()[:17].upper()
    issued = RoleCredentials(
        access_key_id=f"ASIA{suffix}",
        secret_access_key=realm.secret(length=30),
        session_token=realm.secret("IQoJb3JpZ2luX2Vj", 500),
        account_id=account_id,
        arn=f"arn:aws:sts::{account_id}:assumed-role/{role}/{session_name}",
        user_id=f"AROA{digest}:{session_name}",
        expires_at=realm.knobs.time() + life,
    )
    realm.role_credentials[issued.access_key_id] = issued
    return issued


def _query(
    request: Request, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()
) -> dict[str, str]:
    values = single_values(request.query, required + optional)
    for name in required:
        if not values.get(name):
            raise AwsError("InvalidRequestException", f"parameter {name!r} is missing")
    return values
