"""``import``: from the files of other tools to sessions and profiles, theirs left as they are."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from tests.cli.stage import Done, Stage

SAMPLES = Path(__file__).parents[1] / "data/other_tools"
ACME = {
    "sso_start_url": "https://acme.awsapps.com/start",
    "sso_region": "eu-west-1",
    "sso_registration_scopes": "sso:account:access",
}


def imported(stage: Stage, tool: str, *more: str, config: str | None = None) -> Done:
    """Give the home one tool's files and import them."""
    stage.config.write_text((SAMPLES / (config or f"{tool}.config")).read_text())
    return stage.tray("import", "--from", tool, "--yes", *more)


def sections(stage: Stage) -> dict[str, dict[str, str]]:
    """Return the AWS config as a parser of its own reads it."""
    parser = configparser.RawConfigParser()
    parser.read(stage.config)
    return {name: dict(parser[name]) for name in parser.sections()}


def role(account: str, name: str, session: str = "acme", **extra: str) -> dict[str, str]:
    """Return the keys of a profile."""
    keys = {"sso_session": session, "sso_account_id": account, "sso_role_name": name}
    return keys | extra


def test_granted(stage: Stage) -> None:
    """A name with a slash, which the JavaScript SDK drops, gets another; a gap is named."""
    done = imported(stage, "granted")

    now = sections(stage)
    assert ACME == now["sso-session acme"]
    admin = role("123456789012", "AdministratorAccess", region="eu-central-1")
    assert admin == now["profile Sandbox-AdministratorAccess"]
    assert role("210987654321", "Audit") == now["profile acme.audit-sso"]
    line = (SAMPLES / "granted.config").read_text().splitlines().index("[profile acme.broken]") + 1
    assert f"{stage.config}:{line}: granted" in done.err
    assert "has no granted_sso_account_id and no granted_sso_role_name" in done.err
    assert '"acme.audit" is imported as "acme.audit-sso"' in done.out


def test_aws_sso_util(stage: Stage) -> None:
    """Its profiles keep their names, and the same roles are there by a session that renews."""
    done = imported(stage, "aws-sso-util")

    now = sections(stage)
    assert role("123456789012", "Developer", region="eu-central-1") == now["profile dev-sso"]
    assert "prod-sso" not in done.out
    everything = stage.tray("import", "--from", "aws-cli", "--yes")
    prod = role("210987654321", "ReadOnly", region="eu-central-1", output="json")
    assert 0 == everything.code
    assert prod == sections(stage)["profile prod-sso"]


def test_yawsso(stage: Stage) -> None:
    """A profile that yawsso copies is known by its mark in the credentials file."""
    stage.config.with_name("credentials").write_text((SAMPLES / "yawsso.credentials").read_text())

    imported(stage, "yawsso", config="aws-sso-util.config")
    doctor = stage.tray("doctor", "--json").json()["findings"]

    assert "profile dev-sso" not in sections(stage)  # aws-sso-util's, by its credential_process
    [told] = [one for one in doctor if "yawsso" in one["sentence"]]
    assert '"dev"' in told["sentence"]
    assert "credentials file" in told["remedy"]


def test_aws_vault(stage: Stage) -> None:
    """``include_profile`` is resolved; keys in its own keyring stay there, and that is said."""
    done = imported(stage, "aws-vault")

    now = sections(stage)
    inherited = role("123456789012", "Developer", region="eu-central-1", output="json")
    assert inherited == now["profile team-dev-sso"]
    assert role("210987654321", "ReadOnly") == now["profile through-vault-sso"]
    assert 'aws-vault "jonsmith": Its keys are in aws-vault\'s own keyring.' in done.err


def test_aws_sso_cli(stage: Stage) -> None:
    """Settings and profiles together: a role counts once, by the name that is typed."""
    settings = stage.home / ".config/aws-sso/config.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text((SAMPLES / "aws-sso-cli.yaml").read_text())

    done = imported(stage, "aws-sso-cli")

    now = sections(stage)
    partner = {**ACME, "sso_start_url": "https://d-1234567890.awsapps.com/start"}
    assert ACME == now["sso-session acme"]
    assert {**partner, "sso_region": "us-east-1"} == now["sso-session Partner"]
    assert (
        role("123456789012", "Developer", region="eu-central-1")
        == (now["profile 123456789012-Developer"])
    )
    reader = role("012345678901", "ReadOnly", region="eu-north-1")
    assert reader == now["profile prod-reader"]
    assert f'{settings} has no "Gone" under SSOConfig' in done.err
    assert '"AssumeRoleAdmin": It is assumed by way of another role' in done.err
    line = settings.read_text().splitlines().index("    Broken:") + 1
    assert f'{settings}:{line}: "Broken" has no SSORegion' in done.err


def test_leapp(stage: Stage) -> None:
    """Its workspace is encrypted: what to type instead is said, and nothing written."""
    workspace = stage.home / ".Leapp/Leapp-lock.json"
    workspace.parent.mkdir()
    workspace.write_text("U2FsdGVkX1")

    done = imported(stage, "leapp")

    assert 0 == done.code
    assert 2 == done.err.count("sso-tray add --start-url URL --sso-region REGION")
    assert (SAMPLES / "leapp.config").read_text() == stage.config.read_text()


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.config")), ids=lambda path: path.stem)
def test_nothing_of_theirs_is_changed(stage: Stage, sample: Path) -> None:
    """What was in the config is there byte for byte, and a second import finds nothing new."""
    text = sample.read_text()
    stage.config.write_text(text)

    preview = stage.tray("import", "--dry-run")
    unchanged = stage.config.read_text()
    first, after = stage.tray("import", "--yes"), stage.config.read_text()
    second = stage.tray("import", "--yes")

    assert [0, 0, 0] == [preview.code, first.code, second.code]
    assert text == unchanged
    assert after.startswith(text)
    assert after == stage.config.read_text()
    assert "Nothing to import." in second.out


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("\tStartUrl: x", "isn't valid YAML: found character '\\t'"),
        ("    StartUrl: https: x", "isn't valid YAML: mapping values are not allowed here"),
        ("    StartUrl: *acme", "isn't valid YAML: found undefined alias 'acme'"),
        ("  Default: {}", "repeats a key of line 2"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(stage: Stage, line: str, what: str) -> None:
    """The sentence has file, line and what to do, and other tools' profiles are still imported."""
    settings = stage.home / ".aws-sso/config.yaml"
    settings.parent.mkdir()
    settings.write_text(f"SSOConfig:\n  Default:\n{line}\n")
    stage.config.write_text((SAMPLES / "granted.config").read_text())

    done = stage.tray("import", "--yes")

    assert 0 == done.code
    assert f"{settings}:3: aws-sso-cli: The line {what}" in done.err
    assert "Correct it and import again." in done.err
    assert "sso-session acme" in sections(stage)


def test_a_portal_that_is_not_allowed_is_not_imported(stage: Stage) -> None:
    """An administrator's start URLs hold here, too."""
    site = stage.home / "xdg/sso-tray/config.toml"
    site.parent.mkdir(parents=True)
    site.write_text('locked = ["allowed_start_urls"]\nallowed_start_urls = ["else"]\n')
    stage.environ["XDG_CONFIG_DIRS"] = str(stage.home / "xdg")

    done = imported(stage, "granted")

    assert "not allowed" in done.err
    assert (SAMPLES / "granted.config").read_text() == stage.config.read_text()
