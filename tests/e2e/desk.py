"""
A person's desk: real commands, real AWS CLIs, a real keyring, and AWS itself on loopback.

Everything is a process of its own and is looked at from outside only: exit codes, what is printed,
files, the keyring through another program, and the request log of the Identity Center.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.clients.aws_cli import Version, aws_cli, endpoint_data_path
from tests.components import require
from tests.daemon.living import Living, daemon
from tests.keyring_session import KeyringSession, Kind, keyring_session
from tray.aws.cache.token_cache import cache_path
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
"""Seconds a command may take on the slowest machine; nothing waits for them to pass."""

SESSION = "devto-article"
LEGACY = DEFAULT_START_URL

CONFIG = f"""\
[profile dev]
sso_account_id = 123456789011
sso_role_name = FullAccess
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
region = eu-west-1
output = json

[profile dev-profile]
sso_session = {SESSION}
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1
output = json

[profile test-profile]
sso_session = {SESSION}
sso_account_id = 123456789012
sso_role_name = ReadOnly
region = eu-west-1
output = json

[sso-session {SESSION}]
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access
"""
"""A legacy profile and an sso-session side by side, as people have them after `configure sso`."""

_BROWSER = """\
import sys, urllib.request
with open(sys.argv[1], "a") as log:
    log.write(sys.argv[2] + "\\n")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
if sys.argv[2].startswith("http://127.0.0.1:"):  # nothing but loopback is ever asked
    direct.open(sys.argv[2], timeout=60).read()
"""

_IDENTITY = """\
import boto3, sys
print(boto3.Session(profile_name=sys.argv[1]).client("sts").get_caller_identity()["Arn"])
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str

    def said(self) -> str:
        """Return what it said on stderr, provided that it is one sentence of ours."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("sso-tray: "), self.err
        # A sentence ends; a command to be copied is the end by itself.
        assert lines[0].endswith(".") or " sso-tray login " in lines[0], self.err
        return lines[0].removeprefix("sso-tray: ")


@dataclass(frozen=True)
class Desk:
    """
    One person's machine.

    Args:
        center: what AWS is here.
        keyring: the bus, and what keeps secrets on it.
        environ: what every program starts with.
    """

    center: IdentityCenter
    keyring: KeyringSession
    environ: dict[str, str]

    @property
    def home(self) -> Path:
        """The home directory."""
        return Path(self.environ["HOME"])

    @property
    def config(self) -> Path:
        """The AWS config."""
        return self.home / ".aws/config"

    @property
    def cache(self) -> Path:
        """The token cache."""
        return self.home / ".aws/sso/cache"

    def file_of(self, key: str = SESSION) -> Path:
        """Return a session's token cache file."""
        return cache_path(self.cache, key)

    def token_file(self, key: str = SESSION) -> dict[str, Any]:
        """Return what a session's token cache file holds."""
        document: dict[str, Any] = json.loads(self.file_of(key).read_bytes())
        return document

    # --- What a person does -----------------------------------------------------------------

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start ``sso-tray``."""
        return subprocess.Popen(
            [sys.executable, "-m", "tray", *arguments],
            env={**self.environ, **variables},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end_of(self, process: subprocess.Popen[str]) -> Done:
        """Wait for a command; nothing but ``credentials`` ever prints a secret or a traceback."""
        with process:
            out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in out + err, err
        told = err if "credentials" in process.args else out + err  # type: ignore[operator]  # a list here
        assert not [secret for secret in self.center.secrets() if secret in told]
        return Done(process.returncode, out, err)

    def tray(self, *arguments: str, **variables: str) -> Done:
        """Run ``sso-tray`` to its end."""
        return self.end_of(self.start(*arguments, **variables))

    def status(self, key: str = SESSION) -> dict[str, Any]:
        """Return a session as ``sso-tray status`` has it."""
        sessions = json.loads(self.tray("status", "--json").out)["sessions"]
        return next(dict(one) for one in sessions if one["key"] == key)

    def opened(self) -> list[str]:
        """Return the pages the browser was told to open."""
        log = self.home / "browser.log"
        return log.read_text().splitlines() if log.exists() else []

    # --- What other programs do -------------------------------------------------------------

    def aws(self, version: Version, *arguments: str) -> Done:
        """Run a real AWS CLI; the old one is led here by rule sets, as it knows no variables."""
        env = dict(self.environ)
        if version == "debian":
            env["AWS_DATA_PATH"] = str(
                endpoint_data_path(self.home / ".endpoints", self.center.url)
            )
        done = aws_cli(version, *arguments, env=env)
        return Done(done.returncode, done.stdout, done.stderr)

    def arn(self, version: Version, profile: str) -> str:
        """Ask STS by an AWS CLI who a profile is."""
        done = self.aws(version, "sts", "get-caller-identity", "--profile", profile)
        assert done.code == 0, done.err
        return str(json.loads(done.out)["Arn"])

    def boto3(self, profile: str) -> str:
        """Ask STS by boto3, in a process that knows nothing of us."""
        return self.python(_IDENTITY, profile)

    def python(self, code: str, *arguments: str) -> str:
        """Run Python in a process that knows nothing of us and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environ,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    # --- Where the secrets are --------------------------------------------------------------

    def renewing_secrets(self) -> frozenset[str]:
        """Return all refresh tokens and client secrets AWS has given."""
        beginnings = ("aor", "eyJ")
        return frozenset(one for one in self.center.secrets() if one.startswith(beginnings))

    def kept(self) -> list[dict[str, Any]]:
        """Return our items that would renew a session, as ``secret-tool`` shows them."""
        require("secret-tool")
        done = subprocess.run(
            ["secret-tool", "search", "--all", "service", "sso-tray"],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("secret = ")]
        items = [json.loads(line.removeprefix("secret = ")) for line in lines]
        return [item for item in items if item["refresh_token"]]

    def keyring_renews(self) -> bool:
        """Whether the newest item in the keyring would renew at AWS."""
        items = sorted(self.kept(), key=lambda item: int(item["generation"]))
        return bool(items) and self.center.accepts_refresh_token(items[-1]["refresh_token"])

    def leaks(self) -> list[str]:
        """Return the files of this desk, the keyring's own aside, that hold what renews."""
        needles = {needle for one in self.renewing_secrets() for needle in _disguises(one)}
        assert needles
        return [
            str(path) for path, data in self.written() if any(needle in data for needle in needles)
        ]

    def written(self) -> list[tuple[Path, bytes]]:
        """Return every file of this desk but the keyring's own, as all are at one moment."""
        while True:
            # What was a temporary file a moment ago is another file now: all are read anew then.
            with suppress(FileNotFoundError):
                return [
                    (path, path.read_bytes())
                    for path in sorted(self.keyring.directory.rglob("*"))
                    if path.is_file() and "keyrings" not in path.parts
                ]

    # --- The daemon -----------------------------------------------------------------------

    @contextmanager
    def daemon(self) -> Iterator[Living]:
        """Run the daemon until the end of the block."""
        with daemon(self.environ) as living:
            yield living

    def history(self) -> list[tuple[str, str | None]]:
        """Return what happened, and to which session, oldest first."""
        path = self.home / ".local/state/sso-tray/history.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        told = [json.loads(line) for line in lines]
        return [(one["what"], one.get("session")) for one in told]


