"""Virtual time, and real code that waits in it: strands that stop and go on at chosen moments."""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

VIRTUAL = ("tray.worker", "tray.system.lock")
"""The packages whose ``time`` and ``threading`` are ours while a walk runs."""


class Killed(BaseException):
    """The process this strand belongs to was killed."""


@dataclass(eq=False)
class Process:
    """A process of the made-up machine: its strands die together."""

    name: str
    dead: bool = False
    strands: set[Strand] = field(default_factory=set)


class Clockwork:
    """
    True time, a queue of what is to come, and the strands that wait in it.

    Attributes:
        time: true seconds since the start; nothing ever sets it back.
        slept: seconds the machine spent asleep, which its monotonic clock does not count.
    """

    def __init__(self) -> None:
        self.time = 0.0
        self.slept = 0.0
        self.current: Strand | None = None
        self.strands: set[Strand] = set()
        self._queue: list[tuple[float, int, str, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def later(self, delay: float, label: str, act: Callable[[], None]) -> None:
        """Let something be done after so many seconds of the machine being awake."""
        heapq.heappush(self._queue, (self.time + delay, next(self._numbers), label, act))

    def due(self) -> float:
        """Return when the queue's next thing is due, true seconds."""
        return self._queue[0][0] if self._queue else float("inf")

    def next(self) -> str:
        """Do the queue's next thing; return its label."""
        at, _, label, act = heapq.heappop(self._queue)
        self.time = max(self.time, at)
        act()
        return label

    def sleep_over(self, seconds: float) -> None:
        """Let the machine sleep: nothing of it goes on meanwhile."""
        self.time += seconds
        self.slept += seconds
        self._queue = [(at + seconds, *rest) for at, *rest in self._queue]  # type: ignore[misc] # the same tuple, later

    def spawn(self, process: Process, name: str, work: Callable[[], None]) -> None:
        """Let real code begin, at this moment."""
        strand = Strand(self, process, name, work)
        self.later(0.0, name, lambda: strand.resume(0, woken=True))

    def wait(self, timeout: float | None) -> bool:
        """Stop the running strand; return whether it was woken rather than out of time."""
        strand = self.current
        assert strand is not None, "only a strand can wait"
        if strand.process.dead:
            raise Killed
        strand.ticket = ticket = next(self._numbers) + 1
        if timeout is not None:
            self.later(timeout, strand.name, lambda: strand.resume(ticket, woken=False))
        strand.pause()
        return strand.woken

    def wake(self, strand: Strand) -> None:
        """Let a waiting strand go on."""
        ticket = strand.ticket
        self.later(0.0, strand.name, lambda: strand.resume(ticket, woken=True))

    def kill(self, process: Process) -> None:
        """Kill a process, wherever its strands are; the running one notices at its next stop."""
        process.dead = True
        for strand in tuple(process.strands):
            if strand is not self.current:
                strand.resume(strand.ticket, woken=True)

    def end(self) -> None:
        """Kill everything that still runs."""
        for strand in tuple(self.strands):
            self.kill(strand.process)


class Strand:
    """One line of real code, run in a thread of its own that goes on only when it is resumed."""

    def __init__(
        self, clockwork: Clockwork, process: Process, name: str, work: Callable[[], None]
    ) -> None:
        self.process = process
        self.name = name
        self.ticket = 0
        self.woken = False
        self.ended = False
        self.error: BaseException | None = None
        self.work = work
        self._clockwork = clockwork
        self._runner: _Runner | None = None
        clockwork.strands.add(self)
        process.strands.add(self)

    def resume(self, ticket: int, *, woken: bool) -> None:
        """Let it go on until it waits or ends; a stale ticket changes nothing."""
        if self.ended or ticket != self.ticket:
            return
        self.woken = woken
        clockwork = self._clockwork
        before, clockwork.current = clockwork.current, self
        if self._runner is None:
            if self.process.dead:
                self.ended = True
            else:
                self._runner = _idle.pop() if _idle else _Runner()
                self._runner.strand = self
        if self._runner is not None:
            self._runner.go.release()
            self._runner.back.acquire()
        clockwork.current = before
        if self.ended:
            clockwork.strands.discard(self)
            self.process.strands.discard(self)
            if self._runner is not None:
                _idle.append(self._runner)
                self._runner = None
            if self.error is not None:
                raise self.error

    def pause(self) -> None:
        """Stop here; called by its own code."""
        runner = self._runner
        assert runner is not None
        runner.back.release()
        runner.go.acquire()
        if self.process.dead:
            raise Killed


class _Runner(threading.Thread):
    """A thread that runs strands, one after the other: starting one for each would cost more."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.go, self.back = threading.Semaphore(0), threading.Semaphore(0)
        self.strand: Strand | None = None
        self.start()

    def run(self) -> None:
        while True:
            self.go.acquire()
            strand = self.strand
            assert strand is not None
            try:
                strand.work()
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 # raised again where it was resumed
                strand.error = error
            strand.ended = True
            self.strand = None
            self.back.release()


_idle: list[_Runner] = []


class _Time:
    """Stands for the module ``time``."""

    def __init__(self, clockwork: Clockwork, wall: Callable[[], float]) -> None:
        self._clockwork = clockwork
        self.time = wall

    def monotonic(self) -> float:
        return self._clockwork.time - self._clockwork.slept

    def sleep(self, seconds: float) -> None:
        self._clockwork.wait(max(seconds, 0.0))


class Lock:
    """Stands for `threading.Lock`."""

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        self._held = False
        self._waiting: list[Strand] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # as in threading
        """Take it, waiting in virtual time."""
        clockwork = self._clockwork
        until = clockwork.time + timeout if timeout >= 0 else float("inf")
        while self._held:
            strand = clockwork.current
            if not blocking or clockwork.time >= until or strand is None:
                return False
            self._waiting.append(strand)
            clockwork.wait(None if timeout < 0 else until - clockwork.time)
            if strand in self._waiting:
                self._waiting.remove(strand)
        self._held = True
        return True

    def release(self) -> None:
        """Give it back; who waits is woken."""
        self._held = False
        if self._waiting:
            self._clockwork.wake(self._waiting.pop(0))

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class _Event:
    """Stands for `threading.Event`."""

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        self._set = False
        self._waiting: list[Strand] = []

    def set(self) -> None:
        self._set = True
        for strand in self._waiting:
            self._clockwork.wake(strand)
        self._waiting.clear()

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        strand = self._clockwork.current
        if not self._set and strand is not None:
            self._waiting.append(strand)
            self._clockwork.wait(timeout)
        return self._set


class _Threading:
    """Stands for the module ``threading``, as far as the workers use it."""

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork

    def Lock(self) -> Lock:  # noqa: N802 # as in threading
        return Lock(self._clockwork)

    def Event(self) -> _Event:  # noqa: N802 # as in threading
        return _Event(self._clockwork)

    def Thread(self, target: Callable[..., None], args: Any = (), **_: object) -> _Thread:  # noqa: N802 # as in threading
        return _Thread(self._clockwork, lambda: target(*args))


class _Thread:
    """Stands for `threading.Thread`: a strand of the process that starts it."""

    def __init__(self, clockwork: Clockwork, work: Callable[[], None]) -> None:
        self._clockwork, self._work = clockwork, work

    def start(self) -> None:
        strand = self._clockwork.current
        assert strand is not None
        self._clockwork.spawn(strand.process, f"a thread of {strand.process.name}", self._work)


_places: list[tuple[ModuleType, str, bool]] = []


def _found() -> list[tuple[ModuleType, str, bool]]:
    if not _places:
        _places.extend(
            (module, name, value is time)
            for title, module in sys.modules.items()
            if title.startswith(VIRTUAL)
            for name, value in vars(module).items()
            if value is time or value is threading
        )
    return _places


@contextmanager
def virtual(clockwork: Clockwork, wall: Callable[[], float]) -> Iterator[None]:
    """Let the workers' code live in virtual time; ``wall`` is what their clock says."""
    clock, threads = _Time(clockwork, wall), _Threading(clockwork)
    for module, name, is_time in _found():
        setattr(module, name, clock if is_time else threads)
    try:
        yield
    finally:
        clockwork.end()
        for module, name, is_time in _found():
            setattr(module, name, time if is_time else threading)
