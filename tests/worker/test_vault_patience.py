from __future__ import annotations

import threading
import time

import pytest

from tray.errors import KeyringDenied, KeyringUnavailable
from tray.worker.keyring.keyring_timeout import Patience

PATIENCE = 60.0


def soon() -> float:
    """A deadline that is all but here."""
    return time.monotonic() + 0.02


def far() -> float:
    """A deadline nothing here comes near."""
    return time.monotonic() + PATIENCE


def test_an_answer_in_time_is_returned_or_raised() -> None:
    """What the request returns or raises reaches its caller."""
    patience = Patience()

    def refuse() -> None:
        msg = "no"
        raise KeyringDenied(msg)

    assert patience.within(far(), lambda: 42) == 42
    with pytest.raises(KeyringDenied):
        patience.within(far(), refuse)


def test_a_hanging_request_lets_its_caller_go() -> None:
    """Time is up: the caller is told that the keyring keeps us waiting, and goes on."""
    answer = threading.Event()
    patience = Patience()

    with pytest.raises(KeyringUnavailable) as waiting:
        patience.within(soon(), answer.wait)
    answer.set()

    assert waiting.value.reason == "keyring-waiting"
    assert patience.settled(PATIENCE)


def test_while_one_hangs_the_next_is_refused_at_once() -> None:
    """Never two threads in the keyring: the second request does not even start, nor wait."""
    answer = threading.Event()
    patience = Patience()
    with pytest.raises(KeyringUnavailable):
        patience.within(soon(), answer.wait)
    started: list[bool] = []

    with pytest.raises(KeyringUnavailable) as refused:
        # A deadline so far off that waiting for it would fail the test by its own limit.
        patience.within(time.monotonic() + 3600, lambda: started.append(True))
    unsettled = patience.settled(0)
    answer.set()

    assert ("keyring-waiting", [], False) == (refused.value.reason, started, unsettled)


def test_once_it_has_come_back_requests_are_taken_again() -> None:
    """An overdue answer is dropped, and the keyring may be asked again."""
    answer = threading.Event()
    patience = Patience()
    with pytest.raises(KeyringUnavailable):
        patience.within(soon(), answer.wait)
    answer.set()
    assert patience.settled(PATIENCE)

    assert patience.within(far(), lambda: "again") == "again"


def test_requests_take_turns() -> None:
    """Fifty threads at once: one request at a time, and each is served."""
    patience = Patience()
    inside = threading.Lock()
    served: list[bool] = []

    def request() -> None:
        served.append(inside.acquire(blocking=False))
        inside.release()

    callers = [threading.Thread(target=lambda: patience.within(far(), request)) for _ in range(50)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE)

    assert [True] * 50 == served


def test_who_waits_for_his_turn_is_refused_when_the_one_before_hangs() -> None:
    """A request found hanging ends the waiting of all behind it."""
    patience = Patience()
    answer, inside = threading.Event(), threading.Event()
    reasons: list[str | None] = []

    def hang() -> None:
        inside.set()
        answer.wait()

    def ask(deadline: float) -> None:
        try:
            patience.within(deadline, hang)
        except KeyringUnavailable as error:
            reasons.append(error.reason)

    first = threading.Thread(target=ask, args=(time.monotonic() + 0.2,))
    first.start()
    inside.wait()
    second = threading.Thread(target=ask, args=(time.monotonic() + 3600,))
    second.start()
    first.join(PATIENCE)
    second.join(PATIENCE)
    answer.set()

    assert ["keyring-waiting"] * 2 == reasons
