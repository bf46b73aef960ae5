"""
The demo: the real program against the embedded Identity Center, each step proven from outside.

Nothing of the user's is touched: home, runtime directory and keyring service are the demo's own
and are removed at the end. It may run beside a live daemon.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tray.demo.demo_sandbox import CONFIG, SESSION, START_URL, Sandbox, StepFailed
from tray.fake_aws.identity_center import IdentityCenter
from tray.system import WINDOWS
from tray.system.spawn import module_command

__all__ = ["CONFIG", "SESSION", "START_URL", "Demo", "main"]

TOKEN_LIFE: Final = 14.0  # seconds; in real life an hour
LIFE_IN_STARTS: Final = 6.0  # so many times as long as a process takes to start, on slow machines
LIFE_IN_LOGINS: Final = 3.0  # and as long as a sign-in takes, which starts what a renewal starts
ROOM: Final = 4.0  # factor on the planned time of a step, for slow machines


class Demo:
    def __init__(
        self, center: IdentityCenter, sandbox: Sandbox, say: Callable[[str], None]
    ) -> None:
        self.center = center
        self.box = sandbox
        self.say = say
        self.keyring = False
        self.life = TOKEN_LIFE

    def run(self) -> None:
        """The first step that did not happen raises `StepFailed`."""
        began = time.monotonic()
        with self.box.daemon() as pid:
            started = time.monotonic() - began
            # A renewal starts a process, and has to be over before the token is.
            self.life = max(TOKEN_LIFE, LIFE_IN_STARTS * started)
            self.center.token_life = self.life
            self.say(f"SSO Tray is running (pid {pid}), in a home directory of its own.")
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
        began = time.monotonic()
        self.say(f"  {self.box.tray('login', SESSION)}")
        self.life = max(self.life, LIFE_IN_LOGINS * (time.monotonic() - began))
        self.center.token_life = self.life
        self._proof(
            self.center.count("CreateToken", grant_type="authorization_code") == 1,
            "server log: one RegisterClient, one CreateToken by authorization_code",
        )
        self._proof(self.box.state() == "signed-in", "sso-tray status: signed-in")
        arn = self.box.boto3("developer")
        self._proof("FullAccess" in arn, f"boto3 in its own process: {arn}")

    def _where_the_secrets_are(self) -> None:
        self._title("Where the refresh token is kept")
        members = sorted(json.loads(self.box.file().read_text()))
        items = self.box.keyring_items()
        self.keyring = bool(items)
        if self.keyring:
            lean = {"accessToken", "expiresAt", "region", "startUrl"}
            self._proof(set(members) == lean, f"the cache file holds only {', '.join(members)}")
            known = {_short(secret) for secret in self.center.secrets()}
            matching = [one for one in items if one in known]
            self._proof(
                bool(matching),
                "the keyring, read by another client, holds the server's refresh token"
                f" (SHA-256 {', '.join(matching[:1])}…)",
            )
        else:
            self._proof(
                "refreshToken" in members,
                "no keyring here, so the refresh token is in the cache file",
            )

    def _renewal(self) -> None:
        self._title(f"Silent renewal (tokens live {self.life:.0f} s here, an hour at AWS)")
        before = self.box.file().read_bytes()
        asked = self.center.count("CreateToken", grant_type="refresh_token")
        self.center.wait_for(
            "CreateToken", asked + 2, self.life * ROOM, grant_type="refresh_token"
        )
        self._proof(True, "server log: CreateToken by refresh_token twice, nobody at the keyboard")
        self.box.until(lambda: self.box.file().read_bytes() != before, "the cache file changes")
        self._proof(True, "the cache file has a new access token")
        arn = self.box.boto3("developer")
        self._proof("FullAccess" in arn, f"boto3 still works: {arn}")

    def _switch(self) -> None:
        self._title("Switch the active profile")
        self.say("  $ sso-tray use reader; sso-tray credentials --format process")
        self.box.tray("use", "reader")
        document = json.loads(self.box.tray("credentials", "--format", "process", whole=True))
        self._proof(document["Version"] == 1, "it printed a credential_process document")
        self._proof(
            self.center.count("GetRoleCredentials", role_name="ReadOnly") >= 1,
            "server log: GetRoleCredentials for ReadOnly",
        )
        arn = self.box.boto3("reader")
        self._proof("ReadOnly" in arn, f"boto3 as reader: {arn}")

    def _warning(self) -> None:
        self._title("The session ends (now, here; usually after 8 hours at AWS)")
        # Not at a set time: a slow machine must not lose the race against its own demo.
        self.center.end_session()
        notice = self.box.notice("ending", self.life * ROOM)
        button = notice["buttons"][0]["label"]
        self._proof(True, f"warning before: “{notice['title']}”, with the button “{button}”")
        notice = self.box.notice("expired", self.life * ROOM)
        self._proof(True, f"notice afterwards: “{notice['title']}”")
        self._proof(self.box.state() == "expired", "sso-tray status: expired")
        self._proof(self.center.count("Authorize") == 1, "server log: no browser opened by itself")

    def _again(self) -> None:
        self._title("Sign in again, as the button does")
        self.say(f"  $ sso-tray login {SESSION}")
        self.say(f"  {self.box.tray('login', SESSION)}")
        arn = self.box.boto3("reader")
        self._proof("ReadOnly" in arn, f"boto3 works again: {arn}")

    def _sign_out(self) -> None:
        self._title("Sign out")
        self.say(f"  $ sso-tray logout {SESSION}")
        self.say(f"  {self.box.tray('logout', SESSION)}")
        self._proof(self.center.count("Logout") >= 1, "server log: Logout")
        self._proof(not self.box.file().exists(), "the cache file is gone")
        if self.keyring:
            left = [one for one in self.box.keyring_items() if one != "-"]
            self._proof(not left, "the keyring no longer holds a refresh token")

    def _title(self, words: str) -> None:
        self.say(f"\n{words}")

    def _proof(self, holds: bool, words: str) -> None:
        if not holds:
            raise StepFailed(words)
        self.say(f"  ✓ {words}")


def _short(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    began = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="sso-tray-demo-"))
    _say("SSO Tray demo: a built-in Identity Center, no AWS account. Your files stay untouched.")
    try:
        with IdentityCenter(
            auto_approve=True,
            device_auto_approve=True,
            token_life=TOKEN_LIFE,
            rotation="strict",
        ) as center:
            joined = subprocess.list2cmdline if WINDOWS else shlex.join
            browser = joined(module_command("tray.demo.demo_story", "--browser", "%s"))
            sandbox = Sandbox(root, center.environment(), browser)
            demo = Demo(center, sandbox, _say)
            try:
                demo.run()
            finally:
                sandbox.close()
    except StepFailed as error:
        _say(f"  ✗ {error}")
        return 1
    finally:
        shutil.rmtree(root, ignore_errors=True)
    _say(f"\nEvery step worked, in {time.monotonic() - began:.0f} s.")
    return 0


def _browse(url: str) -> int:
    """Be the browser of the demo: open the page, follow where it leads."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        answer.read()
    return 0


if __name__ == "__main__":
    sys.exit(_browse(sys.argv[2]) if sys.argv[1:2] == ["--browser"] else main())
