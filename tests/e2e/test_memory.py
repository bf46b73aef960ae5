"""What outlives a restart, and what changes under a running daemon: config, home, cache."""

from __future__ import annotations

import shutil
from typing import Any

from tests.e2e.desk import CONFIG, LEGACY, SESSION, Desk, desk, until

TWO = """
[sso-session two]
sso_region = eu-west-2
sso_start_url = https://two.awsapps.com/start
"""


def test_a_restart_tells_nothing_twice() -> None:
    """TokenStore, adoption told and warning told are known again after a restart."""
    with desk(token_life=600, session_length=900) as here:
        with here.daemon() as living:
            here.aws("newest", "sso", "login", "--sso-session", SESSION)
            living.until_notice("adopted")
            here.center.end_session()
            refused = here.tray("renew", SESSION)
            living.until_notice("ending")
            before = living.session(SESSION)
        with here.daemon() as living:
            after = living.until_state(SESSION, "ending")
            living.ask("use", profile="test-profile")
            repeated = living.notices()

        assert 3 == refused.code
        assert refused.said() == f'AWS won\'t renew "{SESSION}". Sign in again.'
        assert before == after
        assert "keyring" == after["keeper"]
        assert [] == repeated


def test_the_config_is_followed() -> None:
    """Sessions come, go and move with the config; a broken one changes nothing but is told."""
    with desk() as here, here.daemon() as living:
        here.tray("login", SESSION)
        _write(here, CONFIG + TWO)
        living.until(lambda message: [LEGACY, SESSION, "two"] == _keys(message))
        _write(here, CONFIG.replace("[profile dev]", "[profile dev"))
        broken = living.until_notice("config")
        during = living.ask("status")["status"]
        refused = here.tray("profiles")
        heard = len(living.messages)
        _write(here, CONFIG)
        living.until(lambda message: [LEGACY, SESSION] == _keys(message), since=heard)
        withdrawn = living.until(lambda message: "withdraw" in message, since=heard)
        _write(here, CONFIG.replace("sso_region = eu-west-2", "sso_region = us-east-1"))
        moved = living.until_state(SESSION, "signed-out", region="us-east-1")
        heard = len(living.messages)
        _write(here, CONFIG)
        back = living.until_state(SESSION, "signed-in", since=heard)

        assert [LEGACY, SESSION, "two"] == _keys({"status": during})
        assert [f"{here.config}" in problem for problem in during["problems"]] == [True]
        assert (1, True) == (refused.code, f"{here.config}, line 1" in refused.said())
        assert broken["slot"] == withdrawn["withdraw"]
        assert moved["keeper"] is None
        assert ("eu-west-2", "keyring", True) == (back["region"], back["keeper"], back["renews"])


def test_what_does_not_exist_yet_is_watched() -> None:
    """No ~/.aws at first, a cache that is taken away and made anew: all of it is noticed."""
    with desk(config=None) as here:
        nothing = here.tray("status")
        nobody = here.tray("login", SESSION)
        with here.daemon() as living:
            here.config.parent.mkdir()
            here.config.write_text(CONFIG)
            living.until(lambda message: [LEGACY, SESSION] == _keys(message))
            here.tray("login", SESSION)
            living.until_state(SESSION, "signed-in")
            shutil.rmtree(here.config.parent / "sso")
            until(lambda: here.file_of().exists(), "the file is published again")
            arn = here.boto3("test-profile")
            here.tray("logout", SESSION)
            shutil.rmtree(here.config.parent / "sso")
            heard = len(living.messages)
            here.aws("newest", "sso", "login", "--sso-session", SESSION)
            living.until_state(SESSION, "signed-in", since=heard)
            until(lambda: "refreshToken" not in here.token_file(), "the login is adopted")

        assert (0, "No SSO session is configured. Run: sso-tray add") == (
            nothing.code,
            first_line(nothing.out),
        )
        said = f'The AWS config has no session or profile "{SESSION}".'
        assert (2, said) == (nobody.code, nobody.said())
        assert "ReadOnly" in arn
        assert [] == living.notices()


def _write(here: Desk, text: str) -> None:
    """Write the config as editors do, by a new file."""
    beside = here.config.with_name("config.new")
    beside.write_text(text)
    beside.replace(here.config)


def _keys(message: dict[str, Any]) -> list[str]:
    """Return the sessions a status names, in its order."""
    return [one["key"] for one in message.get("status", {}).get("sessions", ())]


def first_line(out: str) -> str:
    """Return the first line of what a command printed."""
    return out.splitlines()[0]
