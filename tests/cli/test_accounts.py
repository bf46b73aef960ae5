"""Accounts and roles with and without a profile: listed, found, and used."""

from __future__ import annotations

import pytest

from tests.cli.stage import Stage
from tests.cli.terminal import program
from tests.schema import validate
from tray.fake_aws.fake_options import Account

ACCOUNTS = (
    Account("123456789011", ("FullAccess", "ReadOnly"), "Data Platform"),
    Account("123456789012", ("ReadOnly",), "Prod EU"),
)
READER = ("--session", "corp", "--account", "123456789012", "--role", "ReadOnly")


@pytest.fixture
def signed_in(either: Stage) -> Stage:
    """Somebody who is signed in to corp; the AWS config has a profile for each FullAccess."""
    either.center.accounts = ACCOUNTS
    either.signed_in_by_cli()
    return either


def typed(stage: Stage, *arguments: str) -> tuple[int, str]:
    """Run a command at a terminal; return its exit code and what the terminal shows."""
    with program(("-m", "tray", *arguments), stage.environ, stage.home) as terminal:
        return terminal.wait(), terminal.screen


def test_the_first_question_lists_and_words_find(signed_in: Stage) -> None:
    """Each role with its profile, if any; the second question asks AWS nothing."""
    first = signed_in.tray("accounts", "--session", "corp")
    asked = signed_in.center.count("ListAccounts")
    found = signed_in.tray("accounts", "read", "plat")
    document = signed_in.tray("accounts", "--json", "123456789011").json()

    assert (0, "sso-tray: corp: 3 roles in 2 accounts.\n") == (first.code, first.err)
    assert [
        ["corp", "Data", "Platform", "123456789011", "FullAccess", "dev"],
        ["corp", "Data", "Platform", "123456789011", "ReadOnly", "-"],
        ["corp", "Prod", "EU", "123456789012", "ReadOnly", "reader"],
    ] == [line.split() for line in first.out.splitlines()]
    assert ["corp", "Data", "Platform", "123456789011", "ReadOnly", "-"] == found.out.split()
    assert asked == signed_in.center.count("ListAccounts")
    validate("accounts", document)
    assert [("FullAccess", "dev"), ("ReadOnly", None)] == [
        (one["role_name"], one["profile"]) for one in document["roles"]
    ]
    assert {"aws+123456789011@example.com"} == {one["email"] for one in document["roles"]}


def test_a_refresh_tells_what_changed_and_who_has_to_sign_in(signed_in: Stage) -> None:
    """New and lost roles once, later by --changes; without any list yet the exit code is 3."""
    nobody = signed_in.tray("accounts", "--session", "other")
    signed_in.tray("accounts", "--session", "corp")
    signed_in.center.accounts = (
        Account("123456789011", ("FullAccess", "Audit"), "Data Platform"),
    )

    told = signed_in.tray("accounts", "--session", "corp", "--refresh")
    kept = signed_in.tray("accounts", "--session", "corp", "--changes")

    changes = [
        "+ corp: Data Platform (123456789011) Audit",
        "- corp: Data Platform (123456789011) ReadOnly",
        "- corp: Prod EU (123456789012) ReadOnly",
    ]
    assert (3, "") == (nobody.code, nobody.out)
    assert "sso-tray login other" in nobody.err
    assert [
        "sso-tray: corp: 2 roles in 1 account.",
        *(f"sso-tray: {line}" for line in changes),
    ] == told.err.splitlines()
    assert changes == kept.out.splitlines()


def test_a_role_needs_no_profile(signed_in: Stage) -> None:
    """Identity, credentials, a command's environment and the console, by its three names."""
    who = signed_in.tray("whoami", *READER)
    document = signed_in.given_out("credentials", *READER).json()
    ran = signed_in.given_out("exec", *READER, "--", "sh", "-c", "echo $AWS_REGION")
    link = signed_in.tray("console", "--print", *READER)
    refused = signed_in.tray("whoami", *READER[:-1], "Admin")

    assert "AWSReservedSSO_ReadOnly" in who.out
    assert "123456789012" in who.out
    assert {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} < document.keys()
    assert "eu-west-1\n" == ran.out
    assert link.out.rstrip().endswith("account_id=123456789012&role_name=ReadOnly")
    assert (1, "") == (refused.code, refused.out)


