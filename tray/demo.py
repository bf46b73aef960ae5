"""
The demo: the real program against the embedded Identity Center, each step proven from outside.

Nothing of the user's is touched: home, runtime directory and keyring service are the demo's own
and are removed at the end. It may run beside a live resident.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from tray.agent import AgentClient
from tray.aws.token_cache import cache_path
from tray.errors import TrayError, Unreachable
from tray.identity_center import IdentityCenter
from tray.system.paths import Paths, world

TOKEN_LIFE: Final = 12.0
SESSION_LENGTH: Final = 26.0
"""Seconds; in real life an hour, and eight."""
ROOM: Final = 4.0
"""How many times as long as planned a step may take on a slow machine."""
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

_IDENTITY: Final = """\
import boto3, sys
session = boto3.Session(profile_name=sys.argv[1])
print(session.client("sts").get_caller_identity()["Arn"])
"""

# Another client of the keyring, in a process that knows nothing of us. It prints no secret.
_KEYRING_ITEMS: Final = """\
import hashlib, json, secretstorage, sys
bus = secretstorage.dbus_init()
for item in secretstorage.search_items(bus, {"service": sys.argv[1]}):
    text = item.get_secret().decode()
    try:
        token = json.loads(text).get("refresh_token") or json.loads(text).get("refreshToken") or ""
    except (ValueError, AttributeError):
        token = ""
    print(len(text), hashlib.sha256(token.encode()).hexdigest()[:12] if token else "-")
