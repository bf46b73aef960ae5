"""Which operation a request is, by method, path and (for STS) action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tray.fake_aws.consent_pages import Consent, refuse_page
from tray.fake_aws.http.wire_format import (
    AwsError,
    Refuse,
    Request,
    Response,
    refuse_oidc,
    refuse_portal,
    refuse_sts,
)
from tray.fake_aws.realm import Realm
from tray.fake_aws.services.federation_service import Federation
from tray.fake_aws.services.oidc_service import Oidc
from tray.fake_aws.services.portal_service import Portal
from tray.fake_aws.services.sts_service import Sts, action_of


@dataclass(frozen=True, slots=True)
class Operation:
    """What performs an operation, and how its service words a refusal."""

    name: str
    perform: Callable[[Request], Response]
    refuse: Refuse


class Routes:
    def __init__(self, realm: Realm) -> None:
        oidc = Oidc(realm)
        consent = Consent(oidc)
        portal = Portal(realm)
        sts = Sts(realm)
        federation = Federation(realm)
        self._by_path: Mapping[tuple[str, str], Operation] = {
            ("POST", "/client/register"): _oidc("RegisterClient", oidc.register_client),
            ("POST", "/device_authorization"): _oidc(
                "StartDeviceAuthorization", oidc.start_device_authorization
            ),
            ("POST", "/token"): _oidc("CreateToken", oidc.create_token),
            ("GET", "/authorize"): _page("Authorize", consent.authorize),
            ("POST", "/authorize"): _page("DecideAuthorization", consent.decide_authorization),
            ("GET", "/device"): _page("DevicePage", consent.device_page),
            ("POST", "/device"): _page("DecideDevice", consent.decide_device),
            ("GET", "/assignment/accounts"): _portal("ListAccounts", portal.list_accounts),
            ("GET", "/assignment/roles"): _portal("ListAccountRoles", portal.list_account_roles),
            ("GET", "/federation/credentials"): _portal(
                "GetRoleCredentials", portal.get_role_credentials
            ),
            ("POST", "/logout"): _portal("Logout", portal.logout),
            ("POST", "/federation"): _portal("GetSigninToken", federation.get_signin_token),
            ("GET", "/federation"): _portal("ConsoleLogin", federation.login),
        }
        self._by_action: Mapping[str, Operation] = {
            "GetCallerIdentity": Operation(
                "GetCallerIdentity", sts.get_caller_identity, refuse_sts
            ),
            "AssumeRole": Operation("AssumeRole", sts.assume_role, refuse_sts),
        }
        self._unknown_action = Operation("Unknown", sts.unknown, refuse_sts)

    def find(self, request: Request) -> Operation:
        """Return the operation; one that refuses where there is none."""
        if (request.method, request.path) == ("POST", "/"):
            return self._by_action.get(action_of(request), self._unknown_action)
        return self._by_path.get((request.method, request.path), _UNKNOWN)


def _oidc(name: str, perform: Callable[[Request], Response]) -> Operation:
    return Operation(name, perform, refuse_oidc)


def _page(name: str, perform: Callable[[Request], Response]) -> Operation:
    return Operation(name, perform, refuse_page)


def _portal(name: str, perform: Callable[[Request], Response]) -> Operation:
    return Operation(name, perform, refuse_portal)


def _nothing_here(request: Request) -> Response:
    message = f"there is no operation {request.method} {request.path}"
    raise AwsError("UnknownOperationException", message, 404)


_UNKNOWN = Operation("Unknown", _nothing_here, refuse_portal)
