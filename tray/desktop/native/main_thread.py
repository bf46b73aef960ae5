"""
Two loops in one process, where the system wants its icon on the main thread (macOS, Windows).

The rules' loop runs in a second thread. The main thread waits for an icon to run and then belongs
to it. Calls are only handed over in both directions; neither waits for the other.
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
    """What runs its own loop on the main thread: a native icon."""

    def run_here(self) -> None:
        """Run until :meth:`end`, even an earlier one; no click makes it raise."""

    def on_main(self, act: Callable[[], object]) -> None:
        """Run ``act`` on the main thread; callable from any thread, returns at once."""

    def end(self) -> None:
        """Let :meth:`run_here` return; callable from any thread and more than once."""


class MainThreadIcon:
    """Calls from other threads, in order: :meth:`wake` has the loop call :meth:`drain`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._words: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        super().__init__(*arguments, **options)

    def on_main(self, act: Callable[[], object]) -> None:
        self._words.put(act)
        self.wake()

    def wake(self) -> None:
        raise NotImplementedError

    def drain(self) -> None:
        """Run what was handed over; a failure affects only itself."""
        while not self._words.empty():
            act = self._words.get()
            try:
                act()
            except Exception as error:  # noqa: BLE001  (a desktop's trouble is the icon's alone)
                log.warning("the icon could not be changed (%s)", type(error).__name__)


class MainThread:
    """:meth:`run` is called on the main thread; everything else on the loop's."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lent: OwnLoop | None = None
        self._over = False

    def lend(self, make: Callable[[], OwnLoop], failed: Callable[[Exception], None]) -> None:
        """Make and run the icon on the main thread; ``failed`` gets what it raised there."""

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
        """Run a loop in a second thread until it ends, and meanwhile whatever is lent this one."""
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

        thread = threading.Thread(target=loop, name="daemon")
        thread.start()
        while (call := self._calls.get()) is not None:
            call()
        thread.join()
        if raised:
            raise raised[0]
        return outcome[0]
