"""``add`` as a person and a script use it, against an Identity Center that pages and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

from tests.cli.stage import Stage
from tests.cli.terminal import program
from tests.clients.identity import Answer, ClientName, ask
from tray.aws import assignments
from tray.cli.choosing import numbers_of
from tray.identity_center import DEFAULT_START_URL, IdentityCenter
from tray.identity_center.knobs import many_accounts

CLIENTS: tuple[ClientName, ...] = ("aws-newest", "boto3", "js")
NEW = ("add", "devto-article", "--start-url", DEFAULT_START_URL, "--sso-region", "us-east-1")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Stage]:
    """Furnish a home without any config."""
    with IdentityCenter(auto_approve=True) as center:
        stage = Stage(tmp_path, center)
        stage.config.unlink()
        yield stage


def profiles_of(stage: Stage) -> dict[str, dict[str, str]]:
    """Return the profiles as botocore reads them."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(stage.config))
    session.set_config_variable("credentials_file", str(stage.home / "none"))
    found: dict[str, dict[str, str]] = session.full_config["profiles"]
    return found


def test_one_command_from_nothing_to_a_working_profile(bare: Stage) -> None:
    """The article's case: session, sign-in, profile; boto3 works with it at once."""
    done = bare.tray(
        *NEW, "--role", "ReadOnly", "--account", "*12", "--name", "test-profile",
        "--region", "eu-west-1", "--output", "json",
    )  # fmt: skip
    arn = bare.boto3("test-profile", "print(session.client('sts').get_caller_identity()['Arn'])")

    assert 0 == done.code, done.err
    assert 1 == len(bare.opened())
    assert ":assumed-role/AWSReservedSSO_ReadOnly_" in arn
    assert (
        "[sso-session devto-article]\n"
        f"sso_start_url = {DEFAULT_START_URL}\n"
        "sso_region = us-east-1\n"
        "sso_registration_scopes = sso:account:access\n"
        "\n[profile test-profile]\n"
        "sso_session = devto-article\n"
        "sso_account_id = 123456789012\n"
        "sso_role_name = ReadOnly\n"
        "region = eu-west-1\n"
        "output = json\n"
    ) == bare.config.read_text()
    assert "+[profile test-profile]" in done.out


def test_sync_adds_what_is_new_and_prunes_what_is_gone(stage: Stage) -> None:
    """Twice the same changes nothing; a guarded profile is never taken out by a command."""
    stage.signed_in_by_cli()
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["keep*"]\n')
    gone = (
        "\n[profile {}]\nsso_session = corp\nsso_account_id = 999999999999\nsso_role_name = Old\n"
    )
    stage.config.write_text(
        stage.config.read_text() + gone.format("past") + gone.format("keep-it")
    )

    dry = stage.tray("add", "corp", "--sync", "--prune", "--dry-run")
    untouched = stage.config.read_text()
    first = stage.tray("add", "corp", "--sync")
    grown = set(profiles_of(stage))
    pruned = stage.tray("add", "corp", "--sync", "--prune")
    again = stage.tray("add", "corp", "--sync", "--prune")

    assert [0] * 4 == [done.code for done in (dry, first, pruned, again)]
    assert gone.format("past") in untouched
    assert "past" in first.err
    assert {"past", "keep-it"} < grown
    assert {"past", "forbidden"} == grown - set(profiles_of(stage))
    assert "keep-it" in pruned.err
    assert "Nothing to add" in again.out


def test_five_hundred_accounts_come_in_one_go(bare: Stage) -> None:
    """Paged, side by side; "slow down" is obeyed, and every client opens what was written."""
    bare.center.accounts = many_accounts(500, ("Admin", "Billing", "ReadOnly"))
    bare.center.fault("ListAccountRoles", "throttle", times=20, seconds=1)
    bare.center.fault("ListAccounts", "throttle", times=1, seconds=1)

    done = bare.tray(*NEW, "--all", "--region", "eu-west-1")

    found = profiles_of(bare)
    name, last = list(found.items())[-1]
    told = [ask(client, bare.environ, name) for client in CLIENTS]
    assert (0, 1500) == (done.code, len(found)), done.err
    assert [Answer(last["sso_account_id"])] * 3 == told
    assert 500 == len({one["sso_account_id"] for one in found.values()})
    assert "Added 1500 profiles" in done.out
    assert "lines more" in done.out


