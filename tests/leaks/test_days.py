from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from tests.daemon.living import Living
from tests.e2e.desk import LEGACY, SESSION, ended, kill, until, workers_of
from tests.leaks.witness import Witness, watched
from tests.worker.world import token_of
from tray.aws.cache.token_cache import full_document

TROUBLE = ("status", "throttle", "html", "reset", "cut", "lost")
REFUSALS = ("InvalidRequestException", "SlowDownException", "TeapotException")
EVERYWHERE = {
    "argv",
    "environment",
    "file home/.local/state/sso-tray/history.jsonl",
    "file home/.local/state/sso-tray/sso-tray.log",
    "file home/.local/state/sso-tray/state.json",
    "file home/browser.log.page",
    "state of the rules",
    "stderr of login",
    "stderr of resident and workers",
    "told to subscribers",
}
PROFILE, OTHER = "dev-profile", "test-profile"
ASKS_THE_ENDPOINT = """
import boto3
credentials = boto3.Session().get_credentials()
credentials.get_frozen_credentials()
print(credentials.method)
"""


def junk(witness: Witness) -> list[bytes]:
    """Return requests that are wrong, with secrets where nobody should ever put one."""
    secrets = sorted(witness.here.center.secrets())
    request: dict[str, Any] = {"v": 1, "program": "x", "world": {}, "op": "status"}
    lines = [json.dumps({**request, "op": one}).encode() for one in secrets[:4]]
    lines += [json.dumps({**request, "world": {one: one}}).encode() for one in secrets[:4]]
    lines += [one.encode() for one in secrets[:4]]
    return [line + b"\n" for line in lines] + [b"\xff" * 100, lines[0]]


def write_as_the_cli(witness: Witness) -> None:
    """Sign in as another program does, and write the file in place."""
    given = witness.here.center.sign_in()
    witness.here.file_of().write_bytes(full_document(token_of(given)))


def renew_and_kill_the_worker(witness: Witness, living: Living) -> None:
    """Kill the worker that waits for AWS's answer to a renewal."""
    held = witness.here.center.fault("CreateToken", "hang", grant_type="refresh_token")
    asking = threading.Thread(target=lambda: living.ask("renew", session=SESSION))
    asking.start()
    held.wait_hit(timeout=60)
    witness.memory(living)
    for pid in workers_of(living):
        kill(pid)
    asking.join(60)
    held.release()


def test_a_day_with_a_keyring(tmp_path: Path) -> None:
    """From sign-in to sign-out, with everything that can go wrong between, nothing leaks."""
    with watched("unlocked", tmp_path, rotation="grace") as witness:
        center = witness.here.center
        with witness.daemon() as living:
            signed_in = witness.tray("login", SESSION)
            for kind in (*TROUBLE, *REFUSALS, "UnauthorizedException"):
                center.fault("GetRoleCredentials", kind)
                living.ask("credentials", profile=PROFILE)
            given = witness.tray("credentials", "--profile", PROFILE)
            whose = witness.tray("whoami", "--profile", OTHER)
            witness.tray("credentials", "--profile", PROFILE, "--format", "env")
            quick = witness.hand_out(PROFILE)
            command = (sys.executable, "-c", ASKS_THE_ENDPOINT)
            served = witness.tray("exec", "--profile", PROFILE, "--endpoint", "--", *command)
            link = witness.tray("console", "--print", "--profile", PROFILE)
            others = [
                witness.tray(*words)
                for words in (
                    ("use", PROFILE),
                    ("apply", "default"),
                    ("apply", "process"),
                    ("profiles", "--json"),
                    ("status", "--json"),
                    ("log",),
                    ("log", "--history"),
                    ("apply", "default", "--off"),
                )
            ]
            witness.memory(living)
            # Three renewals by hand are allowed (R5): this, one killed, one refused.
            center.fault("CreateToken", "cut", grant_type="refresh_token")
            living.ask("renew", session=SESSION)
            for line in junk(witness):
                witness.say(living, line)
            renew_and_kill_the_worker(witness, living)
            write_as_the_cli(witness)
            until(lambda: "refreshToken" not in witness.here.token_file(), "it is adopted")
            witness.look()
            center.revoke()
            living.ask("renew", session=SESSION)
            expired = living.until_state(SESSION, "expired")
            again = witness.tray("login", SESSION)
            witness.memory(living)
            signed_out = witness.tray("logout", SESSION)
        document, seen = json.loads(given.out), witness.seen()

        done = (signed_in, given, whose, quick, served, link, again, signed_out)
        assert [0] * 8 == [one.code for one in done]
        assert [0] * len(others) == [one.code for one in others]
        assert ("container-role", json.loads(quick.out)) == (served.out.strip(), document)
        assert "session-over" == expired["reason"]
        assert {document["SecretAccessKey"], document["SessionToken"]} <= center.secrets()
        assert {} == witness.found()
        # Everywhere was truly looked: what belongs there was seen.
        assert {"role credentials"} == seen["stdout of credentials"]
        assert {"role credentials"} == seen["memory of the resident"] - {"state"}
        assert {"state"} == seen["argv"]
        assert EVERYWHERE <= set(seen)
        assert any(b'"notice"' in one for one in witness.told["told to subscribers"])


