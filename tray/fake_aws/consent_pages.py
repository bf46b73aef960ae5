"""The pages in the browser, authorize and device, and the user's decisions there."""

from __future__ import annotations

import re
import secrets
from urllib.parse import parse_qsl, urlencode

from tray.fake_aws import fake_pages
from tray.fake_aws.http.wire_format import (
    AwsError,
    Request,
    Response,
    html_answer,
    redirect,
    single_values,
)
from tray.fake_aws.services.oidc_service import (
    AUTHORIZATION_CODE,
    Authorization,
    Oidc,
    redirect_matches,
)

_AUTHORIZE = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge_method",
    "code_challenge",
    "scopes",
)
_OAUTH_CODES = {
    "InvalidRequestException": "invalid_request",
    "InvalidScopeException": "invalid_scope",
    "UnauthorizedClientException": "unauthorized_client",
}


class Consent:
    """The server's lock is held."""

    def __init__(self, oidc: Oidc) -> None:
        self.oidc = oidc
        self.realm = oidc.realm
        self.waiting: dict[str, Authorization] = {}

    def authorize(self, request: Request) -> Response:
        """
        Answer ``GET /authorize`` (RFC 6749 4.1.1 with RFC 7636; AWS says ``scopes``).

        An unknown client or redirect gets an error page and is never redirected (RFC 6749
        4.1.2.1); other faults go back to the client as ``error``.
        """
        values = dict(request.query)
        client = self.realm.clients.get(values.get("client_id", ""))
        if client is None or self.realm.knobs.time() >= client.expires_at:
            raise AwsError("InvalidClientException", "This application isn't registered.")
        redirect_uri = values.get("redirect_uri", "")
        if not redirect_matches(redirect_uri, client.redirect_uris):
            message = "This application's redirect address isn't registered."
            raise AwsError("InvalidRedirectUriException", message)
        try:
            asked = self._authorization_from(request)
        except AwsError as refused:
            details = {
                "error": _OAUTH_CODES[refused.name],
                "error_description": refused.message,
                "state": values.get("state", ""),
            }
            return redirect(f"{redirect_uri}?{urlencode(details)}", error=refused.name)
        if self.realm.knobs.auto_approve:
            return self._approve(asked, self.realm.knobs.user, status=302)
        ticket = secrets.token_urlsafe(16)
        self.waiting[ticket] = asked
        page = fake_pages.authorize(
            ticket=ticket,
            client_name=client.name,
            start_url=asked.start_url,
            scopes=asked.scopes,
            user=self.realm.knobs.user,
        )
        return html_answer(page)

    def _authorization_from(self, request: Request) -> Authorization:
        values = single_values(request.query, _AUTHORIZE)
        for name in _AUTHORIZE:
            if not values.get(name):
                raise AwsError("InvalidRequestException", f"parameter {name!r} is missing")
        client = self.realm.clients[values["client_id"]]
        if AUTHORIZATION_CODE not in client.grant_types or client.start_url is None:
            raise AwsError("UnauthorizedClientException", "not registered for codes")
        if values["response_type"] != "code":
            raise AwsError("InvalidRequestException", "response_type must be code")
        if values["code_challenge_method"] != "S256":
            raise AwsError("InvalidRequestException", "code_challenge_method must be S256")
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", values["code_challenge"]):
            raise AwsError("InvalidRequestException", "code_challenge is not of RFC 7636's form")
        scopes = tuple(values["scopes"].split(" "))
        if not set(scopes) <= set(client.scopes):
            raise AwsError("InvalidScopeException", "a scope the client never registered")
        return Authorization(
            client=client,
            start_url=client.start_url,
            redirect_uri=values["redirect_uri"],
            state=values["state"],
            scopes=scopes,
            challenge=values["code_challenge"],
            expires_at=self.realm.knobs.time() + self.realm.knobs.code_life,
        )

    def decide_authorization(self, request: Request) -> Response:
        values = _form(request, ("ticket", "decision", "user"))
        approve = _approved(values)
        asked = self.waiting.pop(values.get("ticket", ""), None)
        if asked is None or self.realm.knobs.time() >= asked.expires_at:
            message = "This request was already answered or has expired."
            raise AwsError("InvalidRequestException", message)
        if approve:
            return self._approve(asked, values.get("user") or self.realm.knobs.user, status=303)
        details = {
            "error": "access_denied",
            "error_description": "the person refused",
            "state": asked.state,
        }
        return redirect(f"{asked.redirect_uri}?{urlencode(details)}", 303)

    def _approve(self, asked: Authorization, user: str, status: int) -> Response:
        asked.session = self.realm.sign_in(asked.start_url, user)
        asked.expires_at = self.realm.knobs.time() + self.realm.knobs.code_life
        code = self.realm.secret(length=48)
        self.oidc.codes[code] = asked
        query = urlencode({"code": code, "state": asked.state})
        return redirect(f"{asked.redirect_uri}?{query}", status)

    def device_page(self, request: Request) -> Response:
        """Answer ``GET /device``: with a code what to decide, without one where to type it."""
        values = single_values(request.query, ("user_code",))
        if "user_code" not in values:
            return html_answer(fake_pages.device_code())
        grant = self.oidc.device_grant_waiting(values["user_code"])
        if grant is None:
            raise AwsError("InvalidRequestException", "This code is unknown or has been used.")
        if self.realm.knobs.auto_approve:
            self.oidc.decide_device(grant, approve=True, user=self.realm.knobs.user)
            return html_answer(fake_pages.approved())
        page = fake_pages.device(
            user_code=grant.user_code,
            client_name=grant.client.name,
            start_url=grant.start_url,
            scopes=grant.client.scopes,
            user=self.realm.knobs.user,
        )
        return html_answer(page)

    def decide_device(self, request: Request) -> Response:
        values = _form(request, ("user_code", "decision", "user"))
        grant = self.oidc.device_grant_waiting(values.get("user_code", ""))
        if grant is None:
            raise AwsError("InvalidRequestException", "This code is unknown or has been used.")
        approve = _approved(values)
        user = values.get("user") or self.realm.knobs.user
        self.oidc.decide_device(grant, approve=approve, user=user)
        return html_answer(fake_pages.approved() if approve else fake_pages.denied())


def refuse_page(refused: AwsError) -> Response:
    status = refused.status or (500 if refused.name == "InternalServerException" else 400)
    return html_answer(fake_pages.trouble(refused.message), status, error=refused.name)


def _form(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return single_values(tuple(pairs), known)


def _approved(values: dict[str, str]) -> bool:
    decision = values.get("decision")
    if decision not in ("approve", "deny"):
        raise AwsError("InvalidRequestException", "The decision must be approve or deny.")
    return decision == "approve"
