"""The demo, as anybody runs it first: with a keyring beside a live daemon, and with nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.desk import PATIENCE, ROOT, SESSION, at_once, desk


def bare() -> tuple[int, str, list[str]]:
    """Run it where there is no home, no bus and no keyring; return what it leaves behind too."""
    with tempfile.TemporaryDirectory(prefix="demo-") as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "tray", "demo"],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": scratch},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        left = [path.name for path in Path(scratch).iterdir()]
    return done.returncode, done.stdout + done.stderr, left


def test_the_demo_tells_the_truth_anywhere() -> None:
    """Every step truly happens; nothing is left behind, and a live daemon is not disturbed."""
    with desk() as here, here.daemon() as living:
        here.tray("login", SESSION)
        heard = len(living.messages)
        beside, alone = at_once(lambda: here.tray("demo"), bare)
        services = here.python(
            "import secretstorage as s; bus = s.dbus_init();"
            "print({i.get_attributes()['service'] for i in s.Collection(bus).get_all_items()})"
        )

        assert (0, "") == (beside.code, beside.err), beside.out
        assert (
            "the keyring, read by another client, holds the server's refresh token" in beside.out
        )
        assert (0, []) == (alone[0], alone[2]), alone[1]
        assert "no keyring here, so the refresh token is in the cache file" in alone[1]
        assert "{'sso-tray'}" == services
        assert [] == living.messages[heard:]
        assert here.keyring_renews()
