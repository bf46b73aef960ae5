"""A client without mercy: speaks to the Identity Center as the wire allows, not as SDKs would."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

SCOPE = "sso:account:access"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""RFC 7636 appendix B."""
CALLBACK = "http://127.0.0.1:54321/oauth/callback"

PKCE_REGISTRATION: Mapping[str, Any] = {
    "clientName": "test client",
    "clientType": "public",
    "grantTypes": ["authorization_code", "refresh_token"],
    "redirectUris": ["http://127.0.0.1/oauth/callback"],
    "issuerUrl": DEFAULT_START_URL,
    "scopes": [SCOPE],
}


@dataclass(frozen=True, slots=True)
class Got:
    """An answer as received; ``headers`` in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def error(self) -> str | None:
        """The AWS error's name."""
        kind = self.headers.get("x-amzn-errortype")
        return None if kind is None else kind.partition(":")[0]

    @property
    def refusal(self) -> tuple[int, str | None]:
        """What strictness tables compare."""
        return self.status, self.error

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> dict[str, Any]:
        """Return the body's JSON object."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    def redirected(self) -> tuple[str, dict[str, str]]:
        """Where a redirect leads, and its query."""
        target = urlsplit(self.headers["location"])
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        return f"{target.scheme}://{target.netloc}{target.path}", query


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to one center, over a new connection each time."""

    center: IdentityCenter

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Got:
        """Send one request as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.center.port, timeout=20)
        try:
            connection.request(method, target, body or None, dict(headers or {}))
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, names, answer.read())
        finally:
            connection.close()

    def post(self, path: str, members: Mapping[str, Any]) -> Got:
        """Send a rest-json request."""
        body = json.dumps(members).encode()
        return self.send("POST", path, body, {"Content-Type": "application/json"})

    def form(self, path: str, values: Mapping[str, str]) -> Got:
        """Send a form as a browser does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(values).encode(), kind)

    def portal(self, target: str, access_token: str, method: str = "GET") -> Got:
        """Ask the portal with an access token."""
        return self.send(method, target, headers={"x-amz-sso_bearer_token": access_token})

    def register(self, **changes: Any) -> dict[str, str]:
        """Register for codes; return ``clientId`` and ``clientSecret``."""
        members = self.post("/client/register", {**PKCE_REGISTRATION, **changes}).json()
        return {name: members[name] for name in ("clientId", "clientSecret")}

    def register_device(self, **changes: Any) -> dict[str, str]:
        """Register as the AWS CLI does for device codes."""
        members = {"clientName": "test", "clientType": "public", "scopes": [SCOPE], **changes}
        told = self.post("/client/register", members).json()
        return {name: told[name] for name in ("clientId", "clientSecret")}

    def authorize(self, client_id: str, **changes: str | None) -> Got:
        """Open the authorize URL; a change to None leaves the parameter out."""
        values = {**authorize_query(client_id), **changes}
        query = urlencode({name: value for name, value in values.items() if value is not None})
        return self.send("GET", f"/authorize?{query}")

    def code(self, client_id: str) -> str:
        """Get an authorization code; the center approves by itself."""
        return self.authorize(client_id).redirected()[1]["code"]

    def code_members(self, client: Mapping[str, str]) -> dict[str, str]:
        """Return a CreateToken request that is right in everything."""
        return {
            "grantType": "authorization_code",
            **client,
            "code": self.code(client["clientId"]),
            "redirectUri": CALLBACK,
            "codeVerifier": VERIFIER,
        }

    def sign_in(self, client: Mapping[str, str]) -> dict[str, Any]:
        """Sign in by code and return the answer of CreateToken."""
        return self.post("/token", self.code_members(client)).json()

    def start_device(
        self, client: Mapping[str, str], start_url: str = DEFAULT_START_URL
    ) -> dict[str, Any]:
        """Return the answer of StartDeviceAuthorization."""
        return self.post("/device_authorization", {**client, "startUrl": start_url}).json()

    def poll(self, client: Mapping[str, str], device_code: str) -> Got:
        """Ask for the token of a device code once."""
        return self.post("/token", {"grantType": DEVICE_CODE, **client, "deviceCode": device_code})

    def renew(self, client: Mapping[str, str], refresh_token: str) -> Got:
        """Use a refresh token."""
        members = {"grantType": "refresh_token", **client, "refreshToken": refresh_token}
        return self.post("/token", members)


def authorize_query(client_id: str) -> dict[str, str]:
    """Return the parameters the AWS CLI sends."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    return {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "state": "a-state",
        "code_challenge_method": "S256",
        "scopes": SCOPE,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
