"""The first run: nothing is set up yet, and each thing that is missing is told once."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from tests.desktop.person import CONFIG, person
from tests.e2e.desk import until


def test_with_no_config_the_menu_says_how_to_begin_and_follows_when_it_is_there() -> None:
    """M1: "Set up AWS access"; a config written later is seen without a restart."""
    with person(config=None, keyring="none") as who:
        who.sees_icon("signed-out")
        box = who.open_menu()
        who.desk.key("Down")
        who.desk.await_rest()
        who.desk.screenshot("first-run-menu")
        who.desk.key("Escape")

        assert box[3] - box[1] < 250
        assert ["Set up AWS access", "---"] == who.menu().labels()[:2]
        assert [] == who.living.notices()

        (who.home / ".aws").mkdir()
        (who.home / ".aws/config").write_text(CONFIG)
        who.living.until_state("corp", "signed-out")

        assert ["Sign in to corp", "corp: signed out"] == who.menu().labels()[:2]


def test_without_a_keyring_a_sign_in_works_and_the_menu_says_where_the_token_is() -> None:
    """L12, K1: token store ``file``, the full file, one row that says so."""
    with person(keyring="none", notices=True) as who:
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signed-in", keeper="file")
        who.sees_icon("signed-in")
        who.desk.await_rest()
        who.desk.screenshot("first-run-no-keyring")

        assert json.loads(who.token_file().read_text())["refreshToken"]
        assert ["Start GNOME Keyring, KWallet or KeePassXC, then sign in again"] == (
            who.menu().named("No keyring: refresh tokens stay in the token files").labels()
        )


def test_a_first_sign_in_offers_start_at_login_once() -> None:
    """The notice's button turns it on; the next sign-in, however long after, asks nothing."""
    with person(notices=True, offered=False) as who:
        entry = Path(who.environ["XDG_CONFIG_HOME"]) / "autostart/sso-tray.desktop"
        who.sees_icon("signed-out")
        notice = who.seen_notice(lambda: who.click_on("corp", "Sign in"), "signed-in")
        who.click_button(notice, "left")  # at once: on a busy machine it soon goes by itself
        until(entry.exists, "start at login")
        until(who.nothing_open, "the notice to go")

        before = len(who.living.messages)
        who.click_on("corp", "Sign out")
        who.living.until_state("corp", "signed-out", since=before)
        before = len(who.living.messages)
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signed-in", since=before)
        who.desk.await_rest()

        assert who.nothing_open()


def test_a_profile_of_aws_login_has_a_row_until_somebody_is_signed_in() -> None:
    """It goes by itself when `aws login` has written its file, and is back after a logout."""
    login = "arn:aws:iam::111111111111:user/alice"
    config = f"[profile by-hand]\nlogin_session = {login}\n"
    with person(config=config, keyring="none") as who:
        who.sees_icon("signed-out")
        told = 'Signed out: "by-hand". Run: aws login --profile by-hand'
        until(lambda: told in who.menu().labels(), "the row")
        first = who.menu().labels()[:2]

        kept = who.home / ".aws/login/cache" / f"{sha256(login.encode()).hexdigest()}.json"
        kept.parent.mkdir(parents=True)
        kept.write_text('{"accessToken": {"expiresAt": "2020-01-01T00:00:00Z"}}')
        until(lambda: told not in who.menu().labels(), "the row to go")
        kept.unlink()
        until(lambda: told in who.menu().labels(), "the row again")

    assert ["Set up AWS access", told] == first
