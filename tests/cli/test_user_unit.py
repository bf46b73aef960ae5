"""The packages' systemd user unit, run by a real user manager in a place of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from tests.cli.stage import PATIENCE, ROOT, Stage
from tests.components import require

# Started as a desktop starts it: by a target of its own, since the graphical one refuses to be
# started by hand (systemd.special(7)).
SESSION = """\
[Unit]
BindsTo=graphical-session.target
"""
SCENE = """\
set -e
# The manager runs only where systemd has started the system; only this mount says so.
mount -t tmpfs none /run/systemd
mkdir /run/systemd/system
/lib/systemd/systemd --user >/dev/null 2>&1 &
manager=$!
until systemctl --user show-environment >/dev/null 2>&1; do sleep 0.05; done
unit=sso-tray.service
systemctl --user --quiet enable $unit
systemctl --user start desk.target
{scene}
kill $manager
wait $manager || true
"""
STARTS = """\
"$@" login corp
"$@" status --json >"$HOME/first.json"
pid=$(systemctl --user show --value --property=MainPID $unit)
kill -KILL "$pid"
until [ "$(systemctl --user show --value --property=MainPID $unit)" != "$pid" ] &&
  "$@" status --json >"$HOME/second.json" &&
  grep -q '"pid"' "$HOME/second.json"; do sleep 0.1; done
systemctl --user show --property=NRestarts $unit
systemctl --user stop desk.target
while systemctl --user --quiet is-active $unit; do sleep 0.05; done
systemctl --user show --property=Result --property=ExecMainStatus $unit
"$@" autostart status
"""
STANDS_BACK = """\
systemctl --user show --property=ActiveState --property=ConditionResult $unit
"""


@pytest.mark.parametrize("entry", [False, True], ids=["unit", "entry"])
def test_the_user_unit_runs_with_the_graphical_session(stage: Stage, entry: bool) -> None:
    """It starts with it, comes back after a crash, ends with it; an autostart entry goes first."""
    require("systemd")
    if os.geteuid() != 0:
        pytest.skip("only root can show a user manager a system that systemd has started")
    program = [sys.executable, "-P", "-m", "tray"]
    units = stage.home / ".config/systemd/user"
    units.mkdir(parents=True)
    text = (ROOT / "packaging/linux/sso-tray.service").read_text()
    run = shlex.join([*program, "run", "--no-icon"])
    (units / "sso-tray.service").write_text(
        text.replace("ExecStart=/usr/bin/sso-tray run", f"ExecStart={run}")
    )
    (units / "desk.target").write_text(SESSION)
    if entry:
        assert 0 == stage.tray("autostart", "on").code

    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c",
         SCENE.replace("{scene}", STANDS_BACK if entry else STARTS), "sh", *program],
        cwd=ROOT,
        env=stage.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )  # fmt: skip

    told = done.stdout.splitlines()
    assert 0 == done.returncode, done.stderr
    if entry:
        assert {"ActiveState=inactive", "ConditionResult=no"} <= set(told), told
        return
    assert {"Result=success", "NRestarts=1", "ExecMainStatus=0"} <= set(told), told
    assert "SSO Tray starts at login." == told[-1]
    assert '"signed-in"' in (stage.home / "second.json").read_text()
