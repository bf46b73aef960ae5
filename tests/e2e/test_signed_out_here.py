"""A token file deleted while AWS takes its token, with the real daemon and AWS CLI (K5)."""

from __future__ import annotations

import pytest

from tests.e2e.desk import SESSION, Desk, desk, kill, until

PROFILE = "test-profile"
READ_ONLY = "assumed-role/AWSReservedSSO_ReadOnly"
ASKING = (
    ("credentials", PROFILE),
    ("exec", PROFILE, "--", "true"),
    ("console", PROFILE, "--federate", "--print"),
    ("renew", SESSION),
    ("whoami", PROFILE),
)


def _asked_in_vain(here: Desk) -> list[int]:
    """Return how every command ends that would need the session."""
    return [here.tray(*command).code for command in ASKING]


def _is_removed(here: Desk) -> bool:
    session = here.status()
    return (session["state"], session["reason"]) == ("signed-out", "removed")


def test_a_deleted_file_is_a_sign_out_that_can_be_undone() -> None:
    """Nothing brings it back but Undo, without a browser; the second time more is offered."""
    with desk() as here, here.daemon() as living:
        here.tray("login", SESSION)
        living.until_state(SESSION, "signed-in", keeper="keyring")
        here.tray("credentials", PROFILE)
        here.file_of().unlink()
        living.until_state(SESSION, "signed-out", reason="removed", can_undo=True)
        first = living.until_notice("removed")
        codes = _asked_in_vain(here)
        aws = here.aws("newest", "sts", "get-caller-identity", "--profile", PROFILE)
        published = here.file_of().exists()
        renewals = here.center.count("CreateToken", grant_type="refresh_token")
        undone = here.tray("login", SESSION, "--undo")
        arn = here.arn("newest", PROFILE)
        again = here.tray("login", SESSION, "--undo")
        heard = len(living.messages)
        here.file_of().unlink()
        living.until_state(SESSION, "signed-out", since=heard, reason="removed")
        second = living.until_notice("removed", since=heard)
        out = here.tray("logout", SESSION)

        assert (f"Signed out of {SESSION} on this machine", "AWS's session goes on.") == (
            first["title"],
            first["text"],
        )
        assert ["Undo", "Sign out at AWS"] == [button["label"] for button in first["buttons"]]
        assert [3] * len(ASKING) == codes
        assert aws.code != 0
        assert (False, 0) == (published, renewals)
        assert (0, "") == (undone.code, undone.err)
        assert READ_ONLY in arn
        assert 1 == again.code
        assert 1 == len(here.opened())
        assert ["Undo", "Always put it back", "Sign out at AWS"] == [
            button["label"] for button in second["buttons"]
        ]
        assert (0, 1, []) == (out.code, here.center.count("Logout"), here.kept())
        assert ("signed-out", None, False) == tuple(
            here.status()[member] for member in ("state", "reason", "can_undo")
        )


def test_signing_in_again_opens_a_browser() -> None:
    """Whoever signs in next is asked by AWS, and nothing of the removed session is left."""
    with desk() as here, here.daemon() as living:
        here.tray("login", SESSION)
        living.until_state(SESSION, "signed-in", keeper="keyring")
        before = here.token_file()["accessToken"]
        here.file_of().unlink()
        living.until_state(SESSION, "signed-out", reason="removed")
        done = here.tray("login", SESSION)

        assert (0, 2) == (done.code, len(here.opened()))
        assert before != here.token_file()["accessToken"]
        assert [False] == [bool(item.get("removed")) for item in here.kept()]
        assert [] == here.leaks()


@pytest.mark.parametrize("lost", [False, True])
def test_it_stays_removed_over_a_crash(lost: bool) -> None:
    """The keyring item itself is marked, and a file removed meanwhile is judged at the start."""
    with desk() as here:
        with here.daemon() as living:
            here.tray("login", SESSION)
            living.until_state(SESSION, "signed-in", keeper="keyring")
            if not lost:
                kill(living.process.pid)
                living.process.wait()
            here.file_of().unlink()
            if lost:
                living.until_state(SESSION, "signed-out", reason="removed")
                kill(living.process.pid)
                living.process.wait()
        if lost:
            for record in (here.home / ".local/state/sso-tray").glob("state.json*"):
                record.unlink()
        alone = _asked_in_vain(here)
        with here.daemon() as living:
            living.until_state(SESSION, "signed-out")
            asked = _asked_in_vain(here)
            if not lost:
                until(lambda: _is_removed(here), "it is shown as removed")
            published = here.file_of().exists()

        assert ([3] * len(ASKING), [3] * len(ASKING), False) == (alone, asked, published)
        assert [True] == [item["removed"] for item in here.kept()]


def test_a_lost_folder_is_put_back() -> None:
    """A cache folder that is gone, as on a restored home, is no sign-out; nor is a replacement."""
    with desk() as here, here.daemon() as living:
        here.tray("login", SESSION)
        living.until_state(SESSION, "signed-in", keeper="keyring")
        data = here.file_of().read_bytes()
        beside = here.cache / "replacement.tmp"
        beside.write_bytes(data)
        beside.replace(here.file_of())
        here.cache.rename(here.home / "lost")
        until(lambda: here.file_of().exists(), "the file is published again")
        arn = here.boto3(PROFILE)

        assert READ_ONLY in arn
        assert "signed-in" == here.status()["state"]
        assert [] == living.notices()


def test_the_setting_puts_a_deleted_file_back() -> None:
    """``removed_file = "restore"``, for those plagued by a tool that deletes it."""
    with desk() as here:
        settings = here.home / ".config/sso-tray/config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text('removed_file = "restore"\n')
        with here.daemon() as living:
            here.tray("login", SESSION)
            living.until_state(SESSION, "signed-in", keeper="keyring")
            here.file_of().unlink()
            until(lambda: here.file_of().exists(), "the file is published again")

            assert READ_ONLY in here.boto3(PROFILE)
            assert [] == living.notices()
