"""Faults on demand: which request fails, and in which way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Condition, Event

from tray.fake_aws.request_log import ABOUT_NAMES, RequestDetails

KINDS: Mapping[str, str] = {
    "status": "not performed; answered with an HTTP status and no AWS error",
    "throttle": "not performed; 429 TooManyRequestsException with Retry-After",
    "html": "not performed; 200 with a page, as a captive portal answers",
    "reset": "not performed; the connection is reset",
    "delay": "performed after a wait, then answered",
    "late": "performed at once, answered after a wait",
    "hang": "nothing happens until released; then performed and answered",
    "cut": "performed; the connection ends half-way through the answer",
    "lost": "performed; the connection ends before any byte of the answer",
}
"""Besides AWS errors, which are named as AWS names them (upper case first)."""


@dataclass(slots=True, eq=False)
class Fault:
    operation: str  # of the requests it strikes, as in the request log
    kind: str  # one of :data:`KINDS`, or an AWS error's name
    times: int | None  # how many requests it strikes; None for all until cancelled
    status: int | None  # HTTP status of ``status``, or in place of the error's own
    seconds: float  # the wait of ``delay`` and ``late``; ``Retry-After`` of ``throttle``
    message: str
    filters: Mapping[str, object]  # members of :class:`RequestDetails` that must be equal
    where: Callable[[RequestDetails], bool] | None
    changed: Condition = field(repr=False)
    released: Event = field(default_factory=Event, repr=False)
    hits: int = 0
    performed: int = 0

    def strikes(self, operation: str, about: RequestDetails) -> bool:
        return (
            (self.times is None or self.hits < self.times)
            and operation == self.operation
            and all(getattr(about, name) == want for name, want in self.filters.items())
            and (self.where is None or self.where(about))
        )

    def wait_hit(self, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until it has struck ``count`` requests (perhaps still waiting), or TimeoutError."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.hits >= count, timeout):
                raise TimeoutError(
                    f"the fault struck {self.hits} of {count} requests in {timeout:g} s"
                )

    def wait_performed(self, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until ``count`` took effect (``late``: before the answer), else TimeoutError."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.performed >= count, timeout):
                raise TimeoutError(
                    f"{self.performed} of {count} requests took effect in {timeout:g} s"
                )

    def note_performed(self) -> None:
        with self.changed:
            self.performed += 1
            self.changed.notify_all()

    def release(self) -> None:
        """Release the requests it holds; later ones are not held."""
        self.released.set()

    def cancel(self) -> None:
        """Strike no more, and release the requests it holds."""
        with self.changed:
            self.times = self.hits
        self.release()


class Faults:
    """In the order they were added; the first that strikes is used up."""

    def __init__(self, changed: Condition) -> None:
        self._changed = changed
        self._faults: list[Fault] = []

    def add(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None,
        status: int | None,
        seconds: float,
        message: str,
        filters: Mapping[str, object],
        where: Callable[[RequestDetails], bool] | None,
    ) -> Fault:
        """Raises ValueError for an unknown kind or filter."""
        if kind not in KINDS and not kind[:1].isupper():
            raise ValueError(f"no such kind of fault: {kind!r}")
        if not filters.keys() <= ABOUT_NAMES:
            raise ValueError(f"no such filter: {sorted(filters.keys() - ABOUT_NAMES)}")
        fault = Fault(
            operation, kind, times, status, seconds, message, filters, where, self._changed
        )
        with self._changed:
            self._faults.append(fault)
        return fault

    def take(self, operation: str, about: RequestDetails) -> Fault | None:
        with self._changed:
            for fault in self._faults:
                if fault.strikes(operation, about):
                    fault.hits += 1
                    self._changed.notify_all()
                    return fault
            return None

    def clear(self) -> None:
        with self._changed:
            for fault in self._faults:
                fault.cancel()
            self._faults.clear()