def test_an_account_can_be_named_as_the_portal_names_it(signed_in: Stage) -> None:
    """A whole name that only one account has; else its number is asked for."""
    signed_in.tray("accounts", "--session", "corp")

    named = signed_in.tray(
        "whoami", "--session", "corp", "--account", "prod eu", "--role", "ReadOnly"
    )
    begun = signed_in.tray(
        "whoami", "--session", "corp", "--account", "prod", "--role", "ReadOnly"
    )

    assert (0, True) == (named.code, "123456789012" in named.out)
    assert (2, "") == (begun.code, begun.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("whoami", "--account", "123456789012"),
        ("whoami", "--role", "ReadOnly", "--account", "123456789012"),
        ("whoami", "dev", *READER),
        ("credentials", "--active", *READER),
        ("credentials", "dev", "--fresh", "soon"),
    ],
    ids=" ".join,
)
def test_half_a_name_or_two_are_wrong_use(stage: Stage, arguments: tuple[str, ...]) -> None:
    """No guess is made whose credentials are meant."""
    done = stage.tray(*arguments)

    assert (2, "") == (done.code, done.out)
    assert "Usage:" in done.err


def test_at_a_terminal_words_find_a_role_without_a_profile(signed_in: Stage) -> None:
    """It is named; in a script the same words are no profile, and "use" needs one."""
    signed_in.tray("accounts", "--session", "corp")

    code, shown = typed(signed_in, "whoami", "platform", "read")
    script = signed_in.tray("whoami", "platform", "read")
    used, told = typed(signed_in, "use", "platform", "read")

    assert (0, True) == (code, '"platform read" matches Data Platform/ReadOnly.' in shown)
    assert "AWSReservedSSO_ReadOnly" in shown
    assert 2 == script.code
    assert (2, True) == (used, "has no profile" in told)


def test_words_never_find_a_guarded_role(stage: Stage) -> None:
    """A7: not by its account's name either; its three names are enough."""
    stage.center.accounts = ACCOUNTS
    stage.signed_in_by_cli()
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["*platform*"]\n')
    stage.tray("accounts", "--session", "corp")

    code, shown = typed(stage, "whoami", "platform", "read")
    named = stage.tray(
        "whoami", "--session", "corp", "--account", "123456789011", "--role", "ReadOnly"
    )

    assert (1, True) == (code, '"Data Platform/ReadOnly" is guarded.' in shown)
    assert 0 == named.code


def test_credentials_have_as_long_left_as_was_asked(signed_in: Stage) -> None:
    """What is at hand is given while it lasts so long; a role's limit is told."""
    signed_in.center.role_life = 3600.0

    first, again = (signed_in.given_out("credentials", "dev", "--fresh", "45m") for _ in "ab")
    longer = signed_in.given_out("credentials", "dev", "--fresh", "1h30m")

    assert [0, 0, 0] == [one.code for one in (first, again, longer)]
    assert ("", "") == (first.err, again.err)
    assert "last 60 minutes" in longer.err
    assert first.json()["AccessKeyId"] != longer.json()["AccessKeyId"]


def test_files_for_other_programs(signed_in: Stage) -> None:
    """Dotenv and ini hold the same keys, with the region, and nothing that needs quotes."""
    dotenv = signed_in.given_out("credentials", "dev", "--format", "dotenv").out
    ini = signed_in.given_out("credentials", "dev", "--format", "ini").out

    variables = dict(line.split("=", 1) for line in dotenv.splitlines())
    keys = dict(line.split(" = ", 1) for line in ini.splitlines()[1:])
    assert {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items() <= variables.items()
    assert "[dev]" == ini.splitlines()[0]
    assert ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region"] == list(
        keys
    )
    assert 20 == len(variables["AWS_ACCESS_KEY_ID"])
    assert all(value and '"' not in value for value in (*variables.values(), *keys.values()))
