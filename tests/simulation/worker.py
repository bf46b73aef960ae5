"""The workers of the made-up world: the transactions' outcomes, step by step as the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.core.story import T0
from tests.simulation.machine import CacheFile, Entry, Machine, facts
from tests.simulation.portal import Given, Portal
from tray.core import effects as fx
from tray.core import policy
from tray.core.model import Reason, SsoSession
from tray.core.outcomes import (
    Adopted,
    Failed,
    Outcome,
    PortalChecked,
    Refused,
    Released,
    RemovalJudged,
    Renewed,
    SignedOut,
    Unrenewable,
)
from tray.core.text import sentences

KEYRING_REASONS: dict[str, Reason] = {
    "locked": "keyring-locked",
    "denied": "keyring-denied",
    "absent": "keyring-absent",
}
Answered = Literal["renewed", "refused", "checked"]
"""What AWS was asked and answered: a refresh, good or not or any trouble; the portal, anything."""


@dataclass(frozen=True, slots=True)
class Pending:
    """
    What AWS gave and is not stored yet.

    Args:
        renewed: what AWS gave.
        published: the token that stood in the file when AWS was asked; None = there was no file.
        filed: the refresh token came from the file and goes back there, whatever the store is.
    """

    renewed: Entry
    published: Entry | None
    filed: bool


class Worker:
    """
    Carries out jobs on a machine against portals.

    A renewal is two steps, :meth:`ask` and :meth:`store`, so that others can act in between; what
    AWS gave is in the worker's hand meanwhile and counts as held (R3).
    """

    def __init__(self, machine: Machine, portals: dict[str, Portal]) -> None:
        self.machine = machine
        self.portals = portals
        self.answers: dict[str, list[tuple[float, Answered]]] = {}

    def run(self, start: fx.StartJob) -> Outcome | Pending:
        """Do a job up to AWS's answer; what it gave still has to be stored."""
        session = start.session
        match start.kind:
            case "renew":
                return self._renew(session, adopt=start.adopt)
            case "adopt":
                return self._adopt(session, adopt=start.adopt)
            case "judge-removed":
                return self._judged(session)
            case "check":
                return self._check(session)
            case "sign-out":
                return self._sign_out(session)
            case "release":
                return self._release(session)

    def store(self, session: SsoSession, pending: Pending) -> Outcome:
        """Store what AWS gave, publish it, let go of it; what others wrote meanwhile stays."""
        self.machine.in_hand.pop(session.key, None)
        return (self._file if pending.filed else self._keep)(session, pending)

    def _keep(self, session: SsoSession, pending: Pending) -> Outcome:
        """Put it into the keyring and publish it lean (``store_and_publish``)."""
        machine, key, renewed = self.machine, session.key, pending.renewed
        file = machine.file(key)
        readable = not file.torn and file.bad is None
        newer = file.entry if file.entry != pending.published and readable else None
        if newer is not None and newer.refresh is not None:
            machine.met["newer-than-the-answer"] += 1
            return self._by_others(key, newer)
        stored = self._into_keyring(key, renewed)
        if not readable:
            return _broken_file(file)
        if newer is not None:
            return self._by_others(key, newer)
        if file.entry is None and pending.published is not None:
            machine.met["removed-before-it-was-published"] += 1
            return self._judged_again(session)
        machine.write(key, renewed.lean())
        return Renewed(facts(renewed.lean()), "keyring", stored)

    def _into_keyring(self, key: str, entry: Entry) -> bool:
        """Whether the keyring took it; else it stays in the worker's hand (R3)."""
        machine = self.machine
        stored = not machine.keyring_refuses and machine.keyring_mode != "slow"
        if stored:
            machine.keep(key, entry)
        else:
            machine.in_hand[key] = entry
            machine.met["keyring-slow"] += 1
        return stored

    def _file(self, session: SsoSession, pending: Pending) -> Outcome:
        """Write the full file over the one that was renewed (``_publish_filed``)."""
        machine, key, renewed = self.machine, session.key, pending.renewed
        file = machine.file(key)
        newer = file.entry
        seen = newer == pending.published or (newer is not None and self._of_old(newer, pending))
        if not file.torn and file.bad is None and not seen:
            machine.met["newer-than-the-answer"] += 1
            if newer is None or newer.refresh is None:
                # The file was all there was of this grant, and somebody has taken it away.
                machine.thrown_away.add((renewed.place, renewed.given.family))
            return RemovalJudged("nothing") if newer is None else self._by_others(key, newer)
        machine.write(key, renewed)
        return Renewed(facts(renewed), machine.stores.get(key) or "file")

    def _of_old(self, newer: Entry, pending: Pending) -> bool:
        """Whether what came meanwhile came out of a backup."""
        last = pending.renewed if newer.refresh is None else pending.published
        ends_earlier = last is not None and newer.expires < last.expires
        return ends_earlier or newer.expires <= self.machine.wall

    def _judged_again(self, session: SsoSession) -> Outcome:
        """Judge a file that went away while its token was renewed: AWS is asked once more."""
        outcome = self._judged(session)
        return self.store(session, outcome) if isinstance(outcome, Pending) else outcome

    def _by_others(self, key: str, entry: Entry) -> Renewed:
        return Renewed(facts(entry), self.machine.stores.get(key) or "file", by_us=False)

    def settle(self, key: str) -> bool:
        """Store what the keyring has not confirmed yet, if it takes it now (R3)."""
        machine = self.machine
        held = machine.in_hand.get(key)
        if held is None or machine.keyring_refuses or machine.keyring_mode == "slow":
            return False
        machine.keep(key, held)
        del machine.in_hand[key]
        return True

    def signed_in(self, session: SsoSession, given: Given) -> tuple[Entry, bool]:
        """Keep a new sign-in; a keyring that does not take it leaves the full file (L12)."""
        machine, key = self.machine, session.key
        entry = machine.entry(given, session.start_url)
        machine.in_hand.pop(key, None)
        machine.thrown(key)
        kept = not machine.keyring_refuses and machine.keyring_mode != "slow"
        if kept:
            machine.keep(key, entry)
            machine.stores[key] = "keyring"
            machine.write(key, entry.lean())
        else:
            machine.met["sign-in-without-keyring"] += 1
            machine.stores[key] = "file"
            machine.write(key, entry)
        return entry, kept

    # --- The transactions --------------------------------------------------

    def _renew(self, session: SsoSession, *, adopt: bool) -> Outcome | Pending:
        machine, key = self.machine, session.key
        self.settle(key)
        file = machine.file(key)
        if machine.stores.get(key) == "released":
            return Unrenewable()
        if file.torn or file.bad is not None:
            return _broken_file(file)
        if file.entry is None:
            return self._judged(session)
        if file.entry.place != session.start_url:
            return Unrenewable()
        if file.entry.refresh is not None:
            self._adopt(session, adopt=adopt)
        published = machine.file(key).entry
        assert published is not None
        if published.refresh is not None:
            if machine.stores.get(key) is None:
                machine.stores[key] = "file"
            return self._ask(session, published, published, filed=True)
        if machine.stores.get(key) != "keyring":
            return Unrenewable()
        if machine.keyring_refuses:
            return self._keyring_trouble()
        kept = machine.in_hand.get(key) or machine.keyring.get(key)
        if kept is None or kept.refresh is None or kept.place != session.start_url:
            return Unrenewable()
        if kept.given.name != published.given.name:
            if kept.issued <= published.issued:
                return Unrenewable()
            published = kept.lean()  # stored and never published
            machine.write(key, published)
            if kept.expires - machine.wall > (kept.expires - kept.issued) / 2:
                machine.met["published-late"] += 1
                return self._by_others(key, published)
        return self._ask(session, kept, published)

    def _ask(
        self, session: SsoSession, held: Entry, published: Entry | None, *, filed: bool = False
    ) -> Outcome | Pending:
        machine, key = self.machine, session.key
        portal = self.portals[session.start_url]
        trouble = self._trouble(key)
        if trouble is not None:
            return trouble
        assert held.refresh is not None
        answer = portal.refresh(held.refresh, machine.time)
        self._answered(key, "renewed" if isinstance(answer, Given) else "refused")
        if isinstance(answer, Given):
            renewed = machine.entry(answer, session.start_url)
            machine.in_hand[key] = renewed
            return Pending(renewed, published, filed)
        machine.met["registration-expired" if answer == "registration" else "refused"] += 1
        says = self._portal_says(session, published or held)
        if says == "dead":
            machine.met["revoked"] += 1
        return Refused(says, "registration-expired" if answer == "registration" else "refused")

    def _adopt(self, session: SsoSession, *, adopt: bool) -> Outcome | Pending:
        machine, key = self.machine, session.key
        file, store = machine.file(key), machine.stores.get(key)
        if file.torn or file.bad is not None:
            return _broken_file(file)
        token = file.entry
        if token is None:
            return self._judged(session)
        if store == "released":
            return Adopted(facts(token), "released")
        if token.refresh is None:
            return Adopted(facts(token), store or "file")
        if not adopt:
            machine.stores[key] = "file"
            return Adopted(facts(token), "file")
        if machine.keyring_refuses or machine.keyring_mode == "slow":
            machine.met[f"adoption-keyring-{machine.keyring_mode}"] += 1
            if store is None:
                machine.stores[key] = "file"
            reason = KEYRING_REASONS.get(machine.keyring_mode, "keyring-waiting")
            return Adopted(facts(token), store or "file", reason)
        machine.in_hand.pop(key, None)
        machine.keep(key, token)
        machine.stores[key] = "keyring"
        machine.write(key, token.lean())
        machine.met["adopted"] += 1
        return Adopted(facts(token.lean()), "keyring")

    def _judged(self, session: SsoSession) -> Outcome | Pending:
        machine, key = self.machine, session.key
        file = machine.file(key)
        if file.torn or file.bad is not None:
            return _broken_file(file)
        if file.entry is not None:
            return RemovalJudged("back", facts(file.entry))
        if machine.stores.get(key) != "keyring":
            return RemovalJudged("nothing")
        if machine.keyring_refuses:
            return self._keyring_trouble()
        kept = machine.in_hand.get(key) or machine.keyring.get(key)
        if kept is None or kept.place != session.start_url:
            return RemovalJudged("nothing")
        if kept.expires <= machine.wall or kept.issued > machine.wall + policy.CLOCK_SLACK:
            decided = self._ask(session, kept, None)
            if isinstance(decided, Refused):
                return self._gone(session, over=decided.reason != "registration-expired")
            return decided
        trouble = self._trouble(key)
        if trouble is not None:
            return trouble
        self._answered(key, "checked")
        if not self.portals[session.start_url].check(kept.given.name, machine.time):
            return self._gone(session, over=True)
        machine.write(key, kept.lean())
        machine.met["published-again"] += 1
        return RemovalJudged("published", facts(kept.lean()))

    def _gone(self, session: SsoSession, *, over: bool) -> Outcome:
        self.machine.in_hand.pop(session.key, None)
        kept = self.machine.keyring.pop(session.key, None)
        if kept is not None and (not over or self._misdated(kept)):
            self.machine.thrown_away.add((kept.place, kept.given.family))
        return RemovalJudged("signed-out" if over else "nothing")

    def _misdated(self, kept: Entry) -> bool:
        """
        Whether the clock was set since a token was given: then its end, as written, is wrong.

        A removed file whose token ran out unseen, because the clock was set back by less than
        has passed since, looks like a sign-out. Nothing on the machine tells the two apart.
        """
        return abs(kept.issued - T0 - kept.given.issued - self.machine.offset) > 1

    def _check(self, session: SsoSession) -> Outcome:
        token = self.machine.file(session.key).entry
        if token is None or self.machine.file(session.key).torn:
            return Failed("torn-file", "It is being written.")
        trouble = self._trouble(session.key)
        if trouble is not None:
            return trouble
        return PortalChecked(facts(token).fingerprint, self._portal_says(session, token))

    def _sign_out(self, session: SsoSession) -> Outcome:
        machine, key = self.machine, session.key
        if machine.keyring_refuses:
            return self._keyring_trouble()
        online = self._network() is None
        if online:
            self.portals[session.start_url].sign_out()
        for held in (machine.file(key).entry, machine.keyring.get(key), machine.in_hand.get(key)):
            if held is not None:
                machine.thrown_away.add((held.place, held.given.family))
        machine.keyring.pop(key, None)
        machine.in_hand.pop(key, None)
        machine.write(key, None)
        return SignedOut(None if online else "AWS was not told.")

    def _release(self, session: SsoSession) -> Outcome:
        machine, key = self.machine, session.key
        if machine.keyring_refuses:
            return self._keyring_trouble()
        machine.stores[key] = "released"
        kept = machine.in_hand.pop(key, None) or machine.keyring.get(key)
        published = machine.file(key).entry
        if kept is not None and published is not None and published.refresh is None:
            machine.write(key, kept)
        if machine.file(key).entry is not None:
            machine.keyring.pop(key, None)
        elif kept is not None:
            machine.write(key, kept)
            machine.keyring.pop(key, None)
        return Released(sentences.released_not_renewed(key))

    # --- What can go wrong -------------------------------------------------

    def _keyring_trouble(self) -> Failed:
        mode = self.machine.keyring_mode
        self.machine.met[f"keyring-{mode}"] += 1
        return Failed(KEYRING_REASONS[mode], "The keyring cannot be used.")

    def _network(self) -> Failed | None:
        weather = self.machine.weather
        if weather == "well":
            return None
        self.machine.met[weather] += 1
        match weather:
            case "offline":
                return Failed("offline", "No route.")
            case "5xx":
                return Failed("other", "AWS answered 503.", answered=True)
            case "429":
                return Failed("other", "AWS asks for patience.", answered=True, retry_after=90)
            case "html":
                return Failed("other", "Not AWS's answer.", answered=True)

    def _trouble(self, key: str) -> Failed | None:
        trouble = self._network()
        if trouble is not None and trouble.answered:
            self._answered(key, "refused")
        return trouble

    def _answered(self, key: str, what: Answered) -> None:
        self.answers.setdefault(key, []).append((self.machine.time, what))

    def _portal_says(
        self, session: SsoSession, token: Entry
    ) -> Literal["valid", "dead", "unreachable"]:
        if self._network() is not None:
            return "unreachable"
        self._answered(session.key, "checked")
        portal = self.portals[session.start_url]
        return "valid" if portal.check(token.given.name, self.machine.time) else "dead"


def _broken_file(file: CacheFile) -> Failed:
    return Failed("torn-file" if file.torn else "bad-file", "It is bad.")
