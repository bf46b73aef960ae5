"""A sign-out by removing the token file, and the buttons of its notice under a real mouse."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.desktop.person import Person, person
from tests.e2e.desk import until


def _signs_in(who: Person) -> None:
    command = [sys.executable, "-m", "tray", "login", "corp"]
    subprocess.run(command, env=who.environ, capture_output=True, check=True, timeout=90)
    who.living.until_state("corp", "signed-in", keeper="keyring")


def test_undo_brings_the_session_back() -> None:
    """K5: one click on the left button of the notice; no browser opens, AWS is asked once."""
    with person(panel=False, notices=True) as who:
        _signs_in(who)
        before = who.token_file().read_bytes()
        notice = who.seen_opening(who.token_file().unlink)
        who.living.until_state("corp", "signed-out", reason="removed", can_undo=True)
        who.desk.screenshot("removed-1-notice")
        heard = len(who.living.messages)
        who.click_button(notice, "left")
        who.living.until_state("corp", "signed-in", since=heard, keeper="keyring")

        assert before == who.token_file().read_bytes()
        assert 1 == who.center.count("CreateToken", status=200)


def test_always_put_it_back_is_kept() -> None:
    """K5: offered at the second removal after an Undo; then the file comes back unasked."""
    with person(panel=False, notices=True) as who:
        _signs_in(who)
        for button in ("left", "middle"):
            notice = who.seen_opening(who.token_file().unlink)
            who.living.until_state("corp", "signed-out", reason="removed", can_undo=True)
            who.desk.screenshot(f"removed-2-{button}")
            heard = len(who.living.messages)
            who.click_button(notice, button)
            who.living.until_state("corp", "signed-in", since=heard, keeper="keyring")
            until(who.nothing_open, "the notice to close")
        who.token_file().unlink()
        until(who.token_file().exists, "the token file to be put back")

        settings = json.loads((who.living.paths.state / "settings.json").read_text())
        assert "restore" == settings["removed_file"]
        assert "signed-in" == who.status()["sessions"][0]["state"]
        assert 0 == who.center.count("Logout")


def test_sign_out_at_aws_ends_it_there() -> None:
    """K5, K6: one click on the right button; the keyring's token is sent to nobody but AWS."""
    with person(panel=False, notices=True) as who:
        _signs_in(who)
        notice = who.seen_opening(who.token_file().unlink)
        who.living.until_state("corp", "signed-out", reason="removed", can_undo=True)
        heard = len(who.living.messages)
        who.click_button(notice, "right")
        who.living.until_state("corp", "signed-out", since=heard, can_undo=False)

        assert 1 == who.center.count("Logout")
        assert not who.token_file().exists()
