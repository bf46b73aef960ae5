"""
A desk at which everything that is written is written down, to be searched for secrets.

Files, logs, answers, notices, pages; standard output and error, argv and environment of every
process that is started; and what the daemon holds in memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.daemon.living import PATIENCE, Living, daemon
from tests.e2e.desk import ROOT, Desk, Done, desk, until
from tests.keyring_session import Kind
from tests.leaks.canaries import Canaries
from tray.credential_helper.helper_installation import install
from tray.system.paths import Paths

HERE = Path(__file__).parent

_BROWSER = """\
import sys, urllib.request
with open(sys.argv[1], "a") as log:
    log.write(sys.argv[2] + "\\n")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with direct.open(sys.argv[2], timeout=60) as answer:
    page = str(answer.headers).encode() + answer.read()
with open(sys.argv[1] + ".page", "ab") as pages:
    pages.write(page)
"""


@dataclass(eq=False)
class Witness:
    """
    Keeps what it is told, by place.

    Args:
        context: the desk.
        record: where the started processes write down what they were given.
    """

    here: Desk
    record: Path
    told: dict[str, list[bytes]] = field(default_factory=dict)

    def note(self, place: str, what: bytes | str) -> None:
        """Take something in, once."""
        data = what.encode(errors="surrogateescape") if isinstance(what, str) else what
        known = self.told.setdefault(place, [])
        if data not in known:
            known.append(data)

    # --- What a person does -----------------------------------------------------------------

    def tray(self, *arguments: str, **variables: str) -> Done:
        """Run a command; what it says is searched in the end."""
        process = self.here.start(*arguments, **variables)
        with process:
            out, err = process.communicate(timeout=PATIENCE)
        self.note(f"stdout of {arguments[0]}", out)
        self.note(f"stderr of {arguments[0]}", err)
        self.look()
        return Done(process.returncode, out, err)

    def hand_out(self, profile: str) -> Done:
        """Run the credential helper; it says what ``credentials`` says."""
        argv = install(Paths.from_environment(self.here.environ).state, self.here.environ)
        done = subprocess.run(
            [*argv, profile],
            env=self.here.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.note("stdout of credentials", done.stdout)
        self.note("stderr of credentials", done.stderr)
        self.look()
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def daemon(self) -> Iterator[Living]:
        """Run the daemon; all it tells its subscribers is searched in the end."""
        with daemon(self.here.environ) as living:
            try:
                yield living
            finally:
                for message in living.messages:
                    self.note("told to subscribers", json.dumps(message))
                self.look()

    def say(self, living: Living, line: bytes) -> None:
        """Send the agent bytes as they are; the answer goes to who sent them and nobody else."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(living.paths.runtime_sockets[0]))
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    def memory(self, living: Living) -> None:
        """Take in every text that objects of the daemon hold, and the rules' state."""
        told = self.record / f"memory-{living.process.pid}"
        told.unlink(missing_ok=True)
        os.kill(living.process.pid, signal.SIGUSR1)
        until(told.exists, "the resident tells its memory")
        memory = json.loads(told.read_text())
        assert memory.get("states"), memory.get("problem")
        self.note("memory of the resident", "\n".join(memory["texts"]))
        self.note("state of the rules", "\n".join(memory["states"]))

    # --- What is looked at ------------------------------------------------------------------

    def look(self) -> None:
        """Take in all files but the keyring's own, as they are now."""
        for path, data in self.here.written():
            self.note(f"file {path.relative_to(self.here.keyring.directory)}", data)
        for path in sorted(self.record.glob("start-*")):
            argv, environ = json.loads(path.read_text())
            self.note("argv", "\0".join(argv))
            self.note("environment", "\0".join(f"{name}={environ[name]}" for name in environ))
        for path in sorted(self.record.glob("stderr-*")):
            self.note("stderr of resident and workers", path.read_bytes())

    @contextmanager
    def processes(self) -> Iterator[None]:
        """Look at argv and environment of all that is started by us, again and again."""
        enough = threading.Event()

        def watch() -> None:
            known = {os.getpid()}
            while not enough.wait(0.01):
                known |= {child for pid in tuple(known) for child in _children(pid)}
                for pid in tuple(known - {os.getpid()}):
                    for place, name in (("argv", "cmdline"), ("environment", "environ")):
                        try:
                            self.note(place, Path(f"/proc/{pid}/{name}").read_bytes())
                        except PermissionError:  # nobody but root sees who forbids core dumps
                            continue
                        except OSError:
                            known.discard(pid)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    # --- What must not be there -------------------------------------------------------------

    def found(self) -> dict[str, set[str]]:
        """Return where which kinds of secrets were found, those that belong there left out."""
        found = {place: kinds - _allowed(place) for place, kinds in self.seen().items()}
        return {place: kinds for place, kinds in found.items() if kinds}

    def seen(self) -> dict[str, set[str]]:
        """Return where which kinds of secrets were found at all."""
        self.look()
        secrets, states = Canaries(self.here.center.secrets()), Canaries(self._states())
        seen: dict[str, set[str]] = {}
        for place, texts in self.told.items():
            kinds = seen.setdefault(place, set())
            for text in texts:
                kinds |= {kind(one) for one in secrets.in_text(text)}
                kinds |= {"state" for _ in states.in_text(text)}
        return seen

    def _states(self) -> set[str]:
        queries = [parse_qs(urlsplit(url).query) for url in self.here.opened()]
        return {query["state"][0] for query in queries if "state" in query}


def kind(secret: str) -> str:
    """Return what a secret of the Identity Center is."""
    kinds = {"aoa": "access token", "aor": "refresh token", "eyJ": "client secret"}
    kinds["IQo"] = "role credentials"
    # A secret key has 40 characters; codes of both kinds are longer.
    return kinds.get(secret[:3], "role credentials" if len(secret) == 40 else "code")


def _allowed(place: str) -> set[str]:
    """Return what kinds of secrets belong in a place."""
    if place.startswith("file home/.aws/sso/cache/"):
        return {"access token"}
    return {
        "stdout of credentials": {"role credentials"},
        "memory of the resident": {"role credentials", "state"},
        # A link to a sign-in page names the sign-in it belongs to, and nothing else.
        "stdout of login": {"state"},
        "file home/browser.log": {"state"},
        "argv": {"state"},
    }.get(place, set())


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    return children


@contextmanager
def watched(keyring: Kind, record: Path, **knobs: Any) -> Iterator[Witness]:
    """
    Set up a desk at which everything is told as loudly as it can be, and watched.

    Args:
        keyring: what keeps secrets there.
        record: an empty directory outside of it.
        knobs: of the Identity Center.
    """
    with desk(keyring, **knobs) as here:
        browser = here.home / ".browser.py"
        browser.write_text(_BROWSER)
        here.environ.update(
            {
                "SSO_TRAY_DEBUG": "1",
                "SSO_TRAY_TEST_RECORD": str(record),
                "PYTHONPATH": f"{HERE / 'at_start'}:{ROOT}",
                "PYTHONWARNINGS": "default",
                "PYTHONASYNCIODEBUG": "1",
                "BROWSER": f"{sys.executable} -I {browser} {here.home}/browser.log %s &",
            }
        )
        settings = here.home / ".config/sso-tray"
        settings.mkdir(parents=True)
        (settings / "config.toml").write_text("[log]\ndebug = true\n")
        witness = Witness(here, record)
        with witness.processes():
            yield witness
