"""What goes wrong on a real desk: one clear sentence, the right exit code, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.e2e.desk import LEGACY, ROOT, SESSION, Done, desk, kill, until, workers_of
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import full_document
from tray.core.text import sentences
from tray.fake_aws.identity_center import SignedIn
from tray.secret import Secret

BROKEN = sorted((ROOT / "tests/data/config").glob("*/expected.txt"))

# What `aws sso login` does to its file, only slowly: it is empty, then half, then whole.
_SLOW_WRITER = """\
import sys, time
document = sys.stdin.read()
with open(sys.argv[1], "w") as file:
    for part in ("", document[:200], document[200:]):
        file.write(part)
        file.flush()
        time.sleep(0.3)
"""

JUNK = {
    b"{": "is incomplete",
    b"{}": "has no accessToken",
    b'{"accessToken": "x", "expiresAt": "soon"}': "expiresAt isn't a timestamp",
    b"x" * 2_000_000: "is larger than 1048576 bytes",
}


def test_a_slow_writer_is_waited_for() -> None:
    """While another program writes the file nobody is told "signed out"; then it is adopted."""
    with desk() as here, here.daemon() as living:
        here.tray("login", SESSION)
        living.until_state(SESSION, "signed-in")
        newer, heard = here.center.sign_in(LEGACY), len(living.messages)
        subprocess.run(
            [sys.executable, "-c", _SLOW_WRITER, here.file_of()],
            input=document(newer),
            text=True,
            check=True,
        )
        until(lambda: "refreshToken" not in here.token_file(), "it is adopted")
        states = {
            one["state"]
            for message in living.messages[heard:]
            for one in message.get("status", {}).get("sessions", ())
            if one["key"] == SESSION
        }

        assert newer.access_token == here.token_file()["accessToken"]
        assert here.keyring_renews()
        assert {"signed-in"} >= states
        assert [] == living.notices()


def test_junk_in_the_token_file() -> None:
    """A damaged file is named, needs a person, and is replaced by the next sign-in."""
    with desk() as here:
        here.tray("login", SESSION)
        told: list[tuple[int, str]] = []
        for junk in JUNK:
            here.file_of().write_bytes(junk)
            done = here.tray("renew", SESSION)
            told.append((done.code, done.said()))
        credentials = here.tray("credentials", "--profile", "test-profile")
        with here.daemon() as living:
            state = living.session(SESSION)
            again = here.tray("login", SESSION)
            arn = here.boto3("test-profile")

        assert [3] * len(JUNK) == [code for code, _ in told]
        for word, (_, sentence) in zip(JUNK.values(), told, strict=True):
            assert word in sentence
            assert sentence.endswith(f"To replace it, run: sso-tray login {SESSION}")
        assert (3, told[-1][1]) == (credentials.code, credentials.said())
        assert "unreadable" == state["state"]
        assert (0, "") == (again.code, again.err)
        assert "ReadOnly" in arn


def test_a_config_the_sdks_refuse_too() -> None:
    """Every broken config is named with its line, whatever was asked for."""

    def ask(expected: Path) -> Done:
        files = {
            "AWS_CONFIG_FILE": str(expected.with_name("config")),
            "AWS_SHARED_CREDENTIALS_FILE": str(expected.with_name("credentials")),
        }
        return here.tray("login", SESSION, **files)

    with desk("none") as here, ThreadPoolExecutor(3) as threads:
        told = list(threads.map(ask, BROKEN))

        assert [1] * len(BROKEN) == [done.code for done in told]
        for expected, done in zip(BROKEN, told, strict=True):
            assert done.said().startswith(f"{expected.parent}/")
            assert done.said().endswith(expected.read_text().strip())


def test_broken_settings() -> None:
    """A slip in ``config.toml`` is told; the last good settings stay, also in a new worker."""
    with desk("none") as here, here.daemon() as living:
        here.tray("login", SESSION)
        settings = here.home / ".config/sso-tray/config.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("guarded = [")
        living.until(lambda message: _problems(message) != [])
        for pid in workers_of(living):
            kill(pid)
        renewed = here.tray("renew", SESSION)
        given = here.tray("credentials", "--profile", "test-profile")
        again = here.tray("login", LEGACY)
        problems = living.ask("status")["status"]["problems"]
        told = f"{settings} has a syntax error: Invalid value (at end of document)."

        assert (0, 0) == (renewed.code, given.code), renewed.err + given.err
        assert (0, told) == (again.code, again.said())
        assert [told] == problems
    with desk("none") as here:
        settings = here.home / ".config/sso-tray/config.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("guarded = [")
        alone = here.tray("login", SESSION)

        assert (1, f"{settings} has a syntax error: Invalid value (at end of document).") == (
            alone.code,
            alone.said(),
        )
        assert [] == here.opened()


def test_names_that_do_not_exist() -> None:
    """An unknown name is wrong usage, with the daemon and without it."""
    commands = (
        ("login", "nobody"),
        ("logout", "nobody"),
        ("renew", "nobody"),
        ("release", "nobody"),
        ("use", "nobody"),
        ("whoami", "--profile", "nobody"),
        ("credentials", "--profile", "nobody"),
    )
    with desk("none") as here:
        alone = [here.tray(*command) for command in commands]
        with here.daemon():
            together = [here.tray(*command) for command in commands]

        assert [2] * len(commands) == [done.code for done in alone]
        assert ["nobody" in done.said() for done in alone] == [True] * len(commands)
        assert alone == together


def test_aws_that_cannot_be_reached() -> None:
    """A closed port is told in a sentence; token and file are as they were."""
    with desk() as here:
        closed = dict.fromkeys(here.center.environment(), "http://127.0.0.1:1")
        before = [here.tray("login", SESSION, **closed), here.tray("login", "dev", **closed)]
        here.tray("login", SESSION)
        file = here.file_of().read_bytes()
        afresh = here.tray("login", SESSION, "--afresh", **closed)
        after = [here.tray("credentials", "--profile", "test-profile", **closed)]
        here.center.fault("CreateToken", "reset")  # its endpoint is kept with the token
        after.append(here.tray("renew", SESSION))
        status = here.tray("status", SESSION, **closed)
        opened = len(here.opened())
        unharmed = here.center.accepts_refresh_token(here.token_file()["refreshToken"])

        assert [1] * 5 == [done.code for done in (*before, afresh, *after)]
        assert {"127.0.0.1 can't be reached."} == {done.said() for done in (*before, after[0])}
        assert "127.0.0.1" in after[1].said()
        assert [
            f'sso-tray: Signing out of "{SESSION}" also ends sso-portal.awsapps.com:'
            " it uses the same Identity Center.",
            f"sso-tray: {sentences.RESTART}",
            "sso-tray: 127.0.0.1 can't be reached.",
        ] == afresh.err.splitlines()
        assert (0, 1) == (status.code, opened)
        assert file == here.file_of().read_bytes()
        assert unharmed
        assert [] == here.kept()


def test_a_locked_keyring() -> None:
    """
    A sign-in is not lost to it, and moves there at the next renewal after it is unlocked.

    Locked again, a renewal says so and changes nothing; unlocked, it goes on by itself.
    """
    with desk("locked", token_life=8) as here, here.daemon() as living:
        login = here.tray("login", SESSION)
        full, kept = set(here.token_file()), here.kept()
        ends = here.token_file()["expiresAt"]
        # The next token lives long, so that the daemon does not renew it while it is locked.
        here.center.token_life = 600
        here.keyring.unlock()
        until(lambda: here.token_file()["expiresAt"] > ends, "renewed")
        later = here.token_file()["expiresAt"]
        living.until_state(SESSION, "signed-in", keeper="keyring", token_expires_at=later)
        moved = "refreshToken" not in here.token_file()
        here.keyring.lock()
        refused = here.tray("renew", SESSION)
        notice = living.until_notice("keyring")
        heard = len(living.messages)
        here.keyring.unlock()
        living.until_state(SESSION, "signed-in", since=heard)
        renews = here.keyring_renews()

        assert (0, "") == (login.code, login.err)
        assert "will move to the keyring once you unlock it." in login.out
        assert {"refreshToken", "clientSecret"} <= full
        assert [] == kept
        assert moved
        assert (1, "The keyring is locked. Unlock it and try again.") == (
            refused.code,
            refused.said(),
        )
        assert ["Unlock"] == [button["label"] for button in notice["buttons"]]
        assert renews


def test_a_hanging_keyring() -> None:
    """A keyring that never answers delays a sign-in by seconds and costs nothing else."""
    with desk("hanging") as here, here.daemon() as living:
        login = here.tray("login", SESSION)
        state = living.session(SESSION)
        arn = here.boto3("test-profile")

        assert (0, "") == (login.code, login.err)
        assert "The keyring didn't answer in time" in login.out
        assert ("signed-in", "file", "keyring-waiting") == (
            state["state"],
            state["keeper"],
            state["reason"],
        )
        assert here.center.accepts_refresh_token(here.token_file()["refreshToken"])
        assert "ReadOnly" in arn


def _problems(message: dict[str, Any]) -> list[str]:
    """Return the problems a status names."""
    return [str(one) for one in message.get("status", {}).get("problems", ())]


def document(given: SignedIn) -> str:
    """Return what the AWS CLI writes after a sign-in."""
    token = SsoToken(
        start_url=given.start_url,
        region=given.region,
        access_token=Secret(given.access_token),
        expires_at=given.expires_at,
        refresh_token=Secret(given.refresh_token or ""),
        registration=Registration(
            given.client_id, Secret(given.client_secret), given.registration_expires_at
        ),
    )
    return full_document(token).decode()
