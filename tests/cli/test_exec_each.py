"""``exec --each``: many profiles, eight at a time, and one Ctrl-C for all."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.stage import LOOK_AGAIN, PATIENCE, Stage

MORE = "".join(
    f"""
[profile team-{name}]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = {role}
"""
    for name, role in (("a", "FullAccess"), ("bee", "ReadOnly"), ("prod", "ReadOnly"))
)


@pytest.fixture
def team(either: Stage) -> Stage:
    """Three profiles of a team, one of them guarded; signed in."""
    either.config.write_text(either.config.read_text() + MORE)
    settings = either.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('guarded = ["*prod*"]\n')
    either.signed_in_by_cli()
    return either


def test_each_line_says_whose_it_is_and_the_worst_exit_code_counts(team: Stage) -> None:
    """Both streams are kept apart, a last line without its end is one, guarded ones wait."""
    script = 'echo one; printf two; echo bad >&2; [ "$1" ] && exit "${AWS_SESSION_TOKEN:+7}"'

    done = team.given_out("exec", "--each", "TEAM-*", "--", "sh", "-c", script, "sh", "x")

    lines = ["team-a   | one", "team-a   | two", "team-bee | one", "team-bee | two"]
    assert (7, lines) == (done.code, sorted(done.out.splitlines()))
    said = done.err.splitlines()
    assert "sso-tray: Left out, because guarded: team-prod. See --guarded." == said[0]
    assert ["team-a   | bad", "team-bee | bad"] == sorted(said[1:3])
    assert "sso-tray: Failed with 2 of 2 profiles: " in said[3]


def test_guarded_ones_take_part_only_when_that_is_said(team: Stage) -> None:
    """A7: a pattern alone never selects them."""
    alone = team.given_out("exec", "--each", "*-prod", "--", "true")
    said = team.given_out("exec", "--each", "*-prod", "--guarded", "--", "echo", "in")
    nobody = team.given_out("exec", "--each", "nobody*", "--", "true")

    assert (125, "") == (alone.code, alone.out)
    assert (0, "team-prod | in\n") == (said.code, said.out)
    assert (125, 'sso-tray: No profile matches "nobody*".\n') == (nobody.code, nobody.err)


def test_who_has_to_sign_in_is_told_for_each(team: Stage) -> None:
    """The command does not start there; the others run."""
    done = team.given_out("exec", "--each", "[tf]*a*", "--", "echo", "ran")

    assert 3 == done.code
    assert "team-a   | ran" in done.out
    assert "far      | sso-tray: " in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_and_what_they_started(team: Stage, number: signal.Signals) -> None:
    """A command's own children, too; the exit code names the signal."""
    script = f"echo $$ > {team.home}/$1-$$; sleep 1000 & wait"
    with team.start("exec", "--each", "team-*", "--", "sh", "-c", script, "sh", "pid") as process:
        started = _started(team.home, 2, process)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)

    assert 128 + number == process.returncode
    assert [] == [pid for pid in started if Path(f"/proc/{pid}").exists()]


def _started(home: Path, count: int, process: subprocess.Popen[str]) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        found = [one.read_text().strip() for one in home.glob("pid-*")]
        if len([one for one in found if one]) == count:
            return found
        time.sleep(LOOK_AGAIN)
    raise AssertionError("they did not start")
