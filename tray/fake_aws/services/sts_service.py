"""
The token service (sts 2011-06-15): caller identity and role chains.

Decides whether a signature was made with credentials we issued.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tray.fake_aws.http.wire_format import STS_NAMESPACE, AwsError, Request, Response
from tray.fake_aws.realm import Realm, RoleCredentials
from tray.fake_aws.services.portal_service import issue_role_credentials
from tray.fake_aws.services.sigv4 import Signature

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]+)")
_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
_KNOWN = {
    "GetCallerIdentity": (),
    "AssumeRole": (
        "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId", "SerialNumber", "TokenCode",
    ),
}  # fmt: skip
_MFA_FAILED = "MultiFactorAuthentication failed"


def action_of(request: Request) -> str:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("Action", "")


class Sts:
    """The server's lock is held."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm

    def get_caller_identity(self, request: Request) -> Response:
        caller = self._authenticate(request)
        _parameters(request)
        return _result(
            "GetCallerIdentity",
            f"<Arn>{escape(caller.arn)}</Arn><UserId>{escape(caller.user_id)}</UserId>"
            f"<Account>{caller.account_id}</Account>",
        )

    def assume_role(self, request: Request) -> Response:
        """
        Credentials of any well-formed role name; a chain lives an hour at most.

        A code is taken once, and only from the user whose device made it: a role has no device.
        """
        caller = self._authenticate(request)
        values = _parameters(request)
        arn = _ROLE_ARN.fullmatch(values.get("RoleArn", ""))
        name = values.get("RoleSessionName", "")
        if arn is None or not re.fullmatch(r"[\w+=,.@-]{2,64}", name):
            raise AwsError("ValidationError", "RoleArn or RoleSessionName is malformed")
        seconds = values.get("DurationSeconds", "3600")
        longest = 3600 if caller.session_token else 43200
        if not seconds.isdigit() or not 900 <= int(seconds) <= longest:
            raise AwsError("ValidationError", f"DurationSeconds must be 900 to {longest}")
        self._check_mfa(caller, values.get("SerialNumber"), values.get("TokenCode"))
        self.realm.assumed.append({k: v for k, v in values.items() if k != "TokenCode"})
        issued = issue_role_credentials(self.realm, arn[1], arn[2], name, int(seconds))
        until = datetime.fromtimestamp(issued.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return _result(
            "AssumeRole",
            f"<Credentials><AccessKeyId>{issued.access_key_id}</AccessKeyId>"
            f"<SecretAccessKey>{issued.secret_access_key}</SecretAccessKey>"
            f"<SessionToken>{issued.session_token}</SessionToken>"
            f"<Expiration>{until}</Expiration></Credentials><AssumedRoleUser>"
            f"<Arn>{escape(issued.arn)}</Arn><AssumedRoleId>{escape(issued.user_id)}"
            "</AssumedRoleId></AssumedRoleUser>",
        )

    def _check_mfa(self, caller: RoleCredentials, serial: str | None, code: str | None) -> None:
        if serial is None and code is None:
            return
        if serial is None or code is None:
            message = f"{_MFA_FAILED}, must provide both MFA serial number and one time pass code."
            raise AwsError("AccessDenied", message)
        if not re.fullmatch(r"[0-9]{6}", code):
            raise AwsError("ValidationError", "Value at 'tokenCode' must be six digits")
        user = self.realm.iam_users.get(caller.access_key_id)
        if user is None or serial != user.mfa_serial:
            raise AwsError("AccessDenied", f"{_MFA_FAILED}, unable to validate MFA code.")
        if code not in user.codes:
            message = f"{_MFA_FAILED} with invalid MFA one time pass code."
            raise AwsError("AccessDenied", message)
        user.codes.discard(code)

    def unknown(self, request: Request) -> Response:
        raise AwsError("InvalidAction", f"Could not find operation {action_of(request)!r}")

    def _authenticate(self, request: Request) -> RoleCredentials:
        signature = Signature.of(request)
        issued = self.realm.role_credentials.get(signature.access_key_id)
        token = request.headers.get("x-amz-security-token", "")
        if issued is None or token != issued.session_token:
            message = "The security token included in the request is invalid."
            raise AwsError("InvalidClientTokenId", message)
        signature.verify(issued.secret_access_key)
        if self.realm.knobs.time() >= issued.expires_at:
            raise AwsError("ExpiredToken", "The security token included in the request is expired")
        return issued


def _parameters(request: Request) -> dict[str, str]:
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    values = dict(pairs)
    known = ("Action", "Version", *_KNOWN[values.get("Action", "")])
    if len(values) != len(pairs) or not values.keys() <= set(known):
        raise AwsError("ValidationError", "a parameter is unknown or given twice")
    if values.get("Version") != "2011-06-15":
        raise AwsError("InvalidAction", "Version must be 2011-06-15")
    return values


def _result(action: str, body: str) -> Response:
    text = (
        f'<{action}Response xmlns="{STS_NAMESPACE}"><{action}Result>{body}</{action}Result>'
        f"<ResponseMetadata><RequestId>{_REQUEST_ID}</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    )
    return Response(200, text.encode(), "text/xml")
