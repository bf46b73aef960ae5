"""
A person's machine for the command line: a home of its own, an Identity Center, a browser.

The command is the real one, in a process of its own. No keyring is there unless a test brings
one: the address of the session bus leads nowhere.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import schema
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import cache_path, full_document, lean_document
from tray.core.text.timestamps import parse_timestamp
from tray.errors import TrayError
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter, SignedIn
from tray.ipc.agent_client import AgentClient
from tray.secret import Secret
from tray.system.paths import Paths, world

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
"""Ten times what a command takes on a slow machine; nothing waits for it to pass."""

LOOK_AGAIN = 0.05

CONFIG = f"""\
[sso-session corp]
sso_start_url = {DEFAULT_START_URL}
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[sso-session other]
sso_start_url = https://other.awsapps.com/start
sso_region = us-east-1

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1

[profile reader]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = ReadOnly

[profile far]
sso_session = other
sso_account_id = 123456789011
sso_role_name = ReadOnly

[profile corp]
sso_session = other
sso_account_id = 123456789011
sso_role_name = ReadOnly

[profile old]
sso_start_url = https://legacy.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789011
sso_role_name = ReadOnly

[profile plain]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY

[profile circle]
credential_process = /usr/bin/sso-tray credentials --profile circle

[profile around]
source_profile = circle
role_arn = arn:aws:iam::123456789011:role/x

[profile careful]
source_profile = plain
role_arn = arn:aws:iam::123456789011:role/x
mfa_serial = arn:aws:iam::123456789011:mfa/ada

[profile forbidden]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = Nothing
"""

_BROWSER = """\
import os, sys, urllib.request
with open(sys.argv[1], "a") as log:
    log.write(sys.argv[2] + "\\n")
