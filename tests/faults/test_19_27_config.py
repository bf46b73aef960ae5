from __future__ import annotations

from pathlib import Path

from tests.cli.stage import Stage
from tests.daemon.living import daemon, home_with
from tray.demo.demo_story import CONFIG, SESSION
from tray.fake_aws.identity_center import IdentityCenter

MANY = 10_000
NEW = """
[sso-session new]
sso_start_url = https://new.awsapps.com/start
sso_region = us-east-1
"""


def test_fault_19_a_config_cut_in_the_middle_of_an_edit(tmp_path: Path) -> None:
    """The sessions stay, one problem names the file; whole again, nothing is left of it."""
    environ = home_with(tmp_path, CONFIG)
    config = Path(environ["HOME"]) / ".aws/config"

    with daemon(environ) as living:
        config.write_text(CONFIG[: CONFIG.index("sso_start_url") + 5])
        living.until_notice("config")
        broken = living.ask("status")["status"]
        config.write_text(CONFIG)
        living.until(lambda one: one.get("withdraw") == "config")
        mended = living.ask("status")["status"]

    assert f"{config}, line 16" in broken["problems"][0]
    assert broken["sessions"] == mended["sessions"]
    assert SESSION in {one["key"] for one in broken["sessions"]}
    assert [] == mended["problems"]


def test_fault_19_an_empty_config_for_a_moment(tmp_path: Path) -> None:
    """Truncate and write, as the AWS CLI does, changes nothing and tells nobody."""
    environ = home_with(tmp_path, CONFIG)
    config = Path(environ["HOME"]) / ".aws/config"

    with daemon(environ) as living:
        before = living.ask("status")["status"]["sessions"]
        for _ in range(20):
            config.write_text("")
            config.write_text(CONFIG)
        config.write_text(CONFIG + NEW)
        living.until_state("new", "signed-out")
        after = living.ask("status")["status"]["sessions"]

    assert before == [one for one in after if one["key"] != "new"]
    assert [] == living.notices()


def test_fault_24_ten_thousand_profiles(tmp_path: Path) -> None:
    """The daemon starts, answers at once, and lists them all."""
    profiles = "".join(
        f"[profile p{number}]\nsso_session = {SESSION}\nsso_account_id = {number:012d}\n"
        "sso_role_name = ReadOnly\n"
        for number in range(MANY)
    )
    environ = home_with(tmp_path, CONFIG + profiles)

    with daemon(environ) as living:
        session = living.session(SESSION)
        picked = living.ask("use", profile=f"p{MANY - 1}")
        active = living.ask("status")["status"]["active_profile"]

    assert MANY < len(session["profiles"])
    assert (0, f"p{MANY - 1}") == (picked["exit"], active)


def test_fault_27_credentials_of_a_vanished_active_profile(tmp_path: Path) -> None:
    """They fail with a sentence, and are never another account's."""
    with IdentityCenter() as center:
        stage = Stage(tmp_path, center)
        stage.signed_in_by_cli("corp")
        picked = stage.tray("use", "dev")
        stage.config.write_text(stage.config.read_text().replace("[profile dev]", "[profile de]"))

        refused = stage.tray("credentials")

        assert 0 == picked.code
        assert refused.code in (1, 2)
        assert ("", 1) == (refused.out, len(refused.err.splitlines()))
        assert 0 == center.count("GetRoleCredentials")