def test_a_day_without_a_keyring(tmp_path: Path) -> None:
    """Commands alone, a code typed in, the whole token in the file: only there."""
    with watched("none", tmp_path, rotation="grace") as witness:
        center = witness.here.center
        signed_in = witness.tray("login", LEGACY)
        for kind in ("cut", "html", "InvalidGrantException"):
            center.fault("CreateToken", kind, grant_type="refresh_token")
            witness.tray("renew", LEGACY)
        given = witness.tray("credentials", "--profile", "dev")
        quick = witness.hand_out("dev")
        signed_out = witness.tray("logout", LEGACY)
        refused = witness.hand_out("dev")
        found = witness.found()

        done = (signed_in, given, quick, signed_out, refused)
        assert [0, 0, 0, 0, 3] == [one.code for one in done]
        assert {"access token", "refresh token", "client secret"} >= found.pop(
            f"file home/.aws/sso/cache/{witness.here.file_of(LEGACY).name}"
        )
        assert {} == found


def test_a_locked_keyring_and_a_crash(tmp_path: Path) -> None:
    """The sign-in is kept in the file, the daemon dies in the midst of another: nothing else."""
    with watched("locked", tmp_path) as witness:
        with witness.daemon() as living:
            signed_in = witness.tray("login", SESSION)
            living.ask("renew", session=SESSION)
            witness.here.center.auto_approve = False
            waiting = witness.here.start("login", LEGACY, "--no-browser")
            assert waiting.stdout is not None
            next(line for line in waiting.stdout if line.startswith("  http"))
            witness.memory(living)
            workers = workers_of(living)
            living.process.kill()
            out, err = waiting.communicate(timeout=60)
            witness.note("stdout of login", out)
            witness.note("stderr of login", err)
            for pid in workers:
                until(lambda pid=pid: ended(pid), "a worker without its resident ends")  # type: ignore[misc]  # mypy cannot infer a default's type
        released = witness.tray("release", SESSION)
        found = witness.found()

        assert (0, 0) == (signed_in.code, released.code)
        assert {"refresh token", "client secret"} == found.pop(
            f"file home/.aws/sso/cache/{witness.here.file_of().name}"
        )
        assert {} == found


def test_a_keyring_that_hangs_and_a_release(tmp_path: Path) -> None:
    """L12, R3: what waits for a keyring is in a worker's memory and in the file, nowhere else."""
    with watched("hanging", tmp_path, rotation="grace") as witness:
        with witness.daemon() as living:
            signed_in = witness.tray("login", SESSION)
            renewed = living.ask("renew", session=SESSION)
            witness.memory(living)
            released = witness.tray("release", SESSION)
        found = witness.found()

        assert (0, 0) == (signed_in.code, renewed["exit"])
        assert released.code in (0, 1)
        assert {"refresh token", "client secret"} == found.pop(
            f"file home/.aws/sso/cache/{witness.here.file_of().name}"
        )
        assert {} == found


def test_a_code_and_a_release_with_a_keyring(tmp_path: Path) -> None:
    """Released, the whole token is in the file again: there, and nowhere else."""
    with watched("unlocked", tmp_path) as witness:
        with witness.daemon() as living:
            signed_in = witness.tray("login", SESSION, "--device-code")
            kept = "refreshToken" not in witness.here.token_file()
            witness.memory(living)
            released = witness.tray("release", SESSION)
        found = witness.found()

        assert (0, True, 0) == (signed_in.code, kept, released.code)
        assert {"refresh token", "client secret"} == found.pop(
            f"file home/.aws/sso/cache/{witness.here.file_of().name}"
        )
        assert {} == found
