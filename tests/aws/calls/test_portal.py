from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.aws.calls.wire import RawServer, json_http
from tray.aws.api.clients import AwsClients
from tray.aws.api.portal import Account, Portal
from tray.aws.api.sts import caller_identity
from tray.errors import RequestRefused, RoleForbidden, ServiceTrouble, TokenRejected
from tray.fake_aws.fake_options import DEFAULT_REGION, many_accounts
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret

REGION = DEFAULT_REGION
DEVELOPMENT = "123456789011"


@pytest.fixture
def portal(clients: AwsClients) -> Portal:
    """Give the service on the shared clients."""
    return Portal(clients)


@pytest.fixture
def token(center: IdentityCenter) -> Secret:
    """Give the access token of somebody who has just signed in."""
    return Secret(center.sign_in().access_token)


class TestLists:
    """Accounts and roles."""

    def test_accounts(self, portal: Portal, token: Secret) -> None:
        """Accounts come with number, name and address."""
        assert [
            Account(DEVELOPMENT, "Development", f"aws+{DEVELOPMENT}@example.com"),
            Account("123456789012", "Production", "aws+123456789012@example.com"),
        ] == list(portal.list_accounts(token, REGION))

    def test_all_pages(self, center: IdentityCenter, portal: Portal, token: Secret) -> None:
        """However many accounts there are, all come, by as few calls as AWS allows."""
        center.accounts = many_accounts(250)

        assert 250 == len({row.account_id for row in portal.list_accounts(token, REGION)})
        assert 3 == center.count("ListAccounts")

    def test_roles(self, portal: Portal, token: Secret) -> None:
        """Roles come by name, in AWS's order."""
        assert ["FullAccess", "ReadOnly"] == list(portal.list_roles(token, REGION, DEVELOPMENT))

    def test_roles_of_a_foreign_account(self, portal: Portal, token: Secret) -> None:
        """An account that is not the user's says nothing about the session."""
        with pytest.raises(RoleForbidden):
            list(portal.list_roles(token, REGION, "999999999999"))

    def test_page_that_comes_again(self, portal: Portal, lead_to: Callable[[str], None]) -> None:
        """A page mark that leads back to itself ends in an error, not in an endless loop."""
        row = {"accountId": DEVELOPMENT}
        with RawServer(json_http({"accountList": [row], "nextToken": "again"})) as server:
            lead_to(server.url)
            with pytest.raises(ServiceTrouble, match="repeats a page"):
                list(portal.list_accounts(Secret("a"), REGION))

        assert 2 == len(server.requests)

    @pytest.mark.parametrize("row", [{}, {"accountId": ""}, {"accountId": 7}])
    def test_odd_row(
        self, row: dict[str, object], portal: Portal, lead_to: Callable[[str], None]
    ) -> None:
        """An account without a number is trouble of AWS's."""
        with RawServer(json_http({"accountList": [row]})) as server:
            lead_to(server.url)
            with pytest.raises(ServiceTrouble, match="no usable accountId"):
                list(portal.list_accounts(Secret("a"), REGION))


class TestRoleCredentials:
    """Credentials of a role."""

    def test_good(self, center: IdentityCenter, portal: Portal, token: Secret) -> None:
        """They end when the permission set says, in seconds of the epoch, and AWS takes them."""
        before = time.time()

        given = portal.role_credentials(token, REGION, DEVELOPMENT, "ReadOnly")

        life = (given.expires_at or 0.0) - before
        assert center.role_life <= life + 1 < center.role_life + 60
        assert given.session_token is not None
        assert given.session_token.reveal() in center.secrets()
        assert "ASIA" not in repr(given)

    def test_whose(self, clients: AwsClients, portal: Portal, token: Secret) -> None:
        """The token service says the account, the role and the user they belong to."""
        given = portal.role_credentials(token, REGION, DEVELOPMENT, "ReadOnly")

        caller = caller_identity(clients, given, REGION)

        assert DEVELOPMENT == caller.account
        assert f"arn:aws:sts::{DEVELOPMENT}:assumed-role/AWSReservedSSO_ReadOnly_" in caller.arn
        assert caller.user_id.endswith(":ada")

    def test_expired(
        self, center: IdentityCenter, clients: AwsClients, portal: Portal, token: Secret
    ) -> None:
        """Credentials past their end are refused by name."""
        given = portal.role_credentials(token, REGION, DEVELOPMENT, "ReadOnly")
        center.fault("GetCallerIdentity", "ExpiredToken")

        with pytest.raises(RoleForbidden, match="have expired"):
            caller_identity(clients, given, REGION)

    @pytest.mark.parametrize("role", ["Admin", "a/../b", "é\u202e<b>"])
    def test_not_assigned(self, role: str, portal: Portal, token: Secret) -> None:
        """A role that is not assigned is named, in plain characters; the session is unharmed."""
        with pytest.raises(RoleForbidden, match="in account 123456789011: no access") as caught:
            portal.role_credentials(token, REGION, DEVELOPMENT, role)
        assert caught.value.sentence.isascii()
        portal.check(token, REGION)

    def test_many_at_once(self, center: IdentityCenter, portal: Portal, token: Secret) -> None:
        """Sixteen threads share one client, and each gets credentials of its own."""
        with ThreadPoolExecutor(16) as pool:
            asked = [
                pool.submit(portal.role_credentials, token, REGION, DEVELOPMENT, "ReadOnly")
                for _ in range(48)
            ]
            given = {one.result().session_token for one in asked}

        assert 48 == len(given)
        assert 48 == center.count("GetRoleCredentials")

    GOOD = (("accessKeyId", "A"), ("secretAccessKey", "s"), ("sessionToken", "t"))

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"roleCredentials": None},
            {"roleCredentials": []},
            {"roleCredentials": dict(GOOD)},
            {"roleCredentials": {**dict(GOOD), "expiration": 0}},
            {"roleCredentials": {**dict(GOOD), "expiration": "soon"}},
            {"roleCredentials": {**dict(GOOD), "expiration": 1, "sessionToken": ""}},
            {"roleCredentials": {**dict(GOOD), "expiration": 1, "secretAccessKey": ["x"]}},
        ],
    )
    def test_odd_answer(
        self, document: object, portal: Portal, lead_to: Callable[[str], None]
    ) -> None:
        """Half credentials are none."""
        with RawServer(json_http(document)) as server:
            lead_to(server.url)
            with pytest.raises(ServiceTrouble, match="GetRoleCredentials"):
                portal.role_credentials(Secret("a"), REGION, DEVELOPMENT, "ReadOnly")


