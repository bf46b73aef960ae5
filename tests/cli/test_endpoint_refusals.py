"""What an endpoint answers in each state of a session that gives no credentials."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.cli.stage import Stage
from tests.cli.test_lasting_endpoint import asked, exported, running
from tests.keyring_session import KeyringSession, keyring_session
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import full_document, lean_document
from tray.core.text.timestamps import parse_timestamp
from tray.secret import Secret


@pytest.fixture
def keyring() -> Iterator[KeyringSession]:
    """A desktop session with an unlocked GNOME Keyring."""
    with keyring_session("unlocked") as session:
        yield session


def _url(name: str) -> str:
    return f"https://{name}.awsapps.com/start"


def _signed_in(stage: Stage, name: str, *, minutes: float = 60, full: bool = True) -> None:
    given = stage.center.sign_in(_url(name))
    registration = Registration(
        given.client_id, Secret(given.client_secret), given.registration_expires_at
    )
    token = SsoToken(
        start_url=given.start_url,
        region="us-east-1",
        access_token=Secret(given.access_token),
        expires_at=time.time() + 60 * minutes,
        refresh_token=Secret(given.refresh_token or ""),
        registration=registration,
    )
    stage.write(name, full_document(token) if full else lean_document(token))


def _never(_stage: Stage, _name: str) -> None:
    """Leave it as it is."""


def _out(stage: Stage, name: str) -> None:
    _signed_in(stage, name)
    assert 0 == stage.tray("logout", name).code


def _removed(stage: Stage, name: str) -> None:
    _signed_in(stage, name)
    assert "signed-in" == stage.status(name)["state"]
    stage.file_of(name).unlink()


def _expired(stage: Stage, name: str) -> None:
    _signed_in(stage, name, minutes=-1, full=False)


def _expired_and_over(stage: Stage, name: str) -> None:
    _signed_in(stage, name, minutes=-1)
    stage.center.end_session(_url(name))


def _revoked(stage: Stage, name: str) -> None:
    _signed_in(stage, name, full=False)
    stage.center.revoke(_url(name))


def _revoked_with_refresh_data(stage: Stage, name: str) -> None:
    _signed_in(stage, name)
    stage.center.revoke(_url(name))


def _damaged(stage: Stage, name: str) -> None:
    stage.write(name, b'{"accessToken": 7, "expiresAt": "soon"}')


def _released(stage: Stage, name: str) -> None:
    _signed_in(stage, name)
    assert 0 == stage.tray("release", name).code
    _signed_in(stage, name, minutes=-1, full=False)


def _forbidden(stage: Stage, name: str) -> None:
    _signed_in(stage, name)  # its profile names a role that nobody has


STATES: Mapping[str, Callable[[Stage, str], None]] = {
    "never": _never,
    "out": _out,
    "removed": _removed,
    "expired": _expired,
    "expired-over": _expired_and_over,
    "revoked": _revoked,
    "revoked-full": _revoked_with_refresh_data,
    "damaged": _damaged,
    "released": _released,
    "forbidden": _forbidden,
}


def _config(names: Mapping[str, object]) -> str:
    return "".join(
        f"[sso-session {name}]\nsso_start_url = {_url(name)}\nsso_region = us-east-1\n"
        "sso_registration_scopes = sso:account:access\n"
        f"[profile at-{name}]\nsso_session = {name}\nsso_account_id = 123456789011\n"
        f"sso_role_name = {'Nothing' if name == 'forbidden' else 'ReadOnly'}\n"
        for name in names
    )


def _refusal(led: dict[str, str]) -> tuple[int, str, bool]:
    """Return status and code, and whether there is a sentence, in both spellings."""
    status, body = asked(led)
    said = json.loads(body)
    alike = (said.get("Code"), said.get("Message")) == (said.get("code"), said.get("message"))
    return status, said.get("code", ""), alike and bool(said.get("message"))


def test_whatever_the_user_must_mend_is_a_4xx(either: Stage) -> None:
    """SDKs try again for seconds after a 5xx, and hide its sentence."""
    either.config.write_text(_config(STATES))
    answers = {}
    with running(either):
        led = exported(either)
        for name, arrange in STATES.items():
            arrange(either, name)
            either.tray("use", f"at-{name}")
            answers[name] = _refusal(led)

    expected = dict.fromkeys(STATES, (403, "SignInNeeded", True))
    assert expected | {"forbidden": (403, "NoCredentials", True)} == answers


def test_what_passes_by_itself_is_a_5xx(either: Stage) -> None:
    """Without a network an SDK's next try may well succeed."""
    either.config.write_text(_config({"corp": None}))
    _signed_in(either, "corp")
    either.center.fault("GetRoleCredentials", "reset", times=None)

    with running(either, "--profile", "at-corp"):
        answer = _refusal(exported(either, "--profile", "at-corp"))

    assert (503, "TryAgain", True) == answer


