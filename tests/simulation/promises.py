"""What holds whatever happens: the promises the rules are held to at every step of a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.core.story import T0
from tests.simulation.measures import Measures
from tests.simulation.promise import Broken
from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.effects import Effect
from tray.core.machine import step
from tray.core.model import Now
from tray.core.outcomes import Adopted, Refused, Renewed
from tray.core.requests import SignInAllRequested
from tray.core.session import Session, for_the_keyring
from tray.core.sessions.session_states import renews, state_of
from tray.core.state import TrayState, next_look
from tray.core.views.view import view

if TYPE_CHECKING:
    from tests.simulation.world import World

MINUTE = 60.0
HOUR = 3600.0
EARLIEST = policy.RENEW_AFTER_LIFE - policy.RENEW_JITTER - 0.01
"""Share of its life before which nothing but doubt is a reason to renew a token (R1)."""
RENEWS_AT_ONCE = (ev.RenewRequested, ev.TokenRejected, ev.JobDone)
"""What makes a doubt or a wish of its own."""
CHECKED_EVERY = 4
"""Only each so-manieth step is held against the costlier promises."""
LOOKS_INTO_IT = ("adopt", "judge-removed")
"""What looks for a sign-in that died between the keyring and the file (K8)."""
USES_REFRESH_DATA = ("renew", "adopt", "judge-removed")


class Promises:
    """Holds every step of a run against every promise."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clicks: Counter[str] = Counter()
        self._told: set[tuple[str, str, str]] = set()
        self._shown: set[tuple[str, str, str]] = set()
        self._kinds: dict[str, str] = {}
        self._measures = Measures(world, self.broken)
        self._died: set[str] = set()
        self._count = 0
        self._held_at = 0.0
        self.found: Broken | None = None

    # --- What the world tells ----------------------------------------------

    def restarted(self) -> None:
        """What AWS answered is not remembered over a restart; the hour starts anew."""
        self._clicks.clear()
        self._kinds.clear()
        memories = self._world.memories()
        self._told = {
            one for one in self._told if one[0] in memories and one[2] in memories[one[0]].notified
        }
        self._shown &= self._told
        self._measures.begun_anew()

    def clock_set(self) -> None:
        """Answers dated after a clock that was set back are forgiven (fault 29)."""
        self._kinds.clear()
        self._measures.begun_anew()

    def put_back(self, key: str) -> None:
        """An old file was put back: its end may be told of again."""
        self._told = {one for one in self._told if one[0] != key}
        self._shown &= self._told

    def forgetful(self) -> None:
        """A file of our state directory is lost or old: what was told may be told again."""
        self._told.clear()
        self._shown.clear()
        self._kinds.clear()
        self._world.truth.unproved.clear()
        self._world.truth.forgotten()

    def is_quiet(self, seconds: float = 10 * MINUTE) -> bool:
        """
        Whether nothing is wrong, nothing is under way and nothing is about to change.

        A keyring that has refused is asked again at the next renewal or at a start: a session that
        waits for that is about to change.
        """
        world = self._world
        return (
            not world.workers.busy()
            and not world.state.asleep
            and world.state.config_problem is None
            and world.machine.time - world.truth.unwell_at > seconds
            and all(
                session.job is None
                and session.sign_in is None
                and not session.queue
                and not for_the_keyring(session.notable)
                and world.truth.is_well(key)
                for key, session in world.state.sessions.items()
            )
        )

    def same(
        self, before: dict[str, tuple[object, ...]], after: dict[str, tuple[object, ...]]
    ) -> None:  # fmt: skip
        """Hold what is shown after a restart against what was shown before."""
        now = self._world.machine.now
        for key, shown in before.items():
            # A start may find out what AWS has ended while nobody asked.
            place = self._world.state.sessions[key].config.start_url
            found = after.get(key, ("",))[0] == "expired"
            if found and not self._world.truth.works(key, place, now):
                continue
            if after.get(key) != shown:
                self.broken("restart equivalence", f"{key} was {shown} and is {after.get(key)}")

    # --- Each step ---------------------------------------------------------

    def hold(
        self,
        before: TrayState,
        event: ev.Event,
        now: Now,
        after: TrayState,
        effects: tuple[Effect, ...],
    ) -> None:
        """
        Hold one step against the promises.

        Raises:
            Broken: one does not hold.
        """
        self._count += 1
        if isinstance(event, ev.SystemEvent) and event.what == "network-up":
            self._world.truth.network_is_up(before)
        late = abs(now.wall - self._held_at) > MINUTE
        if late or _at_work(before) != _at_work(after):
            self._world.truth.is_shown(before, now)
        if late:
            self._world.truth.tries_are_made()
        self._held_at = now.wall
        self._timer(after, now)
        self._measures.tick(event)
        self._jobs(before, event, now, after, effects)
        self._pages(before, event, effects)
        if isinstance(event, ev.SignInFailed) and event.lost:
            self._died.add(event.key)
        if isinstance(event, ev.SignedIn):
            self.put_back(event.key)  # who signs in to what still ends is told again
        self._notices(before, after, now, effects)
        self._nothing_changes_unseen(before, event, after, now)
        if self._count % CHECKED_EVERY == 0:
            self._world.truth.nothing_is_lost()
            self._world.truth.removals_stay()
            self._world.truth.tries_are_made()
            self._world.truth.is_shown(after, now)
            self._measures.aws()

    def _timer(self, after: TrayState, now: Now) -> None:
        due = next_look(after, now)
        if due is not None and due <= now.wall:
            self.broken("the next look lies ahead", f"due {due - now.wall:.3f} s from now")

    def _jobs(
        self,
        before: TrayState,
        event: ev.Event,
        now: Now,
        after: TrayState,
        effects: tuple[Effect, ...],
    ) -> None:
        for effect in effects:
            if isinstance(effect, fx.StartJob):
                self._measures.job(effect.session.key)
                self._job(before, event, effect)
            elif isinstance(effect, fx.ReadAgain):
                self._measures.read_again(effect.file)
            elif isinstance(effect, fx.StartSignIn):
                self._one_sign_in(effect)
        if isinstance(event, ev.JobDone):
            self._late_answer(before, event, now, after, effects)
            self._confirmed(before, event, now, after)
        for session in after.sessions.values():
            token = session.token
            if token is not None and token.start_url != session.config.start_url:
                self.broken("no token of another place", session.key)

    def _job(self, before: TrayState, event: ev.Event, start: fx.StartJob) -> None:
        known = before.sessions.get(start.session.key)
        if known is None or known.config.start_url != start.session.start_url:
            return
        freed = isinstance(event, ev.JobDone | ev.SignedIn | ev.ConfigRead)
        if known.job is not None and not freed:
            self.broken("one job a session", f"{start.kind} beside {known.job.kind}")
        # A sign-in takes it back, also one that died before it was recorded, or that was given up
        # when it was recorded already, as a look into the keyring then shows.
        taken_back = isinstance(event, ev.SignedIn | ev.RecordsRead) or (
            isinstance(event, ev.SignInFailed) and event.lost
        )
        if start.kind in LOOKS_INTO_IT and known.key in self._died:
            self._died.discard(known.key)  # it had to wait for another job
            taken_back = True
        outcome = event.outcome if isinstance(event, ev.JobDone) else None
        taken_back |= isinstance(outcome, Adopted | Renewed) and outcome.store == "keyring"
        entry = self._world.machine.file(known.key)
        looks = start.kind == "adopt" and entry is not None and entry.refresh is None
        if (
            known.store == "released"
            and not taken_back
            and not looks
            and (start.kind in USES_REFRESH_DATA)
        ):
            self.broken("a released session is left alone", f"{start.kind} of {known.key}")
        begins = before.asleep and not isinstance(event, ev.SystemEvent | ev.RenewRequested)
        # A sign-in given up asleep leaves a doubt behind, which is a wish; so is a click whose
        # question to the portal was under way.
        doubted = bool(known.queue) or known.sign_in is not None or bool(known.logins)
        if begins and start.kind in USES_REFRESH_DATA and not doubted:
            self.broken("nothing is begun asleep", f"{start.kind} of {known.key}")
        if start.kind == "renew" and self._needless(known, event):
            self.broken("a fresh token is left alone", known.key)
        if start.kind == "sign-out" and not _wished(known, event, "sign-out", ev.SignOutRequested):
            self.broken("only a person signs out", known.key)
        if start.kind == "release" and not _wished(known, event, "release", ev.ReleaseRequested):
            self.broken("only a person hands back", known.key)

    def _needless(self, known: Session, event: ev.Event) -> bool:
        """Whether a token early in its life works and nobody has doubted it (R1)."""
        machine, entry = self._world.machine, self._world.machine.file(known.key)
        # A sign-in given up leaves a doubt behind: an afresh one has signed out before (L9).
        doubted = bool(known.queue) or known.sign_in is not None or known.failing is not None
        if doubted or isinstance(event, RENEWS_AT_ONCE):
            return False
        given = entry.given if entry is not None else None
        if given is None or known.token is None or known.token.fingerprint != given.fingerprint:
            return False
        if entry is not None and abs(entry.expires - T0 - given.ends) > MINUTE:
            return False  # somebody has written another end into it
        young = machine.time - given.issued < EARLIEST * (given.ends - given.issued)
        truth = self._world.truth
        written = machine.path(known.key).stat().st_mtime - T0
        if written < given.issued - MINUTE and all(
            one.given != given for one in machine.kept(known.key)
        ):
            return False  # written while the clock was behind, and nothing else dates it
        # A file's mtime that lies ahead dates nothing: kept by a clock that was behind, it is old.
        well = machine.offset == 0 == truth.kept_under.get(given.access, 0.0)
        well = well and truth.dated_well(known.key, given)
        return young and well and machine.aws.works(given.access)

    def _one_sign_in(self, start: fx.StartSignIn) -> None:
        for process in self._world.sign_ins.values():
            if process.session.key == start.session.key and not (
                process.cancelled or process.ended
            ):
                self.broken("one sign-in a session", start.session.key)

    def _late_answer(
        self,
        before: TrayState,
        event: ev.JobDone,
        now: Now,
        after: TrayState,
        effects: tuple[Effect, ...],
    ) -> None:
        session = before.sessions.get(event.key)
        job = session.job if session is not None else None
        if job is not None and job.attempt == event.attempt:
            return
        expected, due = step(before, ev.Tick(), now)
        # A tick reads again whatever is unread, another event only what it finds due.
        due, done = (tuple(one for one in some if not isinstance(one, fx.ReadAgain))
                     for some in (due, effects))  # fmt: skip
        if (after, done) != (expected, due):
            self.broken("a late answer changes nothing", f"{event}")

    def _confirmed(self, before: TrayState, event: ev.JobDone, now: Now, after: TrayState) -> None:
        session, outcome = after.sessions.get(event.key), event.outcome
        if session is None or session.token is None or not isinstance(outcome, Refused):
            return
        known = before.sessions[event.key]
        if outcome.portal == "dead" or known.job is None or known.job.attempt != event.attempt:
            return
        if session.over and not known.over and session.token.expires_at > now.wall:
            self.broken("only AWS's own no ends a session", f"{event.key}: {outcome}")

    def _pages(self, before: TrayState, event: ev.Event, effects: tuple[Effect, ...]) -> None:
        if isinstance(event, ev.SignInRequested):
            self._clicks[event.key] += 1
        elif isinstance(event, SignInAllRequested):
            self._clicks.update(event.keys or tuple(before.sessions))
        for effect in effects:
            if isinstance(effect, fx.OpenBrowser):
                self._clicks[effect.key] -= 1
                if self._clicks[effect.key] < 0:
                    self.broken("no page without a click", effect.key)

    def _notices(
        self, before: TrayState, after: TrayState, now: Now, effects: tuple[Effect, ...]
    ) -> None:
        for effect in effects:
            if not isinstance(effect, fx.ShowNotice):
                continue
            notice = effect.notice
            self._measures.notice(notice)
            self._world.truth.notice_is_true(notice, now, after)
            if after.asleep or after.locked:
                self.broken("no notice while nobody is there", notice.once_key)
            for key in notice.keys if notice.category in ("ending", "expired") else ():
                if renews(after.sessions[key], after.preferences, now):
                    self.broken("no notice for what renews itself", notice.once_key)
            if len(notice.keys) == 1 and notice.category in ("ending", "expired"):
                place = after.sessions[notice.keys[0]].config.start_url
                shown = notice.keys[0], place, notice.once_key
                if shown in self._shown:
                    self.broken("each notice is shown once", notice.once_key)
                self._shown.add(shown)
        for key, session in after.sessions.items():
            known = before.sessions.get(key)
            if known is None or known.memory.notified == session.memory.notified:
                continue
            if known.config.start_url != session.config.start_url:
                continue  # what was told of the other place is no news of this one
            for once in session.memory.notified - known.memory.notified:
                cause = key, session.config.start_url, once
                if cause in self._told:
                    self.broken("each cause is told once", f"{once} of {key}")
                self._told.add(cause)
            if not session.memory.notified - known.memory.notified and once_again(known, session):
                self.put_back(key)

    def _nothing_changes_unseen(
        self, before: TrayState, event: ev.Event, after: TrayState, now: Now
    ) -> None:
        if self._kinds and not isinstance(event, ev.Tick | ev.SystemEvent) and not before.asleep:
            for key, session in before.sessions.items():
                kind = state_of(session, before.preferences, now)
                if self._kinds.get(key, kind) != kind:
                    self.broken(
                        "no state changes between two looks",
                        f"{key} was {self._kinds[key]} and is {kind}",
                    )
        self._kinds = {
            key: state_of(session, after.preferences, now)
            for key, session in after.sessions.items()
        }

    # --- At the end --------------------------------------------------------

    def all_is_true(self) -> None:
        """
        Hold a world that has long been well against what is shown of it.

        Raises:
            Broken: something is shown that is not so.
        """
        world = self._world
        machine = world.machine
        world.truth.is_shown(world.state, machine.now)
        for row in view(world.state, machine.now).sessions:
            entry, portal = machine.file(row.key), world.portal(row.start_url)
            if entry is None or entry.place != row.start_url or row.store in (None, "released"):
                continue
            held = world.truth.acceptable(world.state.sessions[row.key].config)
            newest = bool(held) and held[-1] == entry.given
            if newest and portal.lives(machine.time + HOUR):
                shown = (row.state, row.renews, row.reason)
                if shown != ("signed-in", True, None):
                    self.broken("convergence: a well world is shown well", f"{row.key}: {shown}")

    def unhappy(self) -> list[str]:
        """Return the sessions a person now has to sign in to."""
        rows = view(self._world.state, self._world.machine.now).sessions
        return [row.key for row in rows if row.state != "signed-in"]

    def all_is_well(self) -> None:
        """
        Hold a world in which a person has signed in wherever it was asked against the rules.

        Raises:
            Broken: a session is not signed in.
        """
        for row in view(self._world.state, self._world.machine.now).sessions:
            ended = self._portal_ended(row.key) or self._ran_out(row.key)
            if row.state != "signed-in" and not ended:
                self.broken(
                    "convergence: signing in helps", f"{row.key} is {row.state}, {row.reason}"
                )

    def _portal_ended(self, key: str) -> bool:
        """Whether AWS's own session has run out since."""
        session = self._world.state.sessions[key]
        portal = self._world.portal(session.config.start_url)
        return not portal.lives(self._world.machine.time + policy.ENDING_BEFORE)

    def _ran_out(self, key: str) -> bool:
        """Whether what nobody can renew, ended or ending, was well when the person last looked."""
        machine = self._world.machine
        entry = machine.file(key)
        given = entry.given if entry is not None else None
        if given is None or given.refresh is not None:
            return False
        return machine.time - HOUR <= given.ends <= machine.time + policy.ENDING_BEFORE

    def broken(self, promise: str, told: str) -> None:
        """Raise what does not hold, if it is looked at."""
        if promise not in self._world.held:
            return
        at = self._world.machine.wall() - T0
        found = Broken(promise, f"{told} (seed {self._world.seed}, {at:.1f} s by its clock)")
        if self._world.machine.clockwork.current is None:
            raise found
        self.found = self.found or found  # a job would take it for a failure of its own


def _at_work(state: TrayState) -> list[bool]:
    return [one.job is not None or one.sign_in is not None for one in state.sessions.values()]


def _wished(known: Session, event: ev.Event, kind: str, asked: type[ev.Event]) -> bool:
    return isinstance(event, asked) or any(wish.kind == kind for wish in known.queue)


def once_again(before: Session, after: Session) -> bool:
    """Whether a new sign-in began, of which everything may be told anew."""
    remembered = before.memory.notified
    return bool(remembered) and len(after.memory.notified) < len(remembered)
