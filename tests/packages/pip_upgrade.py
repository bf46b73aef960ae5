"""An upgrade by pip under a running daemon, from version 0.1.0 and back: nothing is lost."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.desktop.tray_host import tray
from tests.keyring_session import keyring_session
from tests.packages.told import PATIENCE, Broken, holds, output, title, until
from tray import __version__
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

ROOT = Path(__file__).parents[2]
OLD_COMMIT = "613ccff"
"""The last commit of version 0.1.0; its package is built from the clone's own history."""
OLD = "0.1.0"

CONFIG = f"""\
# kept as it is
[sso-session corp]
sso_start_url = {DEFAULT_START_URL}
sso_region = eu-west-2
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1
"""
BROWSER = """\
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=60).read()
"""
_SENTENCE = re.compile(r"(sso-tray: |SSO Tray ).+[.:)]?")


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def works_or_says_why(self) -> bool:
        """Whether it did what was asked, or failed with one sentence."""
        lines = self.err.splitlines()
        return self.code == 0 or (len(lines) == 1 and bool(_SENTENCE.fullmatch(lines[0])))

    def __str__(self) -> str:
        return self.err.strip() or f"exit code {self.code}"


class Installed:
    """
    One virtual environment with the program in it.

    Args:
        place: its directory; made here.
        environ: of the user that runs it.
    """

    def __init__(self, place: Path, environ: dict[str, str]) -> None:
        self.python = place / "bin/python"
        self.environ = environ
        output([sys.executable, "-m", "venv", "--without-pip", place])
        (own,) = place.glob("lib/python*/site-packages")
        # What it depends on is at hand in the environment that runs this: nothing is downloaded.
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if "sso_tray" not in path.name:
                (own / path.name).symlink_to(path)

    def install(self, wheel: Path) -> None:
        """Install a wheel over whatever version is there, as ``pip install -U`` does."""
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        output([*pip, "--python", self.python, "install", "--no-deps", "--force-reinstall", wheel])

    def run(self, *arguments: str) -> Said:
        """Run ``sso-tray``."""
        done = subprocess.run(
            [self.python.with_name("sso-tray"), *arguments],
            env=self.environ,
            cwd=self.environ["HOME"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if "Traceback" in done.stdout + done.stderr:
            raise Broken(done.stderr)
        return Said(done.returncode, done.stdout, done.stderr)

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` prints."""
        document: dict[str, Any] = json.loads(self.run("status", "--json").out)
        return document

    def daemon(self) -> dict[str, Any]:
        """Return what the status document says of a daemon; nothing where none answers."""
        return self.status()["resident"] or {}

    def session(self) -> tuple[str, str]:
        """Return the state and the token store of the session."""
        (one,) = self.status()["sessions"]
        return one["state"], one["keeper"]


def check(new_wheel: Path, builder: str) -> None:
    """Go through all of it."""
    title(f"An upgrade by pip under a running daemon, from {OLD} to {__version__} and back")
    with (
        tempfile.TemporaryDirectory(prefix="sso-tray-upgrade-") as folder,
        _home() as environ,
    ):
        old_wheel = _old_wheel(Path(folder), builder)
        program = Installed(Path(folder) / "venv", environ)
        beside = Installed(Path(folder) / "beside", environ)
        program.install(old_wheel)
        beside.install(old_wheel)
        config = Path(environ["HOME"]) / ".aws/config"
        daemon = subprocess.Popen(
            [program.python.with_name("sso-tray"), "run"], env=environ, stdin=subprocess.DEVNULL
        )
        try:
            _in_use(program, config)
            program.install(new_wheel)
            _changed(program, __version__, beside)
            _beside(beside)
            holds("`apply default --off` gives the config back, byte for byte",
                  program.run("apply", "default", "--off").code == 0
                  and config.read_text() == CONFIG)  # fmt: skip
            program.run("apply", "default")
            until(lambda: not _workers(daemon.pid), "the worker of the new version ends")
            program.install(old_wheel)
            _changed(program, OLD, beside)
            holds("after the downgrade `apply default --off` gives it back as well",
                  program.run("apply", "default", "--off").code == 0
                  and config.read_text() == CONFIG)  # fmt: skip
            program.run("quit")
            daemon.wait(PATIENCE)
        finally:
            if daemon.poll() is None:
                daemon.terminate()
                daemon.wait(PATIENCE)


def _in_use(program: Installed, config: Path) -> None:
    until(program.daemon, "a daemon of the old version")
    signed_in = program.run("login", "corp")
    holds("version 0.1.0 is signed in and in the tray", signed_in.code == 0
          and program.daemon()["program"] == OLD
          and until(lambda: not program.daemon()["no_tray"], "its icon"), signed_in)  # fmt: skip
    program.run("use", "dev")
    program.run("apply", "default")
    holds("with [default] on the active profile", "[default]" in config.read_text())


def _changed(program: Installed, version: str, beside: Installed) -> None:
    """Look at the moment after another version was installed over the running one."""
    pid = program.daemon()["pid"]
    commands = ("status", "credentials --profile dev", "renew corp")
    asked = [program.run(*one.split()) for one in commands]
    holds("commands of the new version work beside the old daemon, or say why not",
          all(one.works_or_says_why() for one in asked), " · ".join(map(str, asked)))  # fmt: skip
    found = until(lambda: _daemon_of(version, beside), f"a daemon of version {version}")
    holds("the daemon starts itself anew as the version installed", found["pid"] == pid,
          f"{found['program']}, process {pid}")  # fmt: skip
    holds("it has its icon", until(lambda: not program.daemon()["no_tray"], "the icon"))
    holds("it is still signed in", program.session() == ("signed-in", "keyring"),
          program.session())  # fmt: skip
    renewed = program.run("renew", "corp")
    holds("it renews", renewed.code == 0, renewed)


def _workers(daemon: int) -> str:
    return Path(f"/proc/{daemon}/task/{daemon}/children").read_text()


def _daemon_of(version: str, program: Installed) -> dict[str, Any]:
    found = program.daemon()
    return found if found.get("program") == version else {}


def _beside(old: Installed) -> None:
    """Look at commands of the old version beside the new daemon."""
    commands = ("status", "credentials --profile dev", "renew corp", "whoami --profile dev")
    asked = [old.run(*one.split()) for one in commands]
    holds("commands of version 0.1.0 work beside the new daemon, or say why not",
          all(one.works_or_says_why() for one in asked), " · ".join(map(str, asked)))  # fmt: skip


def _old_wheel(folder: Path, builder: str) -> Path:
    sources = folder / "old"
    sources.mkdir()
    done = subprocess.run(
        ["git", "archive", OLD_COMMIT], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise Broken(f"the clone lacks commit {OLD_COMMIT}: fetch its whole history")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(sources, filter="data")
    build: list[str | Path] = [
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        folder / "dist",
        sources,
    ]
    output([builder, *build])
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


@contextmanager
def _home() -> Iterator[dict[str, str]]:
    """Furnish a home with a keyring, a tray, and AWS on loopback; yield its environment."""
    try:
        with (
            keyring_session("unlocked") as session,
            IdentityCenter(auto_approve=True) as center,
            _tray(session.address),
        ):
            home = Path(session.environ["HOME"])
            (home / ".aws").mkdir()
            (home / ".aws/config").write_text(CONFIG)
            browser = home / ".browser.py"
            browser.write_text(BROWSER)
            yield {
                **session.environ,
                **center.environment(),
                "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere/at/all",
                "AWS_EC2_METADATA_DISABLED": "true",
                "HTTPS_PROXY": "http://127.0.0.1:1",
                "NO_PROXY": "127.0.0.1",
                "TZ": "UTC",
                "BROWSER": f"{sys.executable} -I {browser} %s &",
            }
    except pytest.skip.Exception as missing:
        raise Broken(str(missing)) from None


@contextmanager
def _tray(address: str) -> Iterator[None]:
    """Run a tray on a bus, in a thread of its own."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with tray(address):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        if not ready.wait(PATIENCE):
            raise Broken("the tray did not start")
        yield
    finally:
        with suppress(RuntimeError):  # it ended by itself
            loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE)


if __name__ == "__main__":
    check(Path(sys.argv[1]), os.environ.get("PACK", sys.executable))
