"""The person of the made-up world: signs in, reads notices, presses buttons, walks away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.core.story import T0
from tests.simulation.workers import LOST
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import SsoSession
from tray.core.requests import SignInAllRequested, UnlockRequested
from tray.worker.sign_in.sign_in_saving import SignInResult

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(slots=True)
class SigningIn:
    """A sign-in process of the world: who it is for, and how far it has come."""

    session: SsoSession
    attempt: int
    life: int
    afresh: bool
    cancelled: bool = False
    ended: bool = False
    shown: bool = False


class Person:
    """Whoever sits before the screen, and the sign-in processes that wait for them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def sign_in(self, start: fx.StartSignIn) -> None:
        """Start a sign-in process."""
        process = SigningIn(start.session, start.attempt, self._world.life, start.afresh)
        self._world.sign_ins[start.attempt] = process
        delay = self._world.draw("sign-in", start.session.key, 0.2, 3)
        self._world.later(
            delay, f"{start.session.key}: the page is ready", lambda: self._ready(process)
        )

    def _ready(self, process: SigningIn) -> None:
        key = process.session.key
        if process.cancelled:
            process.ended = True
            return
        if self._world.machine.aws.weather != "well":
            process.ended = True
            self._world.machine.met["sign-in-failed"] += 1
            failed = ev.SignInFailed(key, process.attempt, "AWS cannot be reached.", "offline")
            self._world.tell(failed)
            return
        works, ended = self._found(process.session) if process.afresh else (False, False)
        if works:
            self._world.portal(process.session.start_url).sign_out()
            self._world.truth.portal_ended_at[process.session.start_url] = self._world.machine.time
            self._world.truth.unwell()
        ready = ev.SignInReady(key, process.attempt, "https://signin", older_ended=ended)
        self._world.tell(ready)

    def _found(self, session: SsoSession) -> tuple[bool, bool]:
        """Whether a sign-in process finds a token that signs out of the portal, or any at all."""
        machine = self._world.machine
        found = machine.kept(session.key)[:1] if machine.keyring.answers else []
        entry = machine.file(session.key)
        if entry is not None and machine.readable(session.key):
            found.append(entry)
        ours = [one.given for one in found if one.given and one.place == session.start_url]
        return any(machine.aws.works(given.access) for given in ours), bool(ours)

    def page_opened(self, key: str) -> None:
        """Look at a page: approve, deny, or leave it open."""
        process = next(
            (
                one
                for one in self._world.sign_ins.values()
                if one.session.key == key and not one.ended and not one.cancelled
            ),
            None,
        )
        if process is None or process.shown:
            return
        process.shown = True
        system_event = 0.0 if self._world.calm else self._world.draw("person", key)
        delay = 20.0 if self._world.calm else self._world.draw("approves", key, 2, 700)
        if system_event < 0.75:
            self._world.later(delay, f"{key}: approved", lambda: self._approved(process))
        elif system_event < 0.85:
            self._world.later(delay, f"{key}: denied", lambda: self._denied(process))

    def _approved(self, process: SigningIn) -> None:
        key = process.session.key
        if process.cancelled or process.ended:
            process.ended = True
            return
        process.ended = True
        world = self._world
        if world.machine.aws.weather != "well":
            failed = ev.SignInFailed(key, process.attempt, "AWS cannot be reached.", "offline")
            world.tell(failed)
            return
        given = world.portal(process.session.start_url).sign_in(
            world.machine.time, f"sso-tray {process.session.key}"
        )
        world.machine.aws.patience_until.pop(key, None)  # AWS answers again
        world.note("sign-in", key)
        world.truth.thrown(key)
        world.truth.signed_in(key, given)

        def kept(result: SignInResult | str | None) -> None:
            world.truth.unwell()
            attempt = process.attempt
            event: ev.Event
            if result is None:
                event = ev.SignInFailed(key, attempt, LOST.sentence, lost=True)
            elif isinstance(result, str):
                event = ev.SignInFailed(key, attempt, result)
            else:
                event = ev.SignedIn(
                    key, attempt, result.token, result.store, result.reason, result.sentence
                )
            delay = world.draw("signed-in", key, 0.005, 0.3)
            world.later(delay, f"{key}: signed in", lambda: world.report(process.life, event))

        token = world.machine.token(given, process.session)
        token = replace(token, dated=T0 + world.machine.time)
        world.workers.save(process.session, token, kept)

    def _denied(self, process: SigningIn) -> None:
        if not process.cancelled and not process.ended:
            process.ended = True
            self._world.machine.met["denied"] += 1
            self._world.tell(
                ev.SignInFailed(process.session.key, process.attempt, "It was denied.")
            )

    def noticed(self, notice: fx.Notice) -> None:
        """Read a notice, and perhaps press a button of it."""
        self._world.say(f"      NOTICE {notice.once_key}: {notice.title}")
        if self._world.calm or not notice.buttons or self._world.locked:
            return
        button = notice.buttons[0]
        key = notice.keys[0] if notice.keys else ""
        system_event = self._world.draw("notice", key)
        delay = self._world.draw("reads", key, 1, 900)
        if system_event < 0.35:
            self._world.later(delay, f"a click on {button.action}", lambda: self._clicked(button))
        elif system_event < 0.5 and any(one.action == "snooze" for one in notice.buttons):
            self._world.later(delay, "snoozed", lambda: self._world.tell(ev.SnoozeRequested(key)))

    def _clicked(self, button: fx.Button) -> None:
        match button.action:
            case "sign-in" | "sign-in-afresh":
                if len(button.keys) > 1:
                    self._world.tell(SignInAllRequested(button.keys))
                else:
                    self._world.tell(ev.SignInRequested(button.keys[0]))
            case "unlock-keyring":
                self._world.tell(UnlockRequested())
            case "undo-adoption":
                for key in button.keys:
                    self.release(key)
            case "snooze":
                self._world.tell(ev.SnoozeRequested(button.keys[0]))
            case "undo-removal":
                for key in button.keys:
                    self.undo(key)

    def release(self, key: str) -> None:
        """Have a session's refresh token handed back, into its file."""
        self._world.note("release", key)
        self._world.tell(ev.ReleaseRequested(key))
        self._world.truth.unwell()

    def undo(self, key: str) -> None:
        """Take back a sign-out on this machine."""
        self._world.note("undo", key)
        self._world.truth.unwell()
        self._world.tell(ev.UndoRequested(key))

    def unlock(self) -> None:
        """Type the keyring's password."""
        if self._world.machine.keyring.mode == "locked":
            self._world.keyring("well")
            self._world.truth.unwell()
            self._world.tell(ev.SystemEvent("keyring-unlocked"))

    def programs_ask(self, key: str, count: int) -> None:
        """Let programs ask for credentials: as `CredentialService`, they ask for a renewal."""
        world, entry = self._world, self._world.machine.file(key)
        world.tell(ev.CredentialsGiven(key))
        session = world.state.sessions.get(key)
        if entry is None or entry.given is None or session is None or session.token is None:
            return
        if entry.expires <= world.machine.wall():
            world.machine.met["programs-ask-for-a-renewal"] += 1
            for number in range(count):
                world.tell(
                    ev.RenewRequested(
                        key, f"hand-out-{number}", "program", session.token.fingerprint
                    )
                )
        elif world.machine.aws.weather == "well" and not world.machine.aws.works(
            entry.given.access
        ):
            world.machine.met["doubted"] += 1
            world.machine.met["doubted-during-a-job"] += session.job is not None
            # As in `CredentialService`, the doubt names the token that the daemon knew of when it
            # was asked: of one published since then, the next program's refusal tells.
            if session.token.fingerprint == entry.given.fingerprint:
                world.truth.doubted[key] = entry.given.access
            for _ in range(count):
                world.tell(ev.TokenRejected(key, session.token.fingerprint))