"""


class StepFailed(Exception):
    """A step of the demo did not truly happen."""


class Demo:
    """
    One run of the story.

    Args:
        center: the embedded Identity Center.
        root: the sandbox.
        say: prints a line.
    """

    def __init__(self, center: IdentityCenter, root: Path, say: Callable[[str], None]) -> None:
        self.center = center
        self.root = root
        self.say = say
        self.service = f"sso-tray-demo-{secrets.token_hex(4)}"
        self.environ = self._sandbox()
        self.paths = Paths.from_environment(self.environ)
        self.notices: list[dict[str, Any]] = []
        self.heard = threading.Condition()
        self.keyring = False

    def _sandbox(self) -> dict[str, str]:
        """Build the environment: the user's PATH and keyring bus, and nothing else of theirs."""
        home, run = self.root / "home", self.root / "run"
        home.mkdir()
        run.mkdir(mode=0o700)
        kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT", "DBUS_SESSION_BUS_ADDRESS")
        environ = {name: os.environ[name] for name in kept if name in os.environ}
        bus = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
        if "DBUS_SESSION_BUS_ADDRESS" not in environ and bus.exists():
            environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
        environ |= self.center.environment()
        environ |= {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_STATE_HOME": str(home / ".local" / "state"),
            "XDG_RUNTIME_DIR": str(run),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "BROWSER": f"{sys.executable} -m tray.demo --browser %s",
        }
        (home / ".aws").mkdir()
        (home / ".aws" / "config").write_text(CONFIG)
        settings = home / ".config" / "sso-tray" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f'[keyring]\nservice = "{self.service}"\n')
        return environ

    # --- The story -----------------------------------------------------------------------------

    def run(self) -> None:
        """Tell it; the first step that did not happen raises `StepFailed`."""
        with self._resident():
            self._sign_in()
            self._where_the_secrets_are()
            self._renewal()
            self._switch()
            self._warning()
            self._again()
            self._sign_out()

    def _sign_in(self) -> None:
        self._title("Sign in through the browser (PKCE)")
        self.say(f"  $ sso-tray login {SESSION}")
        self.say(f"  {self._tray('login', SESSION)}")
        self._proof(
            self.center.count("CreateToken", grant_type="authorization_code") == 1,
            "server log: one RegisterClient, one CreateToken by authorization_code",
        )
        self._proof(self._state() == "signed-in", "sso-tray status: signed-in")
        arn = self._boto3("developer")
        self._proof("FullAccess" in arn, f"boto3 in its own process: {arn}")

    def _where_the_secrets_are(self) -> None:
        self._title("Where the refresh token is")
        members = sorted(json.loads(self._file().read_text()))
        items = self._keyring_items()
        self.keyring = bool(items)
        if self.keyring:
            lean = {"accessToken", "expiresAt", "region", "startUrl"}
            self._proof(set(members) == lean, f"the cache file holds only {', '.join(members)}")
            known = {_short(secret) for secret in self.center.secrets()}
            matching = [one for one in items if one in known]
            self._proof(
                bool(matching),
                f"the keyring, read by another client: refresh token {matching[:1]} of the server",
            )
        else:
            self._proof(
                "refreshToken" in members,
                "no keyring works here: file mode, the refresh token is in the cache file",
            )

    def _renewal(self) -> None:
        self._title(f"Silent renewal (tokens live {TOKEN_LIFE:.0f} s here, an hour at AWS)")
        before = self._file().read_bytes()
        asked = self.center.count("CreateToken", grant_type="refresh_token")
        self.center.wait_for(
            "CreateToken", asked + 2, TOKEN_LIFE * ROOM, grant_type="refresh_token"
        )
        self._proof(True, "server log: CreateToken by refresh_token twice, nobody at the keyboard")
        self._until(lambda: self._file().read_bytes() != before, "the cache file is new")
        self._proof(True, "the cache file has a new access token")
        arn = self._boto3("developer")
        self._proof("FullAccess" in arn, f"boto3 goes on: {arn}")

    def _switch(self) -> None:
        self._title("Switch the active profile")
        self.say("  $ sso-tray use reader; sso-tray credentials --format process")
        self._tray("use", "reader")
        document = json.loads(self._tray("credentials", "--format", "process"))
        self._proof(document["Version"] == 1, "a credential_process document came out")
        self._proof(
            self.center.count("GetRoleCredentials", role_name="ReadOnly") >= 1,
            "server log: GetRoleCredentials for ReadOnly",
        )
        arn = self._boto3("reader")
        self._proof("ReadOnly" in arn, f"boto3 as reader: {arn}")

    def _warning(self) -> None:
        self._title(f"The session ends (after {SESSION_LENGTH:.0f} s here, 8 hours at AWS)")
        notice = self._notice("ending")
        button = notice["buttons"][0]["label"]
        self._proof(True, f"warned before: “{notice['title']}”, with the button “{button}”")
        notice = self._notice("expired")
        self._proof(True, f"told after: “{notice['title']}”")
        self._proof(self._state() == "expired", "sso-tray status: expired")
        self._proof(
            self.center.count("Authorize") == 1, "server log: no browser was opened by itself"
        )

    def _again(self) -> None:
        self._title("Sign in again, as the button does")
        # The end we know is counted in whole seconds; a new sign-in in the old session's very
        # last one would inherit its end. A person takes longer than that.
        self._until(lambda: not self.center.live_sessions(), "the old session is over at AWS")
        self.say(f"  {self._tray('login', SESSION)}")
        arn = self._boto3("reader")
        self._proof("ReadOnly" in arn, f"boto3 works again: {arn}")

    def _sign_out(self) -> None:
        self._title("Sign out")
        self.say(f"  {self._tray('logout', SESSION)}")
        self._proof(self.center.count("Logout") >= 1, "server log: Logout")
        self._proof(not self._file().exists(), "the cache file is gone")
        if self.keyring:
            left = [one for one in self._keyring_items() if one != "-"]
            self._proof(not left, "the keyring holds no refresh token any more")

    # --- Means ---------------------------------------------------------------------------------

    @contextmanager
    def _resident(self) -> Iterator[None]:
        """Run the real resident, and listen to it as the tray would."""
        command = [sys.executable, "-m", "tray", "run", "--no-icon"]
        process = subprocess.Popen(command, env=self.environ, stdin=subprocess.DEVNULL)
        try:
            self._until(self._answers, "the resident serves its socket")
            self.say(f"The resident runs (pid {process.pid}), in a home of its own.")
            threading.Thread(target=self._listen, daemon=True).start()
            yield
            self._tray("quit")
            process.wait(10)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(10)

    def _answers(self) -> bool:
        try:
            with AgentClient(self.paths.runtime_sockets, world(self.environ)) as agent:
                return "status" in agent.done("status")
        except Unreachable:
            return False

    def _listen(self) -> None:
        with suppress(TrayError), self._client() as agent:
            for message in agent.ask("subscribe", patience=None):
                if "notice" in message:
                    with self.heard:
                        self.notices.append(message["notice"])
                        self.heard.notify_all()

    def _client(self) -> AgentClient:
        return AgentClient(self.paths.runtime_sockets, world(self.environ))

    def _notice(self, category: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((one for one in self.notices if one["category"] == category), None)

        with self.heard:
            if not self.heard.wait_for(lambda: found() is not None, SESSION_LENGTH * ROOM):
                msg = f"no notice {category!r} came"
                raise StepFailed(msg)
            notice = found()
        assert notice is not None  # noqa: S101  (it was waited for)
        return notice

    def _tray(self, *arguments: str) -> str:
        """Run the command line as a person does and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "tray", *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            msg = f"sso-tray {' '.join(arguments)}: {done.stderr.strip()}"
            raise StepFailed(msg)
        return (
            done.stdout.strip().splitlines()[-1] if arguments[0] != "credentials" else done.stdout
        )

    def _boto3(self, profile: str) -> str:
        return self._python(_IDENTITY, profile).strip()

    def _keyring_items(self) -> list[str]:
        """Return short hashes of the refresh tokens in the demo's keyring items."""
        try:
            lines = self._python(_KEYRING_ITEMS, self.service).splitlines()
        except StepFailed:
            return []
        return [line.split()[1] for line in lines]

    def _python(self, code: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise StepFailed(done.stderr.strip().splitlines()[-1])
        return done.stdout

    def _state(self) -> str:
        document = json.loads(self._status())
        return next(str(one["state"]) for one in document["sessions"] if one["key"] == SESSION)

    def _status(self) -> str:
        with self._client() as agent:
            return json.dumps(agent.done("status")["status"])

    def _file(self) -> Path:
        return cache_path(self.paths.token_cache, SESSION)

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            if time.monotonic() > deadline:
                msg = f"it did not happen: {what}"
                raise StepFailed(msg)
            time.sleep(0.05)

    def _title(self, words: str) -> None:
        self.say(f"\n{words}")

    def _proof(self, holds: bool, words: str) -> None:
        if not holds:
            raise StepFailed(words)
        self.say(f"  ✓ {words}")

    def close(self) -> None:
        """Leave nothing behind in the keyring."""
        with suppress(StepFailed):
            self._python(_FORGET, self.service)


_FORGET: Final = """\
import secretstorage, sys
bus = secretstorage.dbus_init()
for item in list(secretstorage.search_items(bus, {"service": sys.argv[1]})):
    item.delete()
"""


def _short(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """
    Run the demo.

    Returns:
        0 if every step truly happened, else 1.
    """
    began = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="sso-tray-demo-"))
    _say("SSO Tray demo: an Identity Center of its own, no AWS account, nothing of yours touched.")
    try:
        with IdentityCenter(
            auto_approve=True,
            device_auto_approve=True,
            token_life=TOKEN_LIFE,
            session_length=SESSION_LENGTH,
            rotation="strict",
        ) as center:
            demo = Demo(center, root, _say)
            try:
                demo.run()
            finally:
                demo.close()
    except StepFailed as error:
        _say(f"  ✗ {error}")
        return 1
    finally:
        shutil.rmtree(root, ignore_errors=True)
    _say(f"\nEvery step happened, in {time.monotonic() - began:.0f} s.")
    return 0


def _browse(url: str) -> int:
    """Be the browser of the demo: open the page, follow where it leads."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        answer.read()
    return 0


if __name__ == "__main__":
    sys.exit(_browse(sys.argv[2]) if sys.argv[1:2] == ["--browser"] else main())
