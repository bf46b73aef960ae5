from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.desk import until
from tests.leaks.witness import Witness, watched

ENDLESS = "import sys; sys.stdin.read()"


def started(witness: Witness, place: str, *arguments: str, **variables: str) -> None:
    """Start a program that cannot write anything down itself, and end it once it was seen."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", ENDLESS, *arguments],
        env={**witness.here.environ, **variables},
        stdin=subprocess.PIPE,
    ) as program:
        until(lambda: place in witness.seen(), "the program is seen")
        until(lambda: bool(witness.seen()[place]), "what it was given is seen")
        program.communicate()


@pytest.mark.parametrize(
    "place", ["argv", "environment", "file home/.local/x", "stderr of status"]
)
def test_a_planted_leak_is_seen(tmp_path: Path, place: str) -> None:
    """What would be a leak of ours is one for the witness, wherever it is."""
    with watched("none", tmp_path) as witness:
        secret = witness.here.center.sign_in().access_token
        text = base64.b64encode(b"so: " + secret.encode()).decode()
        match place:
            case "argv":
                started(witness, place, text)
            case "environment":
                started(witness, place, TOKEN=text)
            case "stderr of status":
                # A name nobody knows is told back; a part of a token does not look like one.
                witness.tray("status", f"x{secret[40:64]}")
            case _:
                file = witness.here.keyring.directory / place.removeprefix("file ")
                file.parent.mkdir()
                file.write_text(text)

        assert {"access token"} == witness.found()[place]
