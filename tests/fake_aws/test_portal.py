"""The portal: accounts and roles page by page, role credentials, and who gets none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.fake_aws.client import Client
from tray.fake_aws.fake_options import Account, many_accounts
from tray.fake_aws.identity_center import IdentityCenter

if TYPE_CHECKING:
    from types_boto3_sso import SSOClient
    from types_boto3_sso.type_defs import PaginatorConfigTypeDef

BAD_REQUEST = (400, "InvalidRequestException")
FORBIDDEN = (403, "ForbiddenException")
SIGNED_OUT = (401, "UnauthorizedException")


@pytest.fixture
def token(center: IdentityCenter) -> str:
    """An access token of the usual user."""
    return center.sign_in().access_token


def test_the_usual_accounts(portal: SSOClient, token: str) -> None:
    """By default two accounts are listed, the first with two roles."""
    accounts = portal.list_accounts(accessToken=token)["accountList"]
    roles = portal.list_account_roles(accessToken=token, accountId="123456789011")["roleList"]

    assert ["123456789011", "123456789012"] == [each["accountId"] for each in accounts]
    assert ["FullAccess", "ReadOnly"] == [each["roleName"] for each in roles]


@pytest.mark.parametrize("asked", [None, 1, 7, 100])
def test_boto3_reads_all_pages(
    center: IdentityCenter, portal: SSOClient, token: str, asked: int | None
) -> None:
    """Five hundred accounts come whole and in order, whatever the page size."""
    center.accounts = many_accounts(500 if asked != 1 else 5)
    config: PaginatorConfigTypeDef = {} if asked is None else {"PageSize": asked}

    pages = list(
        portal.get_paginator("list_accounts").paginate(accessToken=token, PaginationConfig=config)
    )

    listed = [each["accountId"] for page in pages for each in page["accountList"]]
    assert [account.account_id for account in center.accounts] == listed
    assert -(-len(center.accounts) // (asked or center.page_size)) == len(pages)


def test_roles_are_paged_too(center: IdentityCenter, portal: SSOClient, token: str) -> None:
    """More roles than a page holds come in several."""
    names = tuple(f"Role{n}" for n in range(45))
    center.accounts = (Account("111111111111", names),)

    pages = list(
        portal.get_paginator("list_account_roles").paginate(
            accessToken=token, accountId="111111111111"
        )
    )

    assert list(names) == [each["roleName"] for page in pages for each in page["roleList"]]
    assert 3 == len(pages)


def test_role_credentials(center: IdentityCenter, portal: SSOClient, token: str) -> None:
    """Role credentials are temporary keys whose end is in milliseconds."""
    got = portal.get_role_credentials(
        accessToken=token, accountId="123456789011", roleName="ReadOnly"
    )["roleCredentials"]

    assert got["accessKeyId"].startswith("ASIA")
    assert int((center.time() + center.role_life) * 1000) == got["expiration"]
    assert {got["secretAccessKey"], got["sessionToken"]} <= center.secrets()


@pytest.mark.parametrize(
    ("account_id", "role"),
    [("123456789012", "FullAccess"), ("999999999999", "ReadOnly"), ("123456789011", "readonly")],
)
def test_a_role_not_assigned(portal: SSOClient, token: str, account_id: str, role: str) -> None:
    """A role or account that is not assigned is forbidden, which ends no session."""
    with pytest.raises(ClientError) as caught:
        portal.get_role_credentials(accessToken=token, accountId=account_id, roleName=role)

    assert "ForbiddenException" == caught.value.response["Error"]["Code"]
    assert "No access" == caught.value.response["Error"]["Message"]
    assert portal.list_accounts(accessToken=token)["accountList"]


def test_users_see_their_own_accounts(center: IdentityCenter, portal: SSOClient) -> None:
    """A named user's table replaces the usual one."""
    center.user_accounts = {"grace": (Account("111111111111", ("Admin",)),)}
    token = center.sign_in(user="grace").access_token

    accounts = portal.list_accounts(accessToken=token)["accountList"]

    assert ["111111111111"] == [each["accountId"] for each in accounts]


@pytest.mark.parametrize(
    ("target", "refusal"),
    [
        ("/assignment/accounts?max_result=0", BAD_REQUEST),
        ("/assignment/accounts?max_result=101", BAD_REQUEST),
        ("/assignment/accounts?max_result=ten", BAD_REQUEST),
        ("/assignment/accounts?maxResults=10", BAD_REQUEST),
        ("/assignment/accounts?next_token=invented", BAD_REQUEST),
        ("/assignment/accounts?max_result=1&max_result=2", BAD_REQUEST),
        ("/assignment/roles", BAD_REQUEST),
        ("/assignment/roles?account_id=12345", BAD_REQUEST),
        ("/assignment/roles?account_id=999999999999", FORBIDDEN),
        ("/federation/credentials?account_id=123456789011", BAD_REQUEST),
        ("/federation/credentials?role_name=ReadOnly", BAD_REQUEST),
        ("/federation/credentials?account_id=123456789011&role_name=", BAD_REQUEST),
    ],
)
def test_strictness(client: Client, token: str, target: str, refusal: tuple[int, str]) -> None:
    """A parameter missing, unknown, repeated or out of range is refused."""
    assert refusal == client.portal(target, token).refusal


def test_a_page_mark_of_another_list(center: IdentityCenter, client: Client, token: str) -> None:
    """A next_token continues only the list that it came from."""
    center.accounts = many_accounts(3, ("A", "B"))
    mark = client.portal("/assignment/accounts?max_result=1", token).json()["nextToken"]

    got = client.portal(f"/assignment/roles?account_id=200000000000&next_token={mark}", token)

    assert BAD_REQUEST == got.refusal


@pytest.mark.parametrize("bad", ["", "aoaAAAAAinvented"])
def test_no_good_token(client: Client, bad: str) -> None:
    """Without a live access token every operation is 401, worded as the portal words it."""
    got = client.portal("/assignment/accounts", bad)

    assert SIGNED_OUT == got.refusal
    assert "Session token not found or invalid" == got.json()["message"]
    assert got.json()["__type"].endswith("#UnauthorizedException")


def test_other_things_are_no_access_token(center: IdentityCenter, client: Client) -> None:
    """A refresh token, an expired token and one of another product's scopes are 401."""
    signed_in = center.sign_in()
    assistant = center.sign_in(scopes=("codewhisperer:completions",))
    assert signed_in.refresh_token is not None

    for bad in (signed_in.refresh_token, assistant.access_token):
        assert SIGNED_OUT == client.portal("/assignment/accounts", bad).refusal
    center.advance(center.token_life)
    assert SIGNED_OUT == client.portal("/assignment/accounts", signed_in.access_token).refusal


def test_an_unscoped_token_is_good(center: IdentityCenter, client: Client) -> None:
    """A legacy token without scopes is a portal token."""
    token = center.sign_in(scopes=(), device=True)

    assert token.refresh_token is None
    assert 200 == client.portal("/assignment/accounts", token.access_token).status
