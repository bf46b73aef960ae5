"""What is so, whatever the rules believe: held against what they show, start and ask."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.core.story import T0
from tests.simulation.aws import Given
from tests.simulation.happenings import KEYS
from tests.simulation.machine import Entry
from tray.core import effects as fx
from tray.core.model import Now, SsoSession
from tray.core.outcomes import Failed, Outcome, PortalChecked, Released, Renewed, SignedOut
from tray.core.policy import (
    CLOCK_STEP,
    EVENTS_ADVANCE_EVERY,
    LAST_QUESTION_AFTER,
    LONGEST_LIFE,
)
from tray.core.session import Session, for_the_keyring
from tray.core.sessions.session_states import reason_of, renews, state_of
from tray.core.state import TrayState

if TYPE_CHECKING:
    from tests.simulation.world import World

MINUTE = 60.0
HOUR = 3600.0
TRY_WITHIN = 20 * MINUTE
"""A refresh token that AWS would take is tried at least this often once its renewal is due."""
DEAD_TRY_WITHIN = 6 * MINUTE
"""And this often once the access token is dead: the longest back-off, and a minute."""
KNOWN_WITHIN = MINUTE + 5
"""Whatever could be known is shown this soon."""
ASKED_WITHIN = 7 * MINUTE
"""What only AWS can tell is known after the next try."""
NEXT_RENEWAL = 30 * MINUTE + ASKED_WITHIN
"""A keyring that is missing or refuses is asked again when its full file is renewed."""
GIVEN_BACK = ("given", "sign-in", "undo", "release")
"""What a person or a program does that brings a removed file back."""
LAST_LIFE = 2 * MINUTE
"""A token that ends this near to its portal session is its last: no other would live longer."""


class Truth:
    """
    Compares what is with what is believed.

    Args:
        world: the walk.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._false: dict[tuple[str, str], tuple[float, float]] = {}  # seconds; seen last
        self._families: dict[str, tuple[str, int]] = {}
        self._held_once: set[tuple[str, int]] = set()
        self.ours: set[tuple[str, str]] = set()
        self._kept_families: list[tuple[str, int]] = []
        self.thrown_away: set[tuple[str, int]] = set()
        self._copied: set[tuple[str, int]] = set()
        self.signed_out_at: dict[str, float] = {}
        self.signed_out_of: dict[str, str] = {}
        self.unrecorded_outs: set[str] = set()
        self.unproved: dict[str, tuple[str, ...]] = {}
        self.tried_at: dict[str, float] = {}
        self.failed: dict[str, int] = {}
        self._signed_in_at: dict[str, float] = {}
        self._removed: dict[str, float] = {}
        self._signing_out_at: dict[str, float] = {}
        self._to_release: dict[str, set[tuple[str, int]]] = {}
        self.portal_ended_at: dict[str, float] = {}
        self._checked_in_vain: dict[str, float] = {}
        self.doubted: dict[str, str] = {}
        self.given_under: dict[str, float] = {}
        self.kept_under: dict[str, float] = {}
        self._kept_ends: dict[str, float] = {}
        self._redated: set[tuple[str, str]] = set()
        self.in_writing: list[tuple[str, Given]] = []
        self.unwell_at = 0.0
        machine = world.machine
        machine.keyring.on_write = self._keyring_written
        machine.aws.on_flight = self._asked

    # --- What the world tells ----------------------------------------------

    def unwell(self) -> None:
        """Something about network, keyring, clock, files or daemon has changed."""
        self.unwell_at = self._world.machine.time

    def network_is_up(self, before: TrayState) -> None:
        """What was asked in vain is asked again at once, once in five minutes (R5)."""
        wall = self._world.machine.wall()
        for key, session in before.sessions.items():
            if session.freed_at is None or wall - session.freed_at >= EVENTS_ADVANCE_EVERY:
                self._checked_in_vain.pop(key, None)

    def signed_in(self, key: str, given: Given) -> None:
        """Somebody has signed in for a session."""
        self.unproved.pop(key, None)
        self.stands(key, given)
        self.signed_out_at.pop(key, None)
        self._signed_in_at[key] = given.issued
        self.received(given)

    def stands(self, key: str, given: Given) -> None:
        """A token is a session's now, and whatever sign-in was before it is thrown away."""
        old, new = self._families.get(key), (given.place, given.family)
        if old is not None and old != new:
            self.thrown_away.add(old)
        self.thrown_away.discard(new)
        self._families[key] = new

    def is_newest(self, key: str, given: Given) -> bool:
        """
        Whether what an SDK was given is of the session's newest sign-in, as far as AWS takes that.

        An older one, whose refresh token has a successor of another sign-in, is written over (K4).
        """
        place, family = self._families.get(key, (given.place, given.family))
        if (place, family) in ((given.place, given.family), *self.thrown_away):
            return True
        return not self._world.portal(place).granted(family, self._world.machine.time)

    def forgotten(self) -> None:
        """Our records are lost or old: of a sign-out that they do not hold nobody knows."""
        memories = self._world.memories()
        for key in self.signed_out_at:
            if key not in memories or not memories[key].signed_out:
                self.unrecorded_outs.add(key)

    def received(self, given: Given) -> None:
        """A token reached this machine: its end is written by the clock of now."""
        self.given_under[given.access] = self._world.machine.offset

    def redated(self, key: str, given: Given, *, past: bool) -> None:
        """
        Another end is written into a file: nobody knows the right one who never saw it.

        One long past makes an unknown sign-in older than what is kept (K4).
        """
        self._redated.add((key, given.access))
        if (key, given.access) not in self.ours:
            self.given_under[given.access] = math.inf
            if past:
                self.thrown(key)

    def renewed(self, key: str, given: Given) -> None:
        """
        AWS has answered a renewal of ours.

        If that was with a sign-in which came into the keyring after the one we knew of, this is
        the one to keep: the other was kept beside it only until now (K4). But what a later sign-in
        has meanwhile put into the file, whole, is kept beside nothing: it stays the one to keep.
        """
        self.received(given)
        self.ours.add((key, given.access))
        if key in self.unproved:  # with its refresh token, perhaps
            self._world.machine.aws.taken.add(self.unproved[key][-1])
        new, old = (given.place, given.family), self._families.get(key)
        if old is None or old == new or new not in self._kept_families:
            return
        entry = self._world.machine.file(key)
        filed = entry.given if entry is not None and entry.refresh is not None else None
        if filed is not None and (filed.place, filed.family) == old:
            return
        if old not in self._kept_families[self._kept_families.index(new) :]:
            self.stands(key, given)

    def thrown(self, key: str) -> None:
        """Somebody else takes a token file away, and with it perhaps the last of a grant."""
        entry = self._world.machine.file(key)
        if entry is not None and entry.given is not None and entry.refresh is not None:
            given = entry.given
            # What a worker has in hand goes back to the file, which is then not there any more.
            # Handed back, it is in its file alone: what is still in the keyring is being deleted.
            record = self._world.machine.records().get(key)
            released = record is not None and record.store == "released"
            kept = [] if released else self._world.machine.kept(key)
            if not any(self._same_and_accepted(one, given) for one in kept):
                self.thrown_away.add((given.place, given.family))

    def unlinked(self, key: str) -> None:
        """Somebody removes the name of a file that a program is writing: nobody will find it."""
        for of, given in self.in_writing:
            if of == key:
                self.thrown_away.add((given.place, given.family))

    def all_thrown(self) -> None:
        """Somebody takes every token file away, those of sessions gone from the config as well."""
        for key in self._families:
            self.thrown(key)

    def copied(self, data: bytes) -> None:
        """Somebody puts a file under another session's name: that one may renew its token, too."""
        entry = self._world.machine.entry_in(data)
        if entry is not None and entry.given is not None:
            self._copied.add((entry.given.place, entry.given.family))

    def returned(self, key: str) -> None:
        """What was thrown away lies in its file again."""
        entry = self._world.machine.file(key)
        if entry is not None and entry.given is not None and entry.refresh is not None:
            self.thrown_away.discard((entry.given.place, entry.given.family))

    def unrecorded(self, start_url: str) -> None:
        """
        The daemon ends before it could write down what it knew of a session, so nobody knows it.

        That a sign-in afresh has ended the older token only AWS can tell now, at the next renewal.
        """
        self.portal_ended_at.pop(start_url, None)

    def removed(self, key: str) -> None:
        """Somebody removes a file, which signs out on this machine while AWS takes the token."""
        machine, entry = self._world.machine, self._world.machine.file(key)
        record = machine.records().get(key)
        kept = machine.kept(key)
        self._removed.pop(key, None)
        if record is None or record.store != "keyring" or not record.folder or not kept:
            return
        given = kept[0].given
        same = entry is not None and entry.given == given
        if same and given is not None and given.ends > machine.time + 10 * MINUTE:
            self._removed[key] = machine.time

    def removals_stay(self) -> None:
        """A removed file is not put back by us, if nothing else happened since."""
        machine = self._world.machine
        for key, at in self._removed.items():
            if self.unwell_at > at or machine.data(key) is None:
                continue
            since = at - 1e-6  # what came at the very moment may have come after it
            if not any(self._world.noted(deed, key, since) for deed in GIVEN_BACK):
                told = f"the file of {key} is back"
                self._world.promises.broken("safety: a removed file stays away", told)

    def started(self, start: fx.StartJob) -> None:
        """A job is about to begin."""
        key, machine = start.session.key, self._world.machine
        if start.kind == "sign-out":
            self._signing_out_at[key] = machine.time
        elif start.kind == "release":
            kept = (one.given for one in machine.kept(key))
            self._to_release[key] = {(one.place, one.family) for one in kept if one is not None}

    def answered(self, start: fx.StartJob, outcome: Outcome) -> None:
        """A job has ended."""
        key = start.session.key
        if isinstance(outcome, SignedOut):
            # Who signed in meanwhile is signed in.
            if self._signed_in_at.get(key, -1.0) < self._signing_out_at.get(key, 0.0):
                self.signed_out_at[key] = self._world.machine.time
                self.signed_out_of[key] = start.session.start_url
                self.unrecorded_outs.discard(key)
            # What another has cut short lives on in its tokens: the portal still takes those.
            if self._world.portal(start.session.start_url).ends is None:
                self.portal_ended_at[start.session.start_url] = self._world.machine.time
            self._throw_all(key)
        elif isinstance(outcome, PortalChecked):
            if outcome.portal == "unreachable":
                self._checked_in_vain[key] = self._world.machine.time
        elif isinstance(outcome, Failed) and start.kind not in ("sign-out", "release"):
            self.failed[key] = self.failed.get(key, 0) + 1
        elif isinstance(outcome, Renewed) and _is_new(outcome):
            self.failed[key] = 0
        elif isinstance(outcome, Released):
            # A file has room for one sign-in: of those that the keyring kept the others go.
            entry = self._world.machine.file(key)
            kept = entry is not None and self._families.get(key) in self._to_release.get(key, ())
            if kept and entry is not None and entry.given is not None and self._accepted(entry):
                self.stands(key, entry.given)

    def _throw_all(self, key: str) -> None:
        family = self._families.get(key)
        if family is not None:
            self.thrown_away.add(family)

    # --- What is ------------------------------------------------------------

    def works(self, key: str, place: str, now: Now) -> bool:
        """
        Whether an SDK that reads the file of a session can work with it.

        Once the keyring had it, the end beside it there counts, though another is written into the
        file: it may have been given while the clock was behind.
        """
        entry = self._world.machine.file(key)
        if entry is None or entry.given is None or entry.place != place:
            return False
        time = self._world.machine.time + now.wall - self._world.machine.wall()
        works = self._world.machine.aws.works(entry.given.access) and entry.given.ends > time
        kept = self._kept_ends.get(entry.given.access, math.inf)
        return works and min(entry.expires, kept) > now.wall

    def acceptable(self, session: SsoSession) -> list[Given]:
        """Return the grants that keyring and file hold and AWS would take, the newest last."""
        machine = self._world.machine
        entries = [*machine.kept(session.key)]
        entry = machine.file(session.key)
        if entry is not None:
            entries.append(entry)
        found = [
            one.given
            for one in entries
            if one.given is not None
            and one.place == session.start_url
            and machine.aws.accepts(one.refresh)
        ]
        return sorted(found, key=lambda given: given.number)

    def is_well(self, key: str) -> bool:
        """Whether a renewal of a session could go through just now."""
        world, machine = self._world, self._world.machine
        return (
            (machine.aws.weather, machine.keyring.mode) == ("well", "well")
            and machine.offset == 0
            and world.inputs.adopt
            and world.state.preferences.adopt
            and not world.state.asleep
            and machine.readable(key)
            and str(machine.paths.state / "state.json") not in machine.read_errors
            and machine.aws.patience_until.get(key, 0.0) <= machine.time
            # A renewal that has to ask the portal first waits for it as well.
            and machine.aws.portal_patience.get(key, 0.0) <= machine.time
            and not any(worker.turns.overdue for worker in world.workers.alive)
        )

    def dated_well(self, key: str, given: Given) -> bool:
        """
        Whether the clock says now what it said when a token came, and its end is known.

        Of a token of ours that the keyring does not hold only the newest's end is remembered.
        """
        if (key, given.access) in self._redated:
            memory = self._world.memories().get(key)
            newest = memory.given if memory is not None else None
            known = newest is not None and newest.fingerprint == given.fingerprint
            known = known and newest is not None and newest.expires_at - T0 < given.ends + MINUTE
            if not known and all(one.given != given for one in self._world.machine.kept(key)):
                return False
        return self.given_under.get(given.access, 0.0) == self._world.machine.offset

    def _used_as_it_is(self, key: str, entry: Entry) -> bool:
        """Whether a file holds an unknown token without refresh data, used to its end (K4)."""
        given = entry.given
        if given is None or entry.refresh is not None or (key, given.access) in self.ours:
            return False
        ended = self._world.machine.time - given.ends
        # At its end the kept token is tried: a moment later, as ends are written in whole seconds.
        return self._world.machine.aws.works(given.access) or 0 <= ended < 2 * LAST_QUESTION_AFTER

    def _in_hand(self, key: str) -> list[Entry]:
        return [
            Entry(given, given.place, 0.0, given.refresh)
            for given in self._world.workers.held(key)
        ]

    def _accepted(self, entry: Entry) -> bool:
        return self._world.machine.aws.accepts(entry.refresh)

    def _same_and_accepted(self, entry: Entry, given: Given) -> bool:
        return (
            entry.given is not None
            and (entry.given.place, entry.given.family) == (given.place, given.family)
            and self._world.machine.aws.accepts(entry.refresh)
        )

    # --- Liveness -------------------------------------------------------------

    def tries_are_made(self) -> None:
        """An acceptable refresh token is tried within 20 minutes, and before its token dies."""
        world = self._world
        machine = world.machine
        for key, session in world.state.sessions.items():
            if session.store == "released":
                continue
            if not self.is_well(key) or key in self.signed_out_at or machine.data(key) is None:
                continue
            entry = machine.file(key)
            if entry is not None and entry.place != session.config.start_url:
                continue  # another portal's file lies under its name
            if entry is not None and self._used_as_it_is(key, entry):
                continue
            found = self.acceptable(session.config)
            if not found or not self.dated_well(key, found[-1]):
                continue
            newest, portal = found[-1], world.portal(session.config.start_url)
            if portal.ends is None or portal.ends - newest.ends < LAST_LIFE:
                continue
            # What AWS gave last may be in the file alone, its refresh token dead with a process.
            given = entry.given if entry is not None else None
            if (
                given is not None
                and given.number > newest.number
                and machine.aws.works(given.access)
            ):
                newest = given
            due = newest.issued + (newest.ends - newest.issued) / 2
            since = max(
                due,
                self.unwell_at,
                self.tried_at.get(key, 0.0),
                machine.aws.patience_until.get(key, 0.0),
                machine.aws.portal_patience.get(key, 0.0),
            )
            patience = TRY_WITHIN if newest.ends > machine.time else DEAD_TRY_WITHIN
            if machine.time - since > patience:
                world.promises.broken(
                    "liveness: what AWS would renew is tried in time",
                    f"{key}: no try for {machine.time - since:.0f} s, #{newest.number} of "
                    f"{newest.issued:.0f}-{newest.ends:.0f} is kept",
                )

    # --- Truth -----------------------------------------------------------------

    def is_shown(self, state: TrayState, now: Now) -> None:
        """
        Nothing that is shown is false for longer than a minute after it could be known.

        What a job takes is no part of that minute, as it may be finding out, but it begins no
        other minute either.
        """
        for key, session in state.sessions.items():
            self._is_proved(session, state, now)
            busy = session.job is not None or session.sign_in is not None
            lies = self._lies(session, state, now) if self.is_well(key) else {}
            for name in {one for at, one in self._false if at == key} | set(lies):
                self._judge(key, name, lies.get(name), busy=busy)

    def _unasked(self, key: str) -> bool:
        """Whether the file holds what came after a sign-out, since when AWS has taken nothing."""
        entry, logins = self._world.machine.file(key), self.unproved.get(key, ())
        same = entry is not None and entry.given is not None and entry.given.access in logins[-1:]
        return same and self._world.machine.aws.taken.isdisjoint(logins)

    def _is_proved(self, session: Session, state: TrayState, now: Now) -> None:
        token, logins = session.token, self.unproved.get(session.key)
        given = None if logins is None else self._world.machine.aws.given(logins[-1])
        if given is None or token is None or token.fingerprint != given.fingerprint:
            return
        shown = state_of(session, state.preferences, now)
        if self._unasked(session.key) and shown in ("signed-in", "ending", "renewal-failing"):
            promise = "truth: after a sign-out only AWS's word signs in"
            self._world.promises.broken(promise, f"{session.key}: it is {shown}")

    def _judge(
        self, key: str, promise: str, lie: tuple[str, float] | None, *, busy: bool
    ) -> None:  # fmt: skip
        if lie is None:
            self._false.pop((key, promise), None)
            return
        told, patience = lie
        time = self._world.machine.time
        seconds, last = self._false.get((key, promise), (0.0, time))
        if self.unwell_at > last:
            seconds, last = 0.0, self.unwell_at
        seconds += 0.0 if busy else time - last
        self._false[key, promise] = seconds, time
        if seconds > patience and not busy:
            self._world.promises.broken(promise, f"{key}: {told}")

    def _lies(
        self, session: Session, state: TrayState, now: Now
    ) -> dict[str, tuple[str, float]]:  # fmt: skip
        """Return what is said of a session and is not so, by promise, with the patience for it."""
        world, key = self._world, session.key
        machine = world.machine
        preferences = state.preferences
        shown = state_of(session, preferences, now)
        reason = reason_of(session, preferences, now)
        renewing = renews(session, preferences, now)
        found = self.acceptable(session.config)
        lies: dict[str, tuple[str, float]] = {}
        if self.works(key, session.config.start_url, now) and key not in self.signed_out_at:
            if shown in ("signed-out", "expired", "unreadable"):
                # Records may know of a sign-out though another of them was lost.
                unasked = self._unasked(key) or session.memory.signed_out
                patience = ASKED_WITHIN if unasked else KNOWN_WITHIN
                lies["truth: what works is not called over"] = f"it is {shown}", patience
        elif shown in ("signed-in", "ending", "renewal-failing"):
            entry = machine.file(key)
            # A file that is gone is asked about when AWS wants to be asked again (K5).
            asks = entry is None and machine.aws.portal_patience.get(key, 0.0) > machine.time
            if not asks and (entry is None or entry.expires <= now.wall):
                lies["truth: what is over is not called well"] = f"it is {shown}", ASKED_WITHIN
        own = session.store != "released" and key not in self.signed_out_at
        entry = machine.file(key)
        there = (
            not world.noted("removed", key, -1)
            if entry is None
            else entry.place == session.config.start_url and not self._used_as_it_is(key, entry)
        )
        if found and own and there and self.dated_well(key, found[-1]):
            portal = world.portal(session.config.start_url)
            lives = portal.ends is not None and portal.ends - machine.time > 40 * MINUTE
            if lives and portal.ends is not None and portal.ends - found[-1].ends > LAST_LIFE:
                given_up = shown in ("signed-out", "expired", "ending") or not renewing
                if given_up and found[-1].ends - 5 > machine.time:
                    told = f"it is {shown} ({reason}), renews: {renewing}"
                    lies["truth: what AWS would renew is not given up"] = told, ASKED_WITHIN
        ended_at = self.portal_ended_at.get(session.config.start_url, -1.0)
        given = entry.given if entry is not None else None
        well = shown in ("signed-in", "ending", "renewal-failing")
        if given is not None and given.issued < ended_at and well:
            told = f"it is {shown} over a token that we have ended"
            # Asked at once; where AWS was out of reach, again after the longest back-off (R5).
            vain = self._checked_in_vain.get(key, -1.0) > ended_at
            patience = ASKED_WITHIN if vain else KNOWN_WITHIN
            lies["truth: a sign-out is known to the portal's other sessions"] = told, patience
        if given is not None and well and self.doubted.get(key) == given.access:
            told = f"it is {shown} over a token that a program saw refused"
            lies["truth: a doubt is taken up"] = told, ASKED_WITHIN
        nothing = not any(one.refresh for one in machine.kept(key))
        nothing = nothing and (entry is None or not entry.refresh) and not self._in_hand(key)
        if renewing and nothing:
            lies["truth: only what holds refresh data renews"] = "it holds none", KNOWN_WITHIN
        if shown == "renewal-failing" and not self.failed.get(key):
            lies["truth: failing is said after a failure"] = f"no try has failed ({reason})", 1.0
        if reason == "offline" or for_the_keyring(reason):
            settled = reason in ("keyring-absent", "keyring-denied")
            waits = settled and entry is not None and entry.refresh is not None
            patience = NEXT_RENEWAL if waits else ASKED_WITHIN
            if waits and given is not None and (key, given.access) in self._redated:
                patience = LONGEST_LIFE  # an end written into it may be believed so far
            lies["truth: no reason outlives its cause"] = f"the reason is {reason}", patience
        return lies

    def notice_is_true(self, notice: fx.Notice, now: Now, state: TrayState) -> None:
        """No notice says that what works has ended."""
        for key in notice.keys if notice.category == "expired" else ():
            session = state.sessions[key]
            later = Now(now.wall + CLOCK_STEP, now.mono)  # AWS's lives are whole seconds
            if self.works(key, session.config.start_url, later) and self.is_well(key):
                if key in self.signed_out_at or len(notice.keys) > 1:
                    continue
                if self._world.machine.time - self.unwell_at > KNOWN_WITHIN:
                    self._world.promises.broken("truth: no notice is false", notice.once_key)

    # --- Safety -----------------------------------------------------------------

    def _asked(self, key: str, refresh: str) -> None:
        """CreateToken is on its way with a refresh token."""
        world = self._world
        machine = world.machine
        self.tried_at[key] = machine.time
        strand = machine.clockwork.current
        if strand is not None and strand.name.endswith("sign-out"):
            return
        if machine.aws.in_flight[key]:
            world.promises.broken("safety: one refresh of a session at a time", key)
        patience = machine.aws.patience_until.get(key, 0.0)
        if patience > machine.time + 1:
            world.promises.broken(
                "economy: Retry-After is obeyed", f"{key}: {patience - machine.time:.0f} s early"
            )
        if key in self.signed_out_at and self._of_signed_out(key, refresh):
            world.promises.broken("safety: nothing comes back after a sign-out", key)
        for kept in machine.kept(key)[:1]:
            if kept.given is None or not machine.aws.accepts(kept.refresh):
                continue
            sent = self._number_of(kept.given, refresh)
            if sent is not None and refresh != kept.refresh and sent < kept.given.number:
                told = f"{key}: {sent} while {kept.given.number} is kept"
                world.promises.broken("safety: no older refresh token is sent", told)

    def _number_of(self, like: Given, refresh: str) -> int | None:
        """Return the number of a refresh token of the same sign-in."""
        portal = self._world.portal(like.place)
        for given in portal.given.values():
            if given.refresh == refresh and given.family == like.family:
                return given.number
        return None

    def _of_signed_out(self, key: str, refresh: str) -> bool:
        portal = self._world.machine.aws.portal_of(refresh)
        return portal is not None and any(
            one.refresh == refresh and one.issued <= self.signed_out_at[key]
            for one in portal.given.values()
        )

    def published(self, key: str) -> None:
        """
        One of our processes has written a token file.

        A full file has room for one sign-in. Of two that one client made, what AWS has given later
        may cover the other: AWS has renewed it with that one there already, so it takes it, and
        both end with the portal session. The other way round an SDK's answer to the same refresh
        token, which the file does not tell from a sign-in, would cover the one that AWS takes.
        """
        entry, out = self._world.machine.file(key), self.signed_out_at.get(key)
        given = entry.given if entry is not None else None
        if entry is None or given is None:
            return
        if out is not None and given.issued <= out:
            self._world.promises.broken("safety: nothing comes back after a sign-out", key)
        place, family = self._families.get(key, ("", 0))
        covered = [one for one in self._world.portal(given.place).given.values()
                   if (one.place, one.family) == (place, family)]  # fmt: skip
        later = all(one.issued < given.issued for one in covered)
        if later and self._accepted(entry) and any(one.client == given.client for one in covered):
            self.stands(key, given)

    def _keyring_written(self, name: str, text: str) -> None:
        """A keyring item is about to be written."""
        world = self._world
        machine, key = world.machine, name.rpartition("@")[0]
        new = machine.item(text)[0]
        if new.given is None:
            return
        for old in machine.kept(key)[:1]:
            if old.given is None or old.place != new.place:
                continue
            before, after = old.given.number, new.given.number
            known = old.given.family == new.given.family or (key, new.given.access) in self.ours
            kept = any(one.refresh == old.refresh for one in machine.item(text))  # beside it (K4)
            lost = not kept and machine.aws.accepts(old.refresh)
            if after < before and known and lost:
                told = f"{key}: {after} over {before}"
                world.promises.broken("safety: no older token over a newer", told)
        family = new.given.place, new.given.family
        if (key, new.given.access) not in self.ours and family in self._kept_families:
            self._kept_families.remove(family)  # a program has renewed it: it comes in once more
        self.ours.add((key, new.given.access))
        self.kept_under.setdefault(new.given.access, machine.offset)
        self._kept_ends.setdefault(new.given.access, new.expires)
        if family not in self._kept_families:
            self._kept_families.append(family)

    def nothing_is_lost(self) -> None:
        """No refresh token that AWS would take is dropped."""
        world = self._world
        machine = world.machine
        for key, (place, family) in self._families.items():
            if (place, family) in self.thrown_away:
                continue
            portal = world.portal(place)
            if not portal.granted(family, machine.time):
                continue  # nobody renews it
            if machine.writing[key] or not machine.whole(key):
                continue  # a program still holds what it writes: the file is not its last word
            # Copied by hand, it is whose name has renewed it last.
            names = set(KEYS) if (place, family) in self._copied else {key}
            held = any(
                one.given is not None
                and (one.given.place, one.given.family) == (place, family)
                and machine.aws.accepts(one.refresh)
                for name in names
                for one in self._held(name)
            )
            if held:
                self._held_once.add((place, family))
            elif (place, family) in self._held_once:
                spent = self._spent(key, place, family) or self._undatable(place, family)
                if spent or self._let_go(key):
                    self.thrown_away.add((place, family))
                else:
                    world.promises.broken("safety: no refresh token is lost", f"{key} of {place}")

    def _held(self, key: str) -> list[Entry]:
        """Return what keyring, living processes and file hold of a session."""
        entry = self._world.machine.file(key)
        entries = [*self._world.machine.kept(key), *self._in_hand(key)]
        return entries if entry is None else [*entries, entry]

    def _spent(self, key: str, place: str, family: int) -> bool:
        """Whether an answer of AWS's never came, or nobody was left to keep it."""
        del key
        given = self._world.machine.aws.spent
        return self._world.portal(place).rotation in ("strict", "family") and any(
            (one.place, one.family) == (place, family) for _, one in given
        )

    def _let_go(self, key: str) -> bool:
        """Whether a sign-out that died had recorded that it was one: nobody wants it kept."""
        record = self._world.machine.records().get(key)
        asked = self._signed_in_at.get(key, -1.0) < self._signing_out_at.get(key, 0.0)
        return asked and record is not None and record.memory.signed_out

    def _undatable(self, place: str, family: int) -> bool:
        """Whether a clock that was behind has dated a file: once set, it looks older (K4)."""
        machine = self._world.machine
        given = [one for one in self._world.portal(place).given.values() if one.family == family]
        under = [(one.ends, self.given_under.get(one.access, 0.0)) for one in given]
        return any(machine.offset != off < 0 and ends + off <= machine.time for ends, off in under)

    def true_time(self, wall: float) -> float:
        """Return the true time of a moment of the wall clock."""
        return wall - T0 - self._world.machine.offset


def _is_new(outcome: Renewed) -> bool:
    """Whether a token is another, not one that was only taken in: that ends no failure."""
    return outcome.by_us or outcome.of != outcome.token.fingerprint
