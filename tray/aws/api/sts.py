"""Asks STS whom role credentials belong to (``sts`` 2011-06-15)."""

from __future__ import annotations

from dataclasses import dataclass

from tray.aws.api.clients import AwsClients
from tray.aws.api.response_checks import text_member
from tray.aws.api.role_credentials import Credentials

_OPERATION = "GetCallerIdentity"


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    account: str  # 12 digits
    arn: str  # ``arn:aws:sts::ACCOUNT:assumed-role/AWSReservedSSO_ROLE_HEX/USER``
    user_id: str  # ``AROA...:USER``


def caller_identity(clients: AwsClients, credentials: Credentials, region: str) -> CallerIdentity:
    """Use any region of the partition; RoleForbidden means expired or invalid credentials."""
    client = clients.sts(region, credentials)
    try:
        answer = clients.call(_OPERATION, client.get_caller_identity, {})
    finally:
        client.close()
    return CallerIdentity(
        account=text_member(_OPERATION, answer, "Account"),
        arn=text_member(_OPERATION, answer, "Arn"),
        user_id=text_member(_OPERATION, answer, "UserId"),
    )