def test_a_keyring_that_waits_for_the_user_is_a_4xx(
    stage: Stage, keyring: KeyringSession
) -> None:  # fmt: skip
    """Locked or gone, with a session that only the keyring could tell about: before and after."""
    stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
    answers = []
    with running(stage, "--profile", "dev"):
        led = exported(stage, "--profile", "dev")
        with stage.daemon():
            assert 0 == stage.tray("login", "corp").code
            keyring.lock()
            stage.file_of("corp").unlink()
            answers.append(_refusal(led))
        answers.append(_refusal(led))
        keyring.stop_service()
        answers.append(_refusal(led))
        with stage.daemon():
            answers.append(_refusal(led))

    assert [403] * 4 == [status for status, *_ in answers]
    assert all(code and said for _, code, said in answers)


@pytest.mark.parametrize("ended", [False, True], ids=["daemon", "alone"])
def test_a_keyring_that_hangs_is_a_5xx(
    stage: Stage, keyring: KeyringSession, ended: bool
) -> None:  # fmt: skip
    """Nobody has to do anything: an SDK's next try succeeds once the keyring answers."""
    stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
    assert keyring.service is not None
    with running(stage, "--profile", "dev"), ExitStack() as daemon:
        led = exported(stage, "--profile", "dev")
        daemon.enter_context(stage.daemon())
        stage.center.token_life = 5
        assert 0 == stage.tray("login", "corp").code
        if ended:
            daemon.close()
        os.kill(keyring.service.pid, signal.SIGSTOP)
        try:
            stage.until(lambda: _expired_by_now(stage))
            hung = _decided(led)
        finally:
            os.kill(keyring.service.pid, signal.SIGCONT)
        stage.until(lambda: asked(led)[0] == 200)

    assert (503, "TryAgain", True) == hung


def _expired_by_now(stage: Stage) -> bool:
    # The file's end is rounded down; until the second is over AWS may still take the token.
    end = json.loads(stage.file_of("corp").read_bytes())["expiresAt"]
    return parse_timestamp(end) + 1 <= time.time()


def _decided(led: dict[str, str]) -> tuple[int, str, bool]:
    """Return the first answer that does not only say that the question is under way."""
    while (answer := _refusal(led))[1] == "NotYet":
        pass  # each of these answers takes a second
    return answer


LEAVES = """\
import os, sys, urllib.error, urllib.request
config, token_file = sys.argv[1:]
renamed = open(config).read().replace("[profile dev]", "[profile gone]")
with open(config + ".new", "w") as new:
    new.write(renamed)
os.replace(new.name, config)
os.utime(token_file, (1, 1))  # as a new sign-in would: nothing in memory is given out
request = urllib.request.Request(
    os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    headers={"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]},
)
status, body = 503, b"NotYet"
while b"NotYet" in body:
    try:
        urllib.request.urlopen(request)
        break
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
print(status, body.decode())
"""


def test_a_profile_that_has_left_the_config_is_a_4xx(stage: Stage) -> None:
    """The command goes on under ``exec --endpoint``, and is told which name is gone."""
    stage.signed_in_by_cli()

    done = stage.tray(
        *("exec", "--profile", "dev", "--endpoint", "--"),
        *(sys.executable, "-c", LEAVES, str(stage.config), str(stage.file_of("corp"))),
    )

    assert (0, True) == (done.code, done.out.startswith("403 ")), done
    assert "no profile" in done.out
