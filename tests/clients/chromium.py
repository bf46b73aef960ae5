"""
A headless Chromium that tests drive as a person would: open, read, click, take a picture.

It is spoken to over its DevTools protocol, NUL-terminated JSON on a pair of pipes, so that no
port is opened and no driver is needed.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tests.components import ROOT, require

ARTIFACTS = ROOT / "artifacts"
"""Where pictures are kept to be looked at; not in the repository."""

PATIENCE = 60.0

_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # root, as in CI, has no other choice
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-proxy-server",
    "--window-size=1000,760",
)

# Chromium reads its commands from descriptor 3 and answers on 4, whatever those were here.
_ON_3_AND_4 = """\
import fcntl, os, sys
inlet, outlet = (fcntl.fcntl(int(text), fcntl.F_DUPFD, 10) for text in sys.argv[1:3])
os.dup2(inlet, 3)
os.dup2(outlet, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class PageError(AssertionError):
    """The browser refused a command, or a script in a page failed."""


class Tab:
    """The one tab of a running Chromium."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands, self._answers = commands, answers
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._ask("Page.enable")

    def open(self, url: str) -> None:
        """Go to a page and wait until it has been loaded."""
        self._events.clear()
        failed = self._ask("Page.navigate", url=url).get("errorText")
        if failed:
            raise PageError(failed)
        self._await("Page.loadEventFired")

    def read(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page, also what a promise gives."""
        answer = self._ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise PageError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait for an expression that becomes true, looking at each frame; returns its value."""
        return self.read(
            f"""new Promise((found, late) => {{
                const end = performance.now() + {PATIENCE * 1000};
                const look = () => {{
                    const value = {expression};
                    if (value) return found(value);
                    if (performance.now() > end) return late(new Error({json.dumps(expression)}));
                    setTimeout(look, 10);
                }};
                look();
            }})"""
        )

    def text(self) -> str:
        """Return what a person reads on the page."""
        return str(self.read("document.body.innerText"))

    def click(self, selector: str) -> None:
        """Press and release the mouse on an element, and wait for the page that leads to."""
        self._events.clear()
        self.press(selector)
        self._await("Page.loadEventFired")

    def press(self, selector: str) -> None:
        """Press and release the mouse on an element."""
        self.read(f"document.querySelector({json.dumps(selector)}).scrollIntoView()")
        box = self.read(
            f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            mouse = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
            self._ask("Input.dispatchMouseEvent", type=kind, **mouse)

    def type(self, text: str) -> None:
        """Type letters, as on a keyboard."""
        for letter in text:
            self._ask("Input.dispatchKeyEvent", type="char", text=letter)

    def key(self, name: str, code: int, *, text: str = "", shift: bool = False) -> None:
        """Press and release a key, such as ``ArrowDown`` (40); ``text`` is what it types."""
        more = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": 8 * shift}
        self._ask("Input.dispatchKeyEvent", type="keyDown", text=text, **more)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **more)

    def size(self, width: int, height: int, scale: float = 1.0) -> None:
        """Give pages a window of this size, in CSS pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip

    def picture(self, name: str) -> None:
        """Keep what the window shows as ``artifacts/<name>.png``."""
        # As after its animations, whose end no event tells.
        self.read("document.getAnimations().forEach(one => one.finish())")
        data = self._ask("Page.captureScreenshot")["data"]
        ARTIFACTS.mkdir(exist_ok=True)
        (ARTIFACTS / f"{name}.png").write_bytes(base64.b64decode(data))

    def dark(self, wanted: bool) -> None:
        """Show pages as on a desktop with dark colours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def busy(self) -> float:
        """Return the milliseconds of CPU that the page's main thread has spent on tasks."""
        self._ask("Performance.enable", timeDomain="threadTicks")
        metrics = self._ask("Performance.getMetrics")["metrics"]
        return next(1000 * float(one["value"]) for one in metrics if one["name"] == "TaskDuration")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        command: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            command["sessionId"] = self._session
        self._commands.write(json.dumps(command).encode() + b"\0")
        self._commands.flush()
        while True:
            message = self._next()
            if message.get("id") == number:
                break
        if "error" in message:
            raise PageError(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def _await(self, event: str) -> None:
        while all(one.get("method") != event for one in self._events):
            self._next()

    def _next(self) -> dict[str, Any]:
        """Return the next message, and remember it if it is an event."""
        message = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            if not byte:
                raise PageError("the browser has ended")
            message += byte
        found: dict[str, Any] = json.loads(message)
        if "method" in found:
            self._events.append(found)
        return found


@contextmanager
def chromium(profile: Path) -> Iterator[Tab]:
    """
    Run a Chromium until the end of the block.

    Args:
        profile: its directory; becomes its home too.
    """
    executable = str(require("chromium"))
    environ: Mapping[str, str] = {"HOME": str(profile), "PATH": os.environ["PATH"]}
    profile.mkdir()
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    wrapped = [sys.executable, "-I", "-S", "-c", _ON_3_AND_4, str(to_browser), str(from_browser)]
    process = subprocess.Popen(
        [*wrapped, executable, *_FLAGS, f"--user-data-dir={profile}"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(to_browser, from_browser),
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        with os.fdopen(commands, "wb") as writer, os.fdopen(answers, "rb") as reader:
            yield Tab(writer, reader)
        # It ends with the pipe that its commands come from.
        process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
