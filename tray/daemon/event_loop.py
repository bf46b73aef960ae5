"""The loop: events go into the rules one by one, effects come out; it decides nothing."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from tray.core import policy
from tray.core.effects import Effect
from tray.core.events import Event, Tick
from tray.core.machine import step
from tray.core.model import Now
from tray.core.state import TrayState, next_look
from tray.core.views.view import View, view
from tray.system.clock.local_time import local_time

log = logging.getLogger(__name__)

INBOX_LIMIT = 10_000  # events; more is a fault, and the oldest are dropped (fault 79)


class NotDoneError(Exception):
    """An effect failed and has said so; what was to follow would tell of its success."""


def read_clocks() -> Now:
    """Read both clocks, once per event, in this machine's time zone."""
    return Now(time.time(), time.monotonic(), local_time())


class EventLoop:
    """
    Own the state; ``perform`` carries out an effect, must not block, and may post events.

    ``changed`` hears of a new view, ``listed`` of accounts, which the menu alone shows.
    """

    def __init__(
        self,
        state: TrayState,
        *,
        perform: Callable[[Effect], None],
        changed: Callable[[View], None],
        listed: Callable[[], None] = lambda: None,
        arm: Callable[[float | None], None],
        clocks: Callable[[], Now] = read_clocks,
    ) -> None:
        self.state = state
        self._perform = perform
        self._changed = changed
        self._listed = listed
        self._arm = arm
        self._clocks = clocks
        self._inbox: deque[Event] = deque(maxlen=INBOX_LIMIT)
        self._busy = False
        self._failed = False
        self._view: View | None = None

    def view(self) -> View:
        return view(self.state, self._clocks())

    def post(self, event: Event) -> None:
        """Process one event and its effects; events that effects post come after it."""
        self._inbox.append(event)
        if self._busy:
            return
        self._busy, self._failed, index = True, False, self.state.index
        try:
            while self._inbox:
                self._one(self._inbox.popleft())
        finally:
            self._busy = False
        self._look_round()
        if self.state.index is not index:
            self._listed()

    def tick(self) -> None:
        self.post(Tick())

    def _one(self, event: Event) -> None:
        try:
            self.state, effects = step(self.state, event, self._clocks())
        except Exception:
            # Nothing ends the daemon: the state before is kept (fault 77).
            log.exception("the rules failed on %s", type(event).__name__)
            self._failed = True
            return
        for effect in effects:
            try:
                self._perform(effect)
            except NotDoneError:
                log.warning("the effect %s was not carried out", type(effect).__name__)
                break
            except Exception:
                log.exception("the effect %s failed", type(effect).__name__)

    def _look_round(self) -> None:
        now = self._clocks()
        self._arm(self._next_look(now))
        try:
            seen = view(self.state, now)
            if seen != self._view:
                self._view = seen
                self._changed(seen)
        except Exception:
            log.exception("the view could not be computed")

    def _next_look(self, now: Now) -> float | None:
        """Return the time of the next tick; soon after a fault, since its work is still due."""
        soon = now.wall + policy.FAULT_PAUSE
        try:
            moment = next_look(self.state, now)
        except Exception:
            log.exception("the time of the next tick could not be computed")
            return soon
        if not self._failed or self.state.quitting:
            return moment
        return soon if moment is None else min(moment, soon)
