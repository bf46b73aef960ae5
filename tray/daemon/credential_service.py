"""Credentials and identities for programs: never a browser, and a renewal where that helps."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tray.core import events as ev
from tray.core.effects import Reply
from tray.core.events import Event
from tray.core.model import InputFile, Profile
from tray.core.outcomes import PASSING
from tray.core.profiles.bare_role import RolePlace, bare_role
from tray.core.session import Session, renewable
from tray.core.state import TrayState
from tray.core.text import sentences
from tray.core.text.shell_commands import sign_in_first
from tray.daemon.role_credential_cache import CacheKey, RoleCredentialCache
from tray.daemon.worker_pool import WorkerLost
from tray.storage.logs import History


@dataclass(eq=False)
class _Failed(Exception):
    """No credentials."""

    exit: int  # rule C1
    sentence: str
    doubtful: bool = False
    rejected: bool = False
    forbidden: bool = False
    passes: bool = False
    serial: str | None = None  # of the MFA device that only a person can ask

    def answer(self) -> dict[str, Any]:
        passes = {"passes": True} if self.passes else {}
        serial = {"serial": self.serial} if self.serial is not None else {}
        return {"exit": self.exit, "sentence": self.sentence, **passes, **serial}


class CredentialService:
    """
    Answer ``credentials`` and ``whoami``, cached ones whatever became of their token.

    An expired token is renewed first, and one the portal rejects is renewed once (R6).
    """

    def __init__(
        self,
        directory: Path,
        *,
        state: Callable[[], TrayState],
        surroundings: Callable[[Profile, dict[str, Any]], str | None],
        post: Callable[[Event], None],
        ask: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]],
    ) -> None:
        self.cache = RoleCredentialCache()
        self._state = state
        self._surroundings = surroundings
        self._post = post
        self._ask = ask
        self._history = History(directory)
        self._renewals: dict[str, asyncio.Future[Reply]] = {}
        self._numbers = itertools.count(1)

    async def answer(
        self,
        op: str,
        name: str | RolePlace | None,
        asker: str,
        fresh: float = 0.0,
        codes: Sequence[str] = (),
    ) -> tuple[dict[str, Any], Callable[[], None]]:
        """
        Return the answer, and bookkeeping for later: it takes ten times as long (measured).

        No name is the active profile; credentials at hand must have `fresh` seconds left. Where
        a role wants an MFA code that `codes` lack, the answer has the device's ``serial``.
        """
        if isinstance(name, RolePlace):
            session = self._session(name.session)
            if session is None:
                return {"exit": 2, "sentence": sentences.no_such_session(name.session)}, _nothing
            profiles = self._state().catalog.profiles
            role = bare_role(session.config, name.account_id, name.role_name, profiles)
            return await self._answered(op, role, asker, fresh)
        name = self._state().active_profile if name is None else name
        unread = self._state().unread.get(InputFile("active-profile"))
        if name is None and unread is not None:
            return {"exit": 1, "sentence": unread.sentence}, _nothing
        if name is None:
            return {"exit": 2, "sentence": sentences.NO_ACTIVE_PROFILE}, _nothing
        profile = next((one for one in self._state().catalog.profiles if one.name == name), None)
        if profile is None:
            return {"exit": 2, "sentence": sentences.no_such_profile(name)}, _nothing
        if profile.problem is not None:
            return {"exit": 1, "sentence": profile.problem}, _nothing
        if profile.of_the_asker:
            sentence = sentences.credentials_of_the_asker(name)
            return {"error": "other-world", "sentence": sentence}, _nothing
        return await self._answered(op, profile, asker, fresh, codes)

    async def _answered(
        self, op: str, profile: Profile, asker: str, fresh: float, codes: Sequence[str] = ()
    ) -> tuple[dict[str, Any], Callable[[], None]]:
        key = profile.session or ""
        try:
            if self.cache.held(self._place(profile), fresh) is None:
                await self._freshen(key)
            asked_with = self._fingerprint(key)
            try:
                answer = await self._answer(op, profile, fresh, codes)
            except _Failed as failed:
                if not (failed.doubtful or failed.rejected):
                    raise
                if failed.rejected and asked_with is not None:
                    self._post(ev.TokenRejected(key, asked_with))
                await self._renewed(key, asked_with)  # one refresh decides (R6)
                answer = await self._answer(op, profile, fresh, codes)
        except _Failed as failed:
            return failed.answer(), _nothing
        given = "whoami" if op == "whoami" else "credentials"
        if op == "environment":
            packed = self._surroundings(profile, answer["credentials"])
            if packed is None:
                return {"exit": 1, "sentence": ""}, _nothing  # the caller has to look for itself
            answer = {"environment": packed, **answer}
        return {"exit": 0, "sentence": "", **answer}, lambda: self._given(given, profile, asker)

    def _given(self, op: str, profile: Profile, asker: str) -> None:
        if op == "credentials":
            self._post(ev.CredentialsGiven(profile.session or ""))
        self._history.add(time.time(), op, profile.session, sentences.given_to(profile, asker))

    def _session(self, key: str) -> Session | None:
        return self._state().sessions.get(key)

    async def _freshen(self, key: str) -> None:
        session = self._session(key)
        if session is None or session.token is None:
            return
        dead = session.over or session.token.expires_at <= time.time()
        if dead and renewable(session):
            await self._renewed(key, session.token.fingerprint)

    def _fingerprint(self, key: str) -> str | None:
        session = self._session(key)
        return session.token.fingerprint if session is not None and session.token else None

    def take(self, reply: Reply) -> bool:
        """Take the rules' answer to a renewal requested here; False if it is another's."""
        renewal = self._renewals.pop(reply.request, None)
        if renewal is not None and not renewal.done():
            renewal.set_result(reply)
        return renewal is not None

    async def _renewed(self, key: str, fingerprint: str | None) -> None:
        """Have the rules renew a token that does not work, and wait for the end."""
        number = f"credentials-{next(self._numbers)}"
        renewal = self._renewals[number] = asyncio.get_running_loop().create_future()
        self._post(ev.RenewRequested(key, number, "program", fingerprint))
        reply = await renewal
        if reply.exit == 3:
            raise _Failed(3, sign_in_first(key))
        if reply.exit:
            session = self._session(key)
            failing = session.failing if session is not None else None
            passes = failing is not None and failing.reason in PASSING
            raise _Failed(reply.exit, reply.sentence, passes=passes)

    def _place(self, profile: Profile) -> CacheKey:
        session = self._session(profile.session or "")
        return CacheKey.of(profile, session.origin if session is not None else None)

    async def _answer(
        self, op: str, profile: Profile, fresh: float, codes: Sequence[str]
    ) -> dict[str, Any]:
        place = self._place(profile)
        held = self.cache.held(place)
        more = {"codes": list(codes)} if codes else {}
        given = await self.cache.get(
            place,
            lambda: self._fetch("credentials", profile, **more),
            fresh,
            by_code=bool(codes),
        )
        if op != "whoami":
            return {"credentials": given}
        try:
            return {"identity": await self._fetch("whoami", profile, credentials=given)}
        except _Failed as failed:
            if held is None or not failed.forbidden:
                raise
        # The cached credentials were revoked; fetched ones may well be good.
        self.cache.forget_one(place)
        given = await self.cache.get(place, lambda: self._fetch("credentials", profile))
        return {"identity": await self._fetch("whoami", profile, credentials=given)}

    async def _fetch(self, kind: str, profile: Profile, **more: Any) -> dict[str, Any]:
        session = self._session(profile.session or "")
        config = session.config if session is not None else None
        request = {
            "kind": kind,
            "profile": profile.to_json(),
            "session": config and config.to_json(),
            **more,
        }
        try:
            done = await self._ask(request)
        except Exception as lost:  # noqa: BLE001  (a lost worker is an answer like any other)
            sentence = str(getattr(lost, "sentence", sentences.MISTAKE))
            raise _Failed(1, sentence, passes=isinstance(lost, WorkerLost)) from None
        if "failed" not in done:
            if session is not None and session.failing is not None:
                self._post(ev.PortalAnswered(session.key))
            answer: dict[str, Any] = done["answer"]
            return answer
        error, sentence = done.get("error", ""), str(done["failed"]["sentence"])
        if error == "token-rejected":
            raise _Failed(3, sentence, rejected=True)
        # The file's end is in whole seconds, up to one earlier than ours.
        known = self._session(profile.session or "")
        again = error == "sign-in-needed" and known is not None and renewable(known)
        raise _Failed(
            3 if error == "sign-in-needed" else 1,
            sentence,
            doubtful=again,
            forbidden=error == "role-forbidden",
            passes=error == "passes",
            serial=done.get("serial"),
        )


def _nothing() -> None:
    """Record nothing: no credentials were given."""
