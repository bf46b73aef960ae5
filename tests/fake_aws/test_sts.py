"""STS: credentials from the portal say who they are, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypedDict, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.fake_aws.client import Client
from tests.fake_aws.conftest import ONE_TRY
from tray.fake_aws.identity_center import IdentityCenter
from tray.fake_aws.realm import IamUser

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

    Speak = Callable[["Keys"], STSClient]


class Keys(TypedDict):
    """Credentials as boto3 takes them."""

    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str


@pytest.fixture
def keys(center: IdentityCenter, client: Client) -> Keys:
    """Role credentials as boto3's client takes them."""
    token = center.sign_in().access_token
    got = client.portal(
        "/federation/credentials?account_id=123456789011&role_name=FullAccess", token
    ).json()["roleCredentials"]
    return {
        "aws_access_key_id": got["accessKeyId"],
        "aws_secret_access_key": got["secretAccessKey"],
        "aws_session_token": got["sessionToken"],
    }


@pytest.fixture
def speak(center: IdentityCenter) -> Iterator[Speak]:
    """Make boto3 STS clients with given credentials."""
    made: list[STSClient] = []

    def client_with(keys: Keys) -> STSClient:
        session = boto3.Session(**keys)
        sts = session.client(
            "sts", region_name="eu-west-2", endpoint_url=center.url, config=ONE_TRY
        )
        made.append(sts)
        return sts

    yield client_with
    for sts in made:
        sts.close()


def refused(sts: STSClient) -> str:
    """Return the code of the error that asking for the identity raises."""
    with pytest.raises(ClientError) as caught:
        sts.get_caller_identity()
    return caught.value.response["Error"]["Code"]


def test_who_am_i(speak: Speak, keys: Keys) -> None:
    """The identity is the permission set's role with its 16 hex digits, and the user."""
    got = speak(keys).get_caller_identity()

    role = r"arn:aws:sts::123456789011:assumed-role/AWSReservedSSO_FullAccess_[0-9a-f]{16}/ada"
    assert re.fullmatch(role, got["Arn"])
    assert "123456789011" == got["Account"]
    assert got["UserId"].endswith(":ada")


def test_a_role_chain(speak: Speak, keys: Keys) -> None:
    """Credentials of an assumed role speak for that role, in its account."""
    assumed = speak(keys).assume_role(
        RoleArn="arn:aws:iam::999999999999:role/team/Deploy", RoleSessionName="me"
    )["Credentials"]

    got = speak(
        {
            "aws_access_key_id": assumed["AccessKeyId"],
            "aws_secret_access_key": assumed["SecretAccessKey"],
            "aws_session_token": assumed["SessionToken"],
        }
    ).get_caller_identity()

    assert "arn:aws:sts::999999999999:assumed-role/Deploy/me" == got["Arn"]


@pytest.mark.parametrize(
    ("arn", "session"),
    [
        ("Deploy", "me"),
        ("arn:aws:iam::1:role/x", "me"),
        ("arn:aws:iam::999999999999:role/x", "a b"),
    ],
)
def test_a_malformed_role(speak: Speak, keys: Keys, arn: str, session: str) -> None:
    """A malformed role ARN or session name is refused."""
    with pytest.raises(ClientError) as caught:
        speak(keys).assume_role(RoleArn=arn.ljust(20), RoleSessionName=session)

    assert "ValidationError" == caught.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("aws_access_key_id", "ASIAINVENTED", "InvalidClientTokenId"),
        ("aws_session_token", "another", "InvalidClientTokenId"),
        ("aws_secret_access_key", "another", "SignatureDoesNotMatch"),
    ],
)
def test_tampered_credentials(speak: Speak, keys: Keys, name: str, value: str, code: str) -> None:
    """Each of the three parts has to be the one that was issued."""
    assert code == refused(speak(cast("Keys", {**keys, name: value})))


def test_expired_credentials(center: IdentityCenter, speak: Speak, keys: Keys) -> None:
    """Role credentials end after their own life, not with the access token or a sign-out."""
    center.revoke()
    center.advance(center.role_life - 1)
    assert speak(keys).get_caller_identity()
    center.advance(1)

    assert "ExpiredToken" == refused(speak(keys))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingAuthenticationToken"),
        ({"Authorization": "Bearer x"}, "IncompleteSignature"),
    ],
)
def test_no_signature(client: Client, headers: dict[str, str], code: str) -> None:
    """An unsigned request is refused."""
    got = client.send("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", headers)

    assert f"<Code>{code}</Code>" in got.text


def test_another_action(client: Client) -> None:
    """An action we do not play is refused as STS does."""
    got = client.send("POST", "/", b"Action=GetSessionToken&Version=2011-06-15")

    assert (400, True) == (got.status, "<Code>InvalidAction</Code>" in got.text)


@pytest.fixture
def user(center: IdentityCenter) -> IamUser:
    """A user whose keys need an MFA code."""
    return center.iam_user("bob")


def keys_of(user: IamUser) -> Keys:
    """Return a user's own keys, which have no session token."""
    return {
        "aws_access_key_id": user.keys.access_key_id,
        "aws_secret_access_key": user.keys.secret_access_key,
        "aws_session_token": "",
    }


class Device(TypedDict, total=False):
    """A device and a code, as AssumeRole takes them."""

    SerialNumber: str
    TokenCode: str


def test_a_users_code_is_taken_once(center: IdentityCenter, speak: Speak, user: IamUser) -> None:
    """With serial and code a user gets the role; the same code never works again."""
    sts, code = speak(keys_of(user)), user.code()

    def ask() -> str:
        return sts.assume_role(
            RoleArn="arn:aws:iam::999999999999:role/Deploy",
            RoleSessionName="me",
            SerialNumber=user.mfa_serial,
            TokenCode=code,
        )["AssumedRoleUser"]["Arn"]

    assert ask().endswith("assumed-role/Deploy/me")
    with pytest.raises(ClientError, match="invalid MFA one time pass code"):
        ask()
    assert [user.mfa_serial] == [one["SerialNumber"] for one in center.assumed_roles()]
    assert "TokenCode" not in center.assumed_roles()[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SerialNumber": "arn:aws:iam::123456789011:mfa/bob"}, "must provide both"),
        ({"TokenCode": "123456"}, "must provide both"),
        (
            {"SerialNumber": "arn:aws:iam::123456789011:mfa/eve", "TokenCode": "123456"},
            "unable to validate",
        ),
        (
            {"SerialNumber": "arn:aws:iam::123456789011:mfa/bob", "TokenCode": "123456"},
            "invalid MFA one time pass code",
        ),
        (
            {"SerialNumber": "arn:aws:iam::123456789011:mfa/bob", "TokenCode": "12345a"},
            "six digits",
        ),
    ],
)
def test_a_code_is_checked_with_its_serial(
    speak: Speak, user: IamUser, given: Device, said: str
) -> None:
    """A missing half, another's device and a code that nothing made are refused as AWS does."""
    with pytest.raises(ClientError, match=said):
        speak(keys_of(user)).assume_role(
            RoleArn="arn:aws:iam::999999999999:role/Deploy", RoleSessionName="me", **given
        )


def test_a_role_has_no_mfa_device(speak: Speak, keys: Keys, user: IamUser) -> None:
    """Role credentials cannot prove a user's device, even with a good code."""
    with pytest.raises(ClientError, match="unable to validate"):
        speak(keys).assume_role(
            RoleArn="arn:aws:iam::999999999999:role/Deploy",
            RoleSessionName="me",
            SerialNumber=user.mfa_serial,
            TokenCode=user.code(),
        )
