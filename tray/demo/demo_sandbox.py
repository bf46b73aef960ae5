"""The demo's sandbox: a home, a daemon and a command line of its own, and views from outside."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from tray.aws.cache.token_cache import cache_path
from tray.errors import TrayError, Unreachable
from tray.ipc.agent_client import AgentClient
from tray.storage.atomic_files import make_directories
from tray.system import LINUX
from tray.system.paths import Paths, world
from tray.system.spawn import module_command, worker_environment

START_URL: Final = "https://sso-portal.awsapps.com/start"
SESSION: Final = "demo"

CONFIG: Final = f"""\
# The two styles of ~/.aws/config, side by side.
[profile developer]
sso_session = {SESSION}
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1

[profile reader]
sso_session = {SESSION}
sso_account_id = 123456789012
sso_role_name = ReadOnly
region = eu-west-1

[sso-session {SESSION}]
sso_region = eu-west-2
sso_start_url = {START_URL}
sso_registration_scopes = sso:account:access

[profile old-style]
sso_start_url = https://old-style.awsapps.com/start
sso_region = eu-west-2
sso_account_id = 123456789011
sso_role_name = ReadOnly
region = eu-west-1
"""


PATIENCE: Final = 300.0  # seconds for one command; far more than even a slow machine needs


class StepFailed(Exception):
    """A step of the demo did not truly happen."""


class Sandbox:
    """Nothing of the user's is in it but PATH and the keyring's bus."""

    def __init__(self, root: Path, endpoints: dict[str, str], browser: str) -> None:
        self.root = root
        self.service = f"sso-tray-demo-{secrets.token_hex(4)}"
        self.environ = self._environ(endpoints, browser)
        self.paths = Paths.from_environment(self.environ)
        self.notices: list[dict[str, Any]] = []
        self.heard = threading.Condition()

    def _environ(self, endpoints: dict[str, str], browser: str) -> dict[str, str]:
        home, run = self.root / "home", self.root / "run"
        make_directories(home / ".aws")
        make_directories(run)
        kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "DBUS_SESSION_BUS_ADDRESS",
                "DISPLAY", "WAYLAND_DISPLAY",
                "SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP")  # fmt: skip
        environ = {name: os.environ[name] for name in kept if name in os.environ}
        bus = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
        if "DBUS_SESSION_BUS_ADDRESS" not in environ and bus.exists():
            environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
        environ |= {
            **endpoints,
            "HOME": str(home),
            "USERPROFILE": str(home),  # what Windows asks instead
            "LOCALAPPDATA": str(home / "AppData" / "Local"),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_STATE_HOME": str(home / ".local" / "state"),
            "XDG_RUNTIME_DIR": str(run),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "BROWSER": browser,
        }
        (home / ".aws" / "config").write_text(CONFIG)
        settings = home / ".config" / "sso-tray" / "config.toml"
        make_directories(settings.parent)
        settings.write_text(f'[keyring]\nservice = "{self.service}"\n')
        return worker_environment(environ)

    @contextmanager
    def daemon(self) -> Iterator[int]:
        """Run the real daemon, in the tray where there is a desktop; yields its pid."""
        desktop = not LINUX or "DISPLAY" in self.environ or "WAYLAND_DISPLAY" in self.environ
        command = module_command("tray", "run", *([] if desktop else ["--no-icon"]))
        process = subprocess.Popen(command, env=self.environ, stdin=subprocess.DEVNULL)
        try:
            self.until(self._answers, "SSO Tray serves its socket")
            threading.Thread(target=self._listen, daemon=True).start()
            yield process.pid
            self.tray("quit")
            process.wait(60)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)

    def _answers(self) -> bool:
        try:
            with self.client() as agent:
                return "status" in agent.done("status")
        except Unreachable:
            return False

    def _listen(self) -> None:
        with suppress(TrayError), self.client() as agent:
            for message in agent.ask("subscribe", patience=None):
                if "notice" in message:
                    with self.heard:
                        self.notices.append(message["notice"])
                        self.heard.notify_all()

    def client(self) -> AgentClient:
        return AgentClient(self.paths.runtime_sockets, world(self.environ))

    def notice(self, category: str, patience: float) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((one for one in self.notices if one["category"] == category), None)

        with self.heard:
            if not self.heard.wait_for(lambda: found() is not None, patience):
                raise StepFailed(f"no notice {category!r} came")
            notice = found()
        assert notice is not None  # noqa: S101  (it was waited for)
        return notice

    def tray(self, *arguments: str, whole: bool = False) -> str:
        """Run the command line as a user does; return its output, or the last line of it."""
        done = self._run("tray", *arguments)
        if done.returncode:
            raise StepFailed(f"sso-tray {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout if whole else done.stdout.strip().splitlines()[-1]

    def boto3(self, profile: str) -> str:
        """Return boto3's identity with a profile, from a process of its own."""
        return self.witness("identity", profile).strip()

    def keyring_items(self) -> list[str]:
        try:
            lines = self.witness("keyring", self.service).splitlines()
        except StepFailed:
            return []
        return [line.split()[1] for line in lines]

    def witness(self, *arguments: str) -> str:
        """Run a process that uses nothing of ours, and return what it prints."""
        done = self._run("tray.demo.demo_witness", *arguments)
        if done.returncode:
            raise StepFailed(done.stderr.strip().splitlines()[-1])
        return done.stdout

    def _run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                module_command(module, *arguments),
                env=self.environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise StepFailed(
                f"{' '.join((module, *arguments))} had not ended after {PATIENCE:.0f} s"
            ) from None

    def state(self) -> str:
        document = json.loads(self.tray("status", "--json", whole=True))
        return next(str(one["state"]) for one in document["sessions"] if one["key"] == SESSION)

    def file(self) -> Path:
        return cache_path(self.paths.token_cache, SESSION)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait at most a minute, then raise StepFailed."""
        deadline = time.monotonic() + 60
        while not holds():
            if time.monotonic() > deadline:
                raise StepFailed(f"it did not happen: {what}")
            time.sleep(0.05)

    def close(self) -> None:
        with suppress(StepFailed):
            self.witness("forget", self.service)
