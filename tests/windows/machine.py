"""A Windows under Wine with a person at it: programs inside, a screen and a mouse outside."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import components

ROOT = Path(__file__).parents[2]
HOME_NAME = "Ada Lovelace"
"""A user's name has a blank in it: much that starts programs breaks on one."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program inside printed, its exit code, and how long it took (seconds)."""

    code: int
    out: str
    err: str
    seconds: float = 0.0


@dataclass
class Machine:
    """
    One prefix of Wine, as `make-lab` makes it.

    Args:
        lab: its folder.
        version: of the Python in it: "3.13".
        display: the X display of its screen.
    """

    lab: Path
    version: str
    display: str
    environ: dict[str, str | None] = field(default_factory=dict)
    _servant: subprocess.Popen[bytes] | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def drive(self) -> Path:
        """What is C: inside."""
        return self.lab / "prefix/drive_c"

    @property
    def home(self) -> Path:
        """The user's home, seen from outside."""
        return self.drive / "users" / HOME_NAME

    @property
    def scripts(self) -> str:
        """The folder of the installed command, inside."""
        return rf"C:\python{self.version.replace('.', '')}\Scripts"

    @property
    def python(self) -> str:
        """The interpreter, inside."""
        return rf"C:\python{self.version.replace('.', '')}\python.exe"

    def inside(self, path: Path) -> str:
        """Return a path on C: as programs inside call it."""
        return "C:\\" + str(path.relative_to(self.drive)).replace("/", "\\")

    @contextmanager
    def on(self) -> Iterator[None]:
        """Have the servant run."""
        environ = {**os.environ, "DISPLAY": self.display}
        servant = Path(__file__).with_name("servant.py")
        self._servant = subprocess.Popen(
            [self.lab / self.version / "py", "-P", f"Z:{servant}"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            yield
        finally:
            assert self._servant.stdin is not None
            self._servant.stdin.close()
            self._servant.wait(60)

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send the servant a request and return its answer."""
        assert self._servant is not None
        assert self._servant.stdin is not None
        assert self._servant.stdout is not None
        with self._asking:
            self._servant.stdin.write(json.dumps(request).encode() + b"\n")
            self._servant.stdin.flush()
            answer: dict[str, Any] = json.loads(self._servant.stdout.readline())
        return answer

    def run(self, *argv: str, env: Mapping[str, str | None] | None = None, **more: Any) -> Said:
        """Run a program inside to its end."""
        answer = self.ask(argv=argv, env={**self.environ, **(env or {})}, **more)
        return Said(answer["code"], answer["out"], answer["err"], answer.get("seconds", 0.0))

    def tray(self, *arguments: str, **more: Any) -> Said:
        """Run the installed command."""
        return self.run(rf"{self.scripts}\sso-tray.exe", *arguments, **more)

    def start(self, *argv: str) -> int:
        """Start a program inside that stays; returns its pid there."""
        answer = self.ask(argv=argv, env=self.environ, stay=True)
        return int(answer["pid"])

    def ended(self, pid: int, seconds: float = 60) -> int | None:
        """Wait for one that was started; returns its exit code, None if it still runs."""
        code: int | None = self.ask(wait=pid, seconds=seconds)["code"]
        return code

    # --- the screen -----------------------------------------------------------------------------

    def mouse(self, *arguments: str) -> str:
        """Run xdotool on this screen."""
        done = subprocess.run(
            [components.require("xdotool"), *arguments],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.stdout

    def windows(self) -> dict[str, tuple[str, int, int, int, int]]:
        """Return the windows that are seen: id to name, x, y, width, height."""
        found = {}
        for window in self.mouse("search", "--onlyvisible", "--name", "").split():
            told = dict(
                line.split("=", 1)
                for line in self.mouse("getwindowgeometry", "--shell", window).splitlines()
                if "=" in line
            )
            if {"X", "Y", "WIDTH", "HEIGHT"} <= set(told):
                name = self.mouse("getwindowname", window).strip()
                x, y, width, height = (int(told[key]) for key in ("X", "Y", "WIDTH", "HEIGHT"))
                found[window] = (name, x, y, width, height)
        return found

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click there."""
        self.mouse("mousemove", str(x), str(y))
        self.mouse("click", str(button))


@contextmanager
def screen() -> Iterator[str]:
    """Have a screen of its own; yields its display."""
    read, write = os.pipe()
    server = subprocess.Popen(
        [components.require("xvfb"), "-displayfd", str(write), "-screen", "0", "1024x768x24",
         "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    try:
        with os.fdopen(read) as told:
            display = told.readline().strip()
        assert display, "Xvfb gave no display"
        yield f":{display}"
    finally:
        server.terminate()
        server.wait(30)