# Nothing but loopback is ever asked, where the proxy of a test is, too.
ours = sys.argv[2].startswith(("http://127.0.0.1:", "https://127.0.0.1:"))
if ours or "HTTPS_PROXY" in os.environ:
    urllib.request.urlopen(sys.argv[2], timeout=30).read()
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the document on standard output."""
        return json.loads(self.out)


@dataclass
class Stage:
    """
    One home.

    Args:
        home: its directory.
        center: what AWS is here.
    """

    home: Path
    center: IdentityCenter
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Furnish the home."""
        run = self.home / "run"
        run.mkdir(mode=0o700)
        (self.home / ".aws").mkdir()
        self.config.write_text(CONFIG)
        browser = self.home / "browser.py"
        browser.write_text(_BROWSER)
        self.environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".local/state"),
            "XDG_RUNTIME_DIR": str(run),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.home}/no-bus",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CI": "true",  # no command starts a daemon unasked
            "NO_PROXY": "127.0.0.1",
            "BROWSER": f"{sys.executable} {browser} {self.browser_log} %s",
            "PYTHONPATH": str(ROOT),
            **self.center.environment(),
        }

    @property
    def config(self) -> Path:
        """The AWS config."""
        return self.home / ".aws/config"

    @property
    def browser_log(self) -> Path:
        """What the browser was told to open, a URL a line."""
        return self.home / "browser.log"

    @property
    def state(self) -> Path:
        """Our state directory."""
        return self.home / ".local/state/sso-tray"

    def opened(self) -> list[str]:
        """Return the pages the browser was told to open."""
        return self.browser_log.read_text().splitlines() if self.browser_log.exists() else []

    def file_of(self, key: str) -> Path:
        """Return the token cache file of a session."""
        return cache_path(self.home / ".aws/sso/cache", key)

    # --- The command ----------------------------------------------------------------------

    def start(
        self, *arguments: str, with_input: bool = False, **variables: str | None
    ) -> subprocess.Popen[str]:
        """Start the command, its input a pipe or nothing; a variable given as None is not set."""
        return subprocess.Popen(
            [sys.executable, "-m", "tray", *arguments],
            env=self._environment(variables),
            cwd=self.home,
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tray(self, *arguments: str, **variables: str | None) -> Done:
        """Run the command to its end; no command may ever tell a traceback or a secret."""
        done = self.given_out(*arguments, **variables)
        if "credentials" not in arguments:
            assert not [secret for secret in self.center.secrets() if secret in done.out]
        return done

    def given_out(self, *arguments: str, **variables: str | None) -> Done:
        """Run a command whose output, not its errors, is meant to hold credentials."""
        with self.start(*arguments, with_input=False, **variables) as process:
            out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        assert not [secret for secret in self.center.secrets() if secret in err]
        return Done(process.returncode, out, err)

    def status(self, key: str = "corp", **variables: str | None) -> dict[str, Any]:
        """Return a session's entry of ``status --json``, after holding the whole to its schema."""
        document = self.tray("status", "--json", **variables).json()
        schema.validate("status", document)
        found: dict[str, Any] = next(one for one in document["sessions"] if one["key"] == key)
        return found

    def boto3(self, profile: str, code: str) -> str:
        """Run code on ``session`` in a process that knows nothing of us."""
        return self.python(
            f"import boto3\nsession = boto3.Session(profile_name={profile!r})\n{code}"
        )

    def browse(self, link: str) -> None:
        """Open a page as the person's browser would."""
        self.python(f"import urllib.request as r; r.urlopen({link!r}, timeout=30).read()")

    def python(self, code: str) -> str:
        """Run code in a process of its own and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self._environment({}),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout.strip()

    def _environment(self, variables: Mapping[str, str | None]) -> dict[str, str]:
        merged: dict[str, str | None] = {**self.environ, **variables}
        return {name: value for name, value in merged.items() if value is not None}

    # --- What others have done ------------------------------------------------------------

    def signed_in_by_cli(self, key: str = "corp", *, lean: bool = False) -> SignedIn:
        """Arrange what ``aws sso login`` leaves behind; lean: without refresh data."""
        urls = {"corp": DEFAULT_START_URL, "other": "https://other.awsapps.com/start"}
        given = self.center.sign_in(urls.get(key, key))
        token = SsoToken(
            start_url=given.start_url,
            region="us-east-1",
            access_token=Secret(given.access_token),
            expires_at=given.expires_at,
            refresh_token=Secret(given.refresh_token or ""),
            registration=Registration(
                given.client_id, Secret(given.client_secret), given.registration_expires_at
            ),
        )
        self.write(key, lean_document(token) if lean else full_document(token))
        return given

    def write(self, key: str, data: bytes) -> None:
        """Write a session's token cache file in place, as the AWS CLI does."""
        self.file_of(key).parent.mkdir(parents=True, exist_ok=True)
        self.file_of(key).write_bytes(data)

    def wait_until_expired(self, key: str) -> None:
        """Wait until a session's token has ended by the clock; its file's end is rounded down."""
        end = parse_timestamp(json.loads(self.file_of(key).read_text())["expiresAt"]) + 1
        while (left := end - time.time()) >= 0:
            time.sleep(left + 0.01)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for what a file will say; only a look tells."""
        for _ in range(int(PATIENCE / LOOK_AGAIN)):
            if true():
                return
            time.sleep(LOOK_AGAIN)
        raise AssertionError("waited in vain")

    def unreachable(self) -> dict[str, str]:
        """Return the variables of a world in which nobody answers for AWS."""
        nobody = f"http://127.0.0.1:{closed_port()}"
        return dict.fromkeys(self.center.environment(), nobody)

    # --- The daemon ---------------------------------------------------------------------

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[str]]:
        """Run a daemon beside the commands, and end it."""
        paths = Paths.from_environment(self.environ)
        with self.start("run", "--no-icon") as process:
            try:
                self._wait_for(process, paths)
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                process.communicate(timeout=PATIENCE)

    def _wait_for(self, process: subprocess.Popen[str], paths: Paths) -> None:
        for _ in range(int(PATIENCE / LOOK_AGAIN)):
            try:
                with AgentClient(paths.runtime_sockets, world(self.environ)) as agent:
                    agent.done("status")
                    return
            except TrayError:
                ended = process.poll()
                assert ended is None, f"the resident ended with {ended}"
                time.sleep(LOOK_AGAIN)  # a socket that is not there yet tells nobody
        raise AssertionError("the resident does not answer")


def closed_port() -> int:
    """Return a port on 127.0.0.1 at which nobody answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
