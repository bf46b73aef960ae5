"""
Two loops in one process, where the icon must run on the main thread (macOS, Windows).

The daemon's loop runs in a second thread, the icon's on the main thread. Calls are only handed
over; neither waits for the other.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class OwnLoop(Protocol):
    """A native icon, with a loop of its own for the main thread."""

    def run_here(self) -> None:
        """Run until :meth:`end`, which may have come before; no click makes it raise."""

    def on_main(self, act: Callable[[], object]) -> None:
        """Call something on the main thread; called from any thread, returns at once."""

    def end(self) -> None:
        """Let :meth:`run_here` return; called from any thread, repeatable."""


class MainThreadIcon:
    """
    What our native icons add to pystray's: calls from other threads, in order.

    A subclass wakes its loop in :meth:`wake`, which then calls :meth:`drain` on the main thread.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        super().__init__(*arguments, **options)

    def on_main(self, act: Callable[[], object]) -> None:
        """Call something on the main thread; called from any thread, returns at once."""
        self._calls.put(act)
        self.wake()

    def wake(self) -> None:
        """Have :meth:`drain` called on the main thread."""
        raise NotImplementedError

    def drain(self) -> None:
        """Make the waiting calls; one that fails does not stop the others."""
        while not self._calls.empty():
            act = self._calls.get()
            try:
                act()
            except Exception as error:  # noqa: BLE001  (a desktop's trouble is the icon's alone)
                log.warning("the icon could not be changed (%s)", type(error).__name__)


class MainThread:
    """
    The main thread, lent to the icon while the daemon runs.

    :meth:`run` is called on it; everything else on the loop's thread.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lent: OwnLoop | None = None
        self._over = False

    def lend(self, make: Callable[[], OwnLoop], failed: Callable[[Exception], None]) -> None:
        """
        Make an icon and run its loop, both on the main thread.

        Args:
            failed: called on the main thread with what either raised.
        """

        def made() -> None:
            try:
                self._lent = make()
                if not self._over:
                    self._lent.run_here()
            except Exception as error:  # noqa: BLE001  (an icon's library costs the icon alone)
                failed(error)
            finally:
                self._lent = None

        self._calls.put(made)

    def run(self, serve: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """
        Run ``serve`` in a second thread, with what is lent on this one; returns its result.

        Raises:
            Whatever ``serve`` raises.
        """
        outcome: list[T] = []
        raised: list[BaseException] = []

        def loop() -> None:
            try:
                outcome.append(asyncio.run(serve()))
            except BaseException as error:  # noqa: BLE001  (raised again, in the main thread)
                raised.append(error)
            finally:
                self._over = True
                self._calls.put(None)
                lent = self._lent
                if lent is not None:
                    lent.end()

        thread = threading.Thread(target=loop, name="resident")
        thread.start()
        while (call := self._calls.get()) is not None:
            call()
        thread.join()
        if raised:
            raise raised[0]
        return outcome[0]
