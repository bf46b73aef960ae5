"""A home with an Identity Center of its own, where one program of the matrix is asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.clients.desk import ACCOUNT, CONFIG, CORP, Desk, desk
from tests.clients.identity import Answer, Client, running
from tests.clients.matrix.hosts import Names, aws_hosts
from tests.clients.matrix.programs import Program
from tests.clients.matrix.store import object_store
from tests.components import ROOT
from tray.worker.tokens.sign_out import sign_out

SECOND: Final = "123456789012"
TWO: Final = CONFIG + (
    "\n[profile second]\nsso_session = corp\n"
    f"sso_account_id = {SECOND}\nsso_role_name = ReadOnly\nregion = eu-west-2\n"
)
TRAY: Final = (sys.executable, "-m", "tray")


@dataclass
class Stage:
    """
    One home for one question, or a few to one process.

    Args:
        desk: AWS, the config and what we keep.
        program: who is asked.
        names: where the program finds AWS's host names, if it needs them.
        told: the last answer, for whoever wants to know why.
    """

    desk: Desk
    program: Program
    names: Names
    told: Answer = field(default_factory=Answer)

    @property
    def env(self) -> dict[str, str]:
        """The environment of a client; ours is found as an installed program is."""
        return {**self.desk.env, "PYTHONPATH": str(ROOT), "PATH": _path_of(self.desk)}

    def tray(self, *words: str) -> str:
        """Run a command of ours; return what it printed."""
        done = subprocess.run(
            [*TRAY, *words],
            env=self.env,
            cwd=self.env["HOME"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert 0 == done.returncode, f"sso-tray {' '.join(words)}: {done.stderr}"
        return done.stdout

    @contextmanager
    def asking(
        self, profile: str = "", under: Sequence[str] = (), **variables: str
    ) -> Iterator[Client]:
        """
        Run the program until the end of the block.

        Args:
            profile: handed to the program as its profile.
            under: a command that runs the program.
            variables: more of its environment.
        """
        command = [*under, *self.names.under, *self.program.command(profile)]
        environ = {**self.env, **self.names.variables, **variables}
        with running(command, environ, subprocess.DEVNULL) as ask:

            def remembered() -> Answer:
                self._outlive_roles()
                self.told = ask()
                return self.told

            yield remembered

    def once(self, profile: str = "", under: Sequence[str] = (), **variables: str) -> Answer:
        """Ask a process of its own."""
        with self.asking(profile, under, **variables) as ask:
            return ask()

    def _outlive_roles(self) -> None:
        """Wait for the end of role credentials that the program cannot be told to drop."""
        asked = [one.when for one in self.desk.center.requests if one.operation == _ROLE]
        if self.program.keeps_roles and asked:
            time.sleep(max(0.0, asked[-1] + self.program.role_life - self.desk.center.time()))

    def token_used(self) -> str | None:
        """Return the fingerprint of the access token that last gave role credentials."""
        asked = [one for one in self.desk.center.requests if one.operation == _ROLE]
        return asked[-1].about.token if asked else None

    def sign_out(self) -> None:
        """Sign out as a worker does: at AWS, and the token file is gone."""
        sign_out(CORP, self.desk.context)

    @contextmanager
    def endpoint(self, profile: str) -> Iterator[dict[str, str]]:
        """Run ``sso-tray endpoint`` until the end of the block; yields what ``env`` prints."""
        named = ("endpoint", "--profile", profile)
        process = subprocess.Popen(
            [*TRAY, *named], env=self.env, cwd=self.env["HOME"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            assert "Serving" in process.stdout.readline()
            lines = self.tray(*named, "env").splitlines()
            pairs = (line.removeprefix("export ").split("=", 1) for line in lines)
            yield {name: value.strip("'") for name, value in pairs}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


_ROLE: Final = "GetRoleCredentials"


def _path_of(desk: Desk) -> str:
    return f"{Path(sys.executable).parent}:{desk.env['PATH']}"


def who(answer: Answer) -> str:
    """Return in a word who an answer says we are."""
    return {ACCOUNT: "yes", SECOND: "second", None: "no"}.get(answer.account, "other")


@contextmanager
def stage(program: Program, config: str = TWO) -> Iterator[Stage]:
    """Set up a home with two profiles of one session, or another config."""
    with (
        ExitStack() as held,
        tempfile.TemporaryDirectory(prefix="clients-") as folder,
        pytest.MonkeyPatch.context() as patch,
        desk(Path(folder, "home"), patch, role_life=program.role_life) as made,
    ):
        made.place.context.paths.aws_config.write_text(config)
        names = Names(
            (), {"OBJECTS_URL": held.enter_context(object_store(made.center.account_of))}
        )
        if program.own_hosts:
            found = held.enter_context(aws_hosts(made.center, Path(folder, "names")))
            names = Names(found.under, found.variables | names.variables)
        yield Stage(made, program, names)