def test_what_cannot_be_done_is_said_in_a_sentence(stage: Stage) -> None:
    """Usage is 2, nothing is asked without a terminal, and the file stays as it is."""
    before = stage.config.read_bytes()
    stage.signed_in_by_cli()
    told = [
        stage.tray("add", "corp"),
        stage.tray("add", "nobody", "--all"),
        stage.tray(
            "add", "x", "--start-url", "http://x/start", "--sso-region", "eu-west-1", "--all"
        ),
        stage.tray("add", "x", "--start-url", "https://x/start", "--sso-region", "Mars", "--all"),
        stage.tray("add", "corp", "--all", "--name", "{role}"),
        stage.tray("add", "corp", "--prune"),
        stage.tray("add", "corp", "--start-url", "https://else.awsapps.com/start", "--all"),
    ]
    stage.config.write_text("[profile a]\nregion = x\n[profile a]\n")
    broken = stage.tray("add", "corp", "--all")

    assert [2, 2, 2, 2, 2, 2, 1] == [done.code for done in told]
    assert ["Say which roles", "--start-url"] == [
        word for word, done in zip(("Say which roles", "--start-url"), told, strict=False)
        if word in done.err
    ]  # fmt: skip
    assert (1, True) == (broken.code, f"{stage.config}, line 3" in broken.err)
    assert before != stage.config.read_bytes()


def test_a_person_is_led_through_it(bare: Stage) -> None:
    """The dialogue: session, filter, numbers, region, the change, and yes."""
    answers = [
        ("SSO session name", "devto-article"),
        ("SSO start URL", "http://x"),
        ("https", DEFAULT_START_URL),
        ("SSO region", "us-east-1"),
        ("SSO registration scopes", ""),
        ("Write this?", ""),
        ("Roles", "readonly"),
        ("Roles", "1"),
        ("CLI default client region", "eu-west-1"),
        ("Write this?", "y"),
    ]

    with program(("-m", "tray", "add"), bare.environ, bare.home) as terminal:
        for question, answer in answers:
            terminal.answer(question, answer)
        code = terminal.wait()

    found = profiles_of(bare)
    assert (0, 1) == (code, len(found)), terminal.screen
    assert {"ReadOnly"} == {one["sso_role_name"] for one in found.values()}
    assert "Added 1 profile" in terminal.screen


def test_the_tray_adds_for_a_legacy_session_in_its_style(stage: Stage) -> None:
    """A session that is a start URL gets profiles that carry it."""
    key = "https://legacy.awsapps.com/start"
    stage.signed_in_by_cli(key)

    done = stage.tray("add", key, "--all", "--account", "123456789012")

    added = [one for name, one in profiles_of(stage).items() if "123456789012" in name or
             (one.get("sso_start_url") == key and name != "old")]  # fmt: skip
    assert 0 == done.code, done.err
    assert {key} == {one["sso_start_url"] for one in added}


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("1", [1]),
        ("3 1,2", [1, 2, 3]),
        ("2-4 1", [1, 2, 3, 4]),
        ("5", []),
        ("0", []),
        ("4-2", []),
        ("prod", []),
        ("1 prod", []),
    ],
)
def test_numbers_are_read_or_taken_for_a_word(answer: str, numbers: list[int]) -> None:
    """What is no list of numbers of the list narrows it."""
    assert numbers == numbers_of(answer, 4)


def test_progress_is_told_account_by_account(stage: Stage) -> None:
    """From none to all of them, on the thread that asked."""
    given = stage.signed_in_by_cli()
    told: list[tuple[int, int]] = []
    code = (
        "import json, sys\n"
        "from tray.aws.clients import AwsClients\n"
        "from tray.aws.portal import Portal\n"
        "from tray.aws.assignments import list_assignments\n"
        "from tray.secret import Secret\n"
        "told = []\n"
        "with open('token') as file: token = Secret(file.read())\n"
        "list_assignments(Portal(AwsClients()), token, 'us-east-1',\n"
        "    progress=lambda done, count: told.append((done, count)))\n"
        "print(json.dumps(told))\n"
    )
    (stage.home / "token").write_text(given.access_token)

    told = [(done, count) for done, count in json.loads(stage.python(code))]

    count = told[0][1]
    assert [(number, count) for number in range(count + 1)] == told
    assert assignments.SIDE_BY_SIDE > 1
