"""Makes a console link of role credentials, itself a secret; prefer the portal's own link."""

from __future__ import annotations

import json
import os
from typing import Final
from urllib.parse import urlencode

import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, UnknownRegionError

from tray.aws.api.api_errors import as_tray_error, printable, unusable_settings
from tray.aws.api.clients import AwsClients
from tray.aws.api.endpoints import is_safe_endpoint
from tray.aws.api.plain_http import plain_http
from tray.errors import RequestRefused, ServiceTrouble, TrayError
from tray.secret import Secret

ENDPOINT_VARIABLE: Final = "AWS_ENDPOINT_URL_SIGNIN"
_PARTITIONS: Final = {
    "aws": ("https://signin.aws.amazon.com", "https://console.aws.amazon.com/"),
    "aws-cn": ("https://signin.amazonaws.cn", "https://console.amazonaws.cn/"),
    "aws-us-gov": ("https://signin.amazonaws-us-gov.com", "https://console.amazonaws-us-gov.com/"),
    "aws-eusc": (
        "https://{region}.signin.amazonaws-eusc.eu",
        "https://{region}.console.amazonaws-eusc.eu/",
    ),
}
"""
Sign-in host and console by botocore's name of a partition.

The sign-in hosts are those of botocore's rules for ``signin``, the older three without a region as
the IAM user guide has them. The consoles of ``aws-iso*`` are written down nowhere public.
"""


def federation_link(
    credentials: tuple[Secret, Secret, Secret],
    region: str,
    clients: AwsClients,
    destination: str | None = None,
    issuer: str | None = None,
) -> Secret:
    """
    Return a link that signs in to the console with role credentials, good for 15 minutes.

    Source: IAM user guide, "Enabling custom identity broker access to the AWS console".
    ``SessionDuration`` is left out: role credentials refuse it. The proxy and CA bundle of
    ``clients`` and ``AWS_ENDPOINT_URL_SIGNIN`` count, no other endpoint does: the console is no
    service of the session. No ``destination`` is the console's home. ``issuer`` is where the
    console sends who has to sign in again: the portal, its home where there is none. Raises
    RequestRefused if AWS rejects the credentials or the partition has no known endpoint, WillRetry
    if AWS was not reached or is in trouble.
    """
    signin, home = _console_of(region)
    endpoint = os.environ.get(ENDPOINT_VARIABLE) or signin
    if not is_safe_endpoint(endpoint):
        raise unusable_settings("the endpoint of signin is neither https nor on loopback")
    key, secret, token = (one.reveal() for one in credentials)
    session = json.dumps({"sessionId": key, "sessionKey": secret, "sessionToken": token})
    # In a body, not in the URL: URLs are written into logs on their way.
    asked = {"Action": "getSigninToken", "Session": session}
    found = _asked(f"{endpoint}/federation", urlencode(asked).encode(), clients)
    query = {
        "Action": "login",
        "Issuer": issuer or home,
        "Destination": destination or f"{home}?region={region}",
        "SigninToken": found,
    }
    return Secret(f"{endpoint}/federation?{urlencode(query)}")


def _console_of(region: str) -> tuple[str, str]:
    """Return the sign-in host and the console's home, by botocore's partitions."""
    try:
        partition = botocore.session.Session().get_partition_for_region(region)
    except UnknownRegionError:
        partition = "unknown"
    if partition not in _PARTITIONS:
        raise RequestRefused(
            f'SSO Tray does not know the console of "{printable(region)}" ({partition}). '
            "Leave out --federate."
        )
    signin, home = _PARTITIONS[partition]
    return signin.format(region=region), home.format(region=region)


def _asked(url: str, body: bytes, clients: AwsClients) -> str:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    trouble: TrayError
    try:
        with plain_http(clients, url, read_seconds=15) as http:
            answer = http.send(AWSRequest("POST", url, headers, body).prepare())
        if answer.status_code == 200:
            return str(json.loads(answer.content)["SigninToken"])
    except BotoCoreError as error:
        trouble = as_tray_error("getSigninToken", error)
    except (ValueError, KeyError, TypeError):
        trouble = ServiceTrouble("AWS's federation endpoint gave an unexpected answer.")
    else:
        status = answer.status_code
        refused = 400 <= status < 500 and status != 429
        kind = RequestRefused if refused else ServiceTrouble
        trouble = kind(f"AWS's federation endpoint refused the credentials (HTTP {status}).")
    # Out of the except block: what is chained there may quote what was sent.
    raise trouble