class TestSession:
    """What the portal says of the session as a whole."""

    def test_alive(self, center: IdentityCenter, portal: Portal, token: Secret) -> None:
        """A good token passes, by one call for one row."""
        portal.check(token, REGION)

        assert 1 == center.count("ListAccounts")

    @pytest.mark.parametrize(
        "ask",
        [
            lambda portal, token: portal.check(token, REGION),
            lambda portal, token: list(portal.list_accounts(token, REGION)),
            lambda portal, token: list(portal.list_roles(token, REGION, DEVELOPMENT)),
            lambda portal, token: portal.role_credentials(token, REGION, DEVELOPMENT, "ReadOnly"),
        ],
        ids=["check", "accounts", "roles", "credentials"],
    )
    def test_dead_token(
        self,
        ask: Callable[[Portal, Secret], object],
        center: IdentityCenter,
        portal: Portal,
        token: Secret,
    ) -> None:
        """After a revocation every operation says that the token is dead."""
        center.revoke()

        with pytest.raises(TokenRejected) as caught:
            ask(portal, token)
        assert "session-over" == caught.value.reason

    def test_logout(self, center: IdentityCenter, portal: Portal, token: Secret) -> None:
        """Signing out ends the session once; repeated, it says that nothing was left to end."""
        assert portal.logout(token, REGION)
        assert () == center.live_sessions()
        assert not portal.logout(token, REGION)

    def test_logout_against_trouble(
        self, center: IdentityCenter, portal: Portal, token: Secret
    ) -> None:
        """A sign-out that AWS did not confirm is not taken for one."""
        center.fault("Logout", "status")

        with pytest.raises(ServiceTrouble):
            portal.logout(token, REGION)
        assert 1 == len(center.live_sessions())

    @pytest.mark.parametrize("body", ["{}", ""])
    def test_empty_answer(self, body: str, portal: Portal, lead_to: Callable[[str], None]) -> None:
        """AWS answers a sign-out with nothing, which is an answer."""
        answer = json_http({}) if body else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        with RawServer(answer) as server:
            lead_to(server.url)
            assert portal.logout(Secret("a"), REGION)

    def test_header(self, portal: Portal, lead_to: Callable[[str], None]) -> None:
        """The token travels in its own header, and nothing is signed."""
        with RawServer(json_http({"accountList": []})) as server:
            lead_to(server.url)
            portal.check(Secret("the-token"), REGION)

        [request] = server.requests
        assert b"\r\nx-amz-sso_bearer_token: the-token\r\n" in request
        assert b"max_result=1" in request.splitlines()[0]
        assert b"authorization" not in request.lower()

    def test_wrong_region(self, portal: Portal) -> None:
        """A region that could lead elsewhere is refused before anything is sent."""
        for region in ("", "evil.example/", "us-east-1.evil.example", "us east", "x" * 70):
            with pytest.raises(RequestRefused, match="region"):
                portal.check(Secret("a"), region)


def test_odd_account_name(portal: Portal, lead_to: Callable[[str], None]) -> None:
    """An account's name may be any text, and an absent one is empty."""
    rows = [{"accountId": DEVELOPMENT, "accountName": "A & <b>"}]
    with RawServer(json_http({"accountList": rows})) as server:
        lead_to(server.url)
        [account] = portal.list_accounts(Secret("a"), REGION)

    assert Account(DEVELOPMENT, "A & <b>", "") == account
