"""Signing in, by us and by the AWS CLI: who can work afterwards, and where the secrets are."""

from __future__ import annotations

from tests.e2e.desk import LEGACY, PATIENCE, SESSION, desk, until

READ_ONLY = "assumed-role/AWSReservedSSO_ReadOnly"
FULL = "assumed-role/AWSReservedSSO_FullAccess"


def test_one_login_serves_every_client() -> None:
    """After `sso-tray login` both AWS CLIs and boto3 work, and what renews is in the keyring."""
    with desk() as here, here.daemon():
        done = here.tray("login", SESSION)
        arns = [
            here.arn("newest", "test-profile"),
            here.arn("debian", "test-profile"),
            here.boto3("test-profile"),
        ]
        members = set(here.token_file())
        status = here.status()

        assert (0, "") == (done.code, done.err)
        assert f'Signed in to "{SESSION}". It renews automatically.' == done.out.splitlines()[-1]
        assert 1 == len(here.opened())
        assert 1 == here.center.count("CreateToken", grant_type="authorization_code")
        assert [True] * 3 == [READ_ONLY in arn and ":123456789012:" in arn for arn in arns]
        assert {"startUrl", "region", "accessToken", "expiresAt"} == members
        assert here.keyring_renews()
        assert [] == here.leaks()
        assert ("signed-in", "keyring", True) == (
            status["state"],
            status["keeper"],
            status["renews"],
        )


def test_without_a_daemon_the_aws_cli_renews_and_the_next_daemon_takes_over() -> None:
    """Refresh data is where something renews it: in the file, the keyring, and the file again."""
    with desk(token_life=60) as here:
        done = here.tray("login", SESSION)
        alone = here.status()
        first = here.arn("newest", "test-profile")
        renewed = here.center.count("CreateToken", grant_type="refresh_token")
        with here.daemon() as living:
            living.until_state(SESSION, "signed-in", keeper="keyring")
            until(lambda: "refreshToken" not in here.token_file(), "the file is adopted")
            kept = here.keyring_renews()
            end = living.ask("quit")
            living.process.wait(PATIENCE)
        lent = here.token_file()
        last = here.arn("newest", "test-profile")

        assert (0, "") == (done.code, done.err)
        assert done.out.splitlines()[-1].endswith(
            "SSO Tray isn't running; the AWS CLI and SDKs renew it when they use it."
        )
        assert ("signed-in", "file", True, "clients") == (
            alone["state"],
            alone["keeper"],
            alone["renews"],
            alone["renewed_by"],
        )
        assert READ_ONLY in first
        assert renewed >= 1
        assert kept
        assert (
            f"SSO Tray has quit. The AWS CLI and SDKs now renew {SESSION} when they use it."
            == end["sentence"]
        )
        assert here.center.accepts_refresh_token(here.token_file()["refreshToken"])
        assert "refreshToken" in lent
        assert READ_ONLY in last


def test_a_legacy_profile_signs_in_by_code() -> None:
    """A profile with a start URL of its own gets a code to compare, and works everywhere."""
    with desk() as here, here.daemon():
        done = here.tray("login", "dev")
        arns = [here.arn("newest", "dev"), here.arn("debian", "dev"), here.boto3("dev")]

        assert (0, "") == (done.code, done.err)
        code = here.opened()[0].rpartition("user_code=")[2]
        assert f"  Code: {code} (continue only if the page shows the same code)" in done.out
        assert [True] * 3 == [FULL in arn for arn in arns]
        assert "refreshToken" not in here.token_file(LEGACY)
        assert here.keyring_renews()
        assert [] == here.leaks()


def test_the_aws_clis_own_login_is_adopted() -> None:
    """`aws sso login` is moved into the keyring at once, told once; `aws sso logout` is told."""
    with desk() as here, here.daemon() as living:
        here.aws("newest", "sso", "login", "--sso-session", SESSION)
        living.until_state(SESSION, "signed-in", keeper="keyring")
        notice = living.until_notice("adopted")
        lean = set(here.token_file())
        first = here.keyring_renews()
        here.aws("newest", "sso", "login", "--sso-session", SESSION)
        until(lambda: "refreshToken" not in here.token_file(), "the second login is adopted")
        arn = here.arn("debian", "test-profile")
        here.aws("newest", "sso", "logout")
        living.until_state(SESSION, "signed-out", reason="removed")
        told = living.until_notice("expired")

        assert ["Undo"] == [button["label"] for button in notice["buttons"]]
        assert {"startUrl", "region", "accessToken", "expiresAt"} == lean
        assert first
        assert READ_ONLY in arn
        assert f"Signed out of {SESSION}" == told["title"]
        assert ["adopted", "expired"] == living.notices()
        assert [] == here.kept()
        assert 0 == here.center.count("CreateToken", grant_type="refresh_token")