def _disguises(secret: str) -> set[bytes]:
    """Return how a text may lie in a file: as it is, in JSON, in a URL, in base64."""
    raw = secret.encode()
    # In base64 a text looks different by where it begins; ends that depend on neighbours are cut.
    shifted = {base64.b64encode(b"." * at + raw)[4:-8] for at in range(3)}
    return {raw, json.dumps(secret)[1:-1].encode(), quote(secret, safe="").encode(), *shifted}


@contextmanager
def desk(kind: Kind = "unlocked", *, config: str | None = CONFIG, **knobs: Any) -> Iterator[Desk]:
    """
    Set up a desk; everything it needed ends with the block.

    Args:
        kind: of keyring.
        config: the AWS config; None = not even the directory is there.
        knobs: of the Identity Center.
    """
    knobs = {"auto_approve": True, **knobs}
    with keyring_session(kind) as session, IdentityCenter(**knobs) as center:
        home = Path(session.environ["HOME"])
        browser = home / ".browser.py"
        browser.write_text(_BROWSER)
        environ = {
            **session.environ,
            **center.environment(),
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
            "AWS_CLI_AUTO_PROMPT": "off",
            "CI": "true",  # no command starts a daemon unasked
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            # What is not served here would be https, and ends at this closed port.
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1",
            "BROWSER": f"{sys.executable} -I {browser} {home}/browser.log %s &",
        }
        if config is not None:
            (home / ".aws").mkdir()
            (home / ".aws/config").write_text(config)
        yield Desk(center, session, environ)


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for what tells nobody when it happens."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError(f"it did not happen: {what}")


def workers_of(living: Living) -> list[int]:
    """Return the pids of a daemon's workers."""
    pid = living.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


def ended(pid: int) -> bool:
    """Whether a process that is nobody's child of ours has ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def kill(pid: int) -> None:
    """End a process as the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)


def at_once(*commands: Callable[[], Any]) -> Sequence[Any]:
    """Run commands side by side and return what each returned; the first error is raised."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(commands)) as threads:
        return [future.result() for future in [threads.submit(one) for one in commands]]
