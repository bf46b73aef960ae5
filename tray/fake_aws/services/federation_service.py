"""
The sign-in service's federation endpoint: credentials against a link that opens a console.

Decides whether credentials we issued are good, and whether a sign-in token is used a first time.
"""

from __future__ import annotations

import html
import json
from urllib.parse import parse_qsl

from tray.fake_aws.http.wire_format import AwsError, Request, Response, html_answer, json_answer
from tray.fake_aws.realm import Realm

_MEMBERS = {"sessionId", "sessionKey", "sessionToken"}


class Federation:
    """The server's lock is held."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self._tokens: dict[str, str] = {}

    def get_signin_token(self, request: Request) -> Response:
        """A token for one sign-in with role credentials."""
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        values = dict(pairs)
        if values.pop("Action", "") != "getSigninToken" or set(values) != {"Session"}:
            raise AwsError("InvalidRequestException", "Action or Session is missing, or too much")
        try:
            session = json.loads(values["Session"])
        except ValueError:
            session = None
        if not isinstance(session, dict) or set(session) != _MEMBERS:
            raise AwsError("InvalidRequestException", "Session is malformed")
        issued = self.realm.role_credentials.get(str(session["sessionId"]))
        given = (session["sessionKey"], session["sessionToken"])
        if issued is None or given != (issued.secret_access_key, issued.session_token):
            raise AwsError("InvalidRequestException", "the credentials are not valid")
        if self.realm.knobs.time() >= issued.expires_at:
            raise AwsError("InvalidRequestException", "the credentials have expired")
        token = self.realm.secret("VCQgs5qZZt3Q", 300)
        self._tokens[token] = issued.arn
        return json_answer({"SigninToken": token})

    def login(self, request: Request) -> Response:
        """The console, for whoever comes first with the token."""
        values = dict(request.query)
        if set(values) != {"Action", "Issuer", "Destination", "SigninToken"}:
            raise AwsError("InvalidRequestException", "a parameter is missing or unknown")
        arn = self._tokens.pop(values["SigninToken"], None)
        if values["Action"] != "login" or arn is None:
            raise AwsError("InvalidRequestException", "the sign-in token is not valid")
        page = f"<!doctype html><title>AWS console</title><p>{html.escape(arn)}</p>"
        return html_answer(page)
