"""``add`` as a person and a script use it, against an Identity Center that pages and refuses."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

from tests.cli.stage import Stage
from tests.cli.terminal import program
from tests.clients.aws_cli import aws_cli
from tests.clients.identity import Answer, ClientName, ask
from tests.components import require
from tray.aws.api import account_roles
from tray.cli.add.role_picker import numbers_of
from tray.fake_aws.fake_options import DEFAULT_START_URL, Account, many_accounts
from tray.fake_aws.identity_center import IdentityCenter

CLIENTS: tuple[ClientName, ...] = ("aws-newest", "boto3", "js", "js-chain")
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


class Limit:
    """
    A rate limit as AWS has: so many requests, then nobody for a while, which is told.

    Args:
        after: so many requests.
        seconds: that "Retry-After" names.
    """

    def __init__(self, after: int, seconds: float) -> None:
        self.after, self.seconds = after, seconds
        self.reached = self.ignored = self._count = 0
        self._closed_until = 0.0

    def refuses(self) -> bool:
        """Count a request; those that come while nobody may were under way, or ignore it."""
        if time.monotonic() < self._closed_until:
            self.ignored += 1
            return True
        self._count += 1
        if self._count <= self.after:
            return False
        self._count = 0
        self.reached += 1
        self._closed_until = time.monotonic() + self.seconds
        return True


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


@pytest.mark.parametrize("region", [(), ("--region", "eu-west-1")])
def test_the_command_that_is_suggested_works(bare: Stage, region: tuple[str, ...]) -> None:
    """Typed as it is printed, also for profiles without a region, which the AWS CLI requires."""
    aws = require("aws-newest")
    done = bare.tray(*NEW, "--role", "ReadOnly", "--account", "*12", "--name", "a-b", *region)

    line = next(one for one in done.out.splitlines() if one.startswith("Try: "))
    command = shlex.split(line.removeprefix("Try: aws "))
    found = subprocess.run(
        [str(aws), *command], env=bare.environ, capture_output=True, text=True, check=False
    )

    assert 0 == found.returncode, found.stderr
    assert "AWSReservedSSO_ReadOnly_" in found.stdout
    assert bool(region) != ("no region" in done.err)


def test_a_session_alone_is_written_and_signed_in_to(bare: Stage) -> None:
    """First what would be written, then that and a sign-in; no profile comes of it."""
    shown = bare.tray(*NEW, "--session-only", "--dry-run")
    there = bare.config.exists()
    done = bare.tray(*NEW, "--session-only", "--yes")

    assert (0, False) == (shown.code, there)
    assert "+[sso-session devto-article]" in shown.out
    assert (0, 1) == (done.code, len(bare.opened())), done.err
    assert 'Signed in to "devto-article".' in done.out
    assert "[profile" not in bare.config.read_text()


def test_picked_roles_alone_are_added(stage: Stage) -> None:
    """Each names one role of one account; one that is not there ends it before anything."""
    stage.signed_in_by_cli()
    roles = ("FullAccess", "ReadOnly")
    stage.center.accounts = (
        Account("123456789011", roles, "one"), Account("123456789012", roles, "two"),
    )  # fmt: skip
    before = stage.config.read_text()
    picks = ("--pick", "123456789012/FullAccess", "--pick", "123456789011/ReadOnly")
    wrong = stage.tray("add", "corp", *picks, "--pick", "123456789011/Root", "--yes")
    kept = stage.config.read_text()
    done = stage.tray("add", "corp", *picks, "--yes")

    assert (1, before) == (wrong.code, kept)
    assert 'You have no role "123456789011/Root"' in wrong.err
    assert (0, 2) == (done.code, done.out.count("+[profile ")), done.err


def test_sync_adds_what_is_new_and_prunes_what_is_gone(stage: Stage) -> None:
    """Twice the same changes nothing; what somebody counts on is kept, and why is said."""
    stage.signed_in_by_cli()
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["keep*"]\n')
    gone = (
        "\n[profile {}]\nsso_session = corp\nsso_account_id = 999999999999\nsso_role_name = Old\n"
    )
    through = "\n[profile through]\nsource_profile = source\nrole_arn = arn:aws:iam::1:role/x\n"
    stage.config.write_text(
        stage.config.read_text()
        + "".join(map(gone.format, ("past", "keep-it", "in-use", "source", "own")))
        + "s3 =\n  max_queue_size = 5\n"
        + through
    )
    assert 0 == stage.tray("use", "in-use").code

    before, profiles_before = stage.config.read_bytes(), set(profiles_of(stage))
    dry = stage.tray("add", "corp", "--sync", "--prune", "--dry-run")
    untouched = stage.config.read_bytes()
    first = stage.tray("add", "corp", "--sync")
    grown = set(profiles_of(stage))
    pruned = stage.tray("add", "corp", "--sync", "--prune")
    again = stage.tray("add", "corp", "--sync", "--prune")

    assert [0] * 4 == [done.code for done in (dry, first, pruned, again)]
    assert before == untouched
    added = {f"+[profile {name}]" for name in grown - profiles_before}
    assert {"-[profile past]", *added} <= set(dry.out.splitlines())
    assert "past" in first.err
    assert {"past", "keep-it", "in-use", "source", "own"} < grown
    assert {"past", "forbidden"} == grown - set(profiles_of(stage))
    assert [
        '"keep-it" is no longer assigned to you, but it is guarded. '
        "To remove it, edit the config.",
        '"in-use" is no longer assigned to you, but it is the active profile. '
        "To remove it, edit the config.",
        '"source" is no longer assigned to you, but other profiles chain from it. '
        "To remove it, edit the config.",
        '"own" is no longer assigned to you, but it has settings of its own (s3). '
        "To remove it, edit the config.",
    ] == [line.removeprefix("sso-tray: ") for line in pruned.err.splitlines()]
    assert "Nothing to add" in again.out


@pytest.mark.parametrize("error", ["ForbiddenException", "ResourceNotFoundException"])
def test_a_refusal_for_one_account_prunes_nothing_of_it(stage: Stage, error: str) -> None:
    """ListAccounts names it, so a 403 or 404 for its roles says nothing about its profiles."""
    stage.signed_in_by_cli()
    stage.tray("add", "corp", "--all", "--region", "eu-west-1")
    stage.tray("add", "corp", "--sync", "--prune")
    before = stage.config.read_bytes()
    refused = stage.center.fault("ListAccountRoles", error, times=1)

    done = stage.tray("add", "corp", "--sync", "--prune")

    assert (1, 0, before) == (refused.hits, done.code, stage.config.read_bytes())
    assert "doesn't list your roles in the account" in done.err


def test_five_hundred_accounts_come_in_one_go(bare: Stage) -> None:
    """
    Paged, side by side; "slow down" is obeyed, and every client opens what was written.

    The JavaScript SDK drops a profile whose name has other letters than ASCII's: ours never has.
    """
    roles = ("Admin", "Billing", "ReadOnly")
    odd = ("Zoë & Söhne", "日本", "prod", "prod")
    bare.center.accounts = many_accounts(496, roles) + tuple(
        Account(f"30000000000{number}", roles, name) for number, name in enumerate(odd, 1)
    )
    limit = Limit(after=200, seconds=1)
    bare.center.fault(
        "ListAccountRoles", "throttle", times=None, seconds=1, where=lambda _: limit.refuses()
    )
    bare.center.fault("ListAccounts", "throttle", times=1, seconds=1)

    done = bare.tray(*NEW, "--all", "--region", "eu-west-1")

    found = profiles_of(bare)
    told = [ask(client, bare.environ, "Zoe-Sohne-ReadOnly") for client in CLIENTS]
    # Debian's knows no way to this Identity Center's address but opens the file all the same.
    words = ("configure", "get", "sso_account_id", "--profile", "Zoe-Sohne-ReadOnly")
    older = aws_cli("debian", *words, env=bare.environ).stdout.strip()
    assert (0, 1500) == (done.code, len(found)), done.err
    assert [Answer("300000000001")] * len(CLIENTS) == told
    assert "300000000001" == older
    assert 500 == len({one["sso_account_id"] for one in found.values()})
    assert {
        "300000000002-ReadOnly",
        "prod-ReadOnly-300000000003",
        "prod-ReadOnly-300000000004",
    } < set(found)
    assert "Added 1500 profiles" in done.out
    assert "more lines" in done.out
    assert limit.reached >= 2
    assert limit.reached * account_roles.SIDE_BY_SIDE > limit.ignored


def test_an_odd_role_name_is_left_out_and_named(bare: Stage) -> None:
    """One name that no config file can hold does not keep the other roles from being added."""
    odd = ("", "two\nlines", " led by a blank", "a # comment", "\x1b[31mred")
    bare.center.accounts = (Account("300000000001", ("Admin", *odd, "ReadOnly"), "prod"),)

    done = bare.tray(*NEW, "--all", "--region", "eu-west-1")

    told = [line for line in done.err.splitlines() if "Left out" in line]
    assert (0, {"prod-Admin", "prod-ReadOnly"}) == (done.code, set(profiles_of(bare)))
    assert len(odd) == len(told)
    assert all("300000000001" in line and line.isprintable() for line in told)


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
        stage.tray("add", "corp", "--scopes", "sso:account:access,codewhisperer:x", "--all"),
        stage.tray("add", "corp", "--account", "nowhere"),
    ]
    unchanged = stage.config.read_bytes()
    stage.config.write_text("[profile a]\nregion = x\n[profile a]\n")
    broken = stage.tray("add", "corp", "--all")

    assert [2, 2, 2, 2, 2, 2, 1, 1, 1] == [done.code for done in told]
    assert ["Choose roles", "--start-url"] == [
        word for word, done in zip(("Choose roles", "--start-url"), told, strict=False)
        if word in done.err
    ]  # fmt: skip
    assert (1, True) == (broken.code, f"{stage.config}, line 3" in broken.err)
    assert "exists with other scopes. Choose a new name" in told[-2].err
    assert "None of your 3 roles matches" in told[-1].err
    assert before == unchanged


def test_a_person_is_led_through_it(bare: Stage) -> None:
    """The dialogue: session, filter, number, region, output, name, the change, and yes."""
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
        ("CLI default output format", ""),
        ("CLI profile name [Development-ReadOnly]", "test{"),
        ("CLI profile name", "test-profile"),
        ("Write this?", "y"),
    ]

    with program(("-m", "tray", "add"), bare.environ, bare.home) as terminal:
        for question, answer in answers:
            terminal.answer(question, answer)
        code = terminal.wait()

    assert 0 == code, terminal.screen
    assert {
        "test-profile": {
            "sso_session": "devto-article",
            "sso_account_id": "123456789011",
            "sso_role_name": "ReadOnly",
            "region": "eu-west-1",
            "output": "json",
        }
    } == profiles_of(bare)
    assert "Added 1 profile" in terminal.screen
    assert "Reading accounts: " in terminal.screen


def test_pasted_lines_are_recognised_and_answer_nothing(bare: Stage) -> None:
    """A section or keys copied from the portal are named for what they are, and dropped."""
    section = f"[profile dev]\nsso_start_url = {DEFAULT_START_URL}\nregion = eu-west-1"
    keys = 'export AWS_ACCESS_KEY_ID="ASIAX"\nexport AWS_SECRET_ACCESS_KEY="y"'

    with program(("-m", "tray", "add"), bare.environ, bare.home) as terminal:
        terminal.answer("SSO session name", section)
        terminal.answer("section of an AWS config", "")
        terminal.answer("SSO session name", "corp")
        terminal.answer("SSO start URL", keys)
        terminal.answer("temporary keys", "")
        terminal.answer("SSO start URL", DEFAULT_START_URL)
        terminal.answer("SSO region", "us-east-1")
        terminal.answer("SSO registration scopes", "")
        terminal.answer("Write this?", "n")
        code = terminal.wait()

    assert (1, {}) == (code, profiles_of(bare)), terminal.screen


@pytest.mark.parametrize(("answer", "left"), [("y", False), ("n", True)])
def test_what_is_gone_is_offered_to_be_taken_out(stage: Stage, answer: str, left: bool) -> None:
    """``--sync`` asks, on a terminal; no is an answer, and what is new comes either way."""
    stage.signed_in_by_cli()
    stage.config.write_text(
        stage.config.read_text() + "\n[profile past]\nsso_session = corp\n"
        "sso_account_id = 999999999999\nsso_role_name = Old\n"
    )
    before = set(profiles_of(stage))

    command = ("-m", "tray", "add", "corp", "--sync", "--region", "eu-west-1")
    with program(command, stage.environ, stage.home) as terminal:
        terminal.answer("Remove", answer)
        terminal.answer("Write this?", "y")
        code = terminal.wait()

    after = set(profiles_of(stage))
    assert (0, left) == (code, "past" in after), terminal.screen
    assert after - before


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


@pytest.mark.parametrize("how", ["ended", "rejected"])
def test_what_renews_itself_is_renewed_and_opens_no_browser(stage: Stage, how: str) -> None:
    """L6: a token that has ended, or that the portal does not want, costs one refresh."""
    if how == "ended":
        stage.center.token_life = 1
    given = stage.signed_in_by_cli()
    if how == "ended":
        stage.center.token_life = 3600
        stage.wait_until_expired("corp")
    else:
        stage.center.fault("ListAccounts", "UnauthorizedException", times=1)

    done = stage.tray("add", "corp", "--role", "ReadOnly", "--account", "*11")

    assert 0 == done.code, done.err
    assert [] == stage.opened()
    assert given.access_token not in stage.file_of("corp").read_text()


def test_two_sessions_of_one_start_url_keep_their_scopes(stage: Stage) -> None:
    """Each session has its own token; the second one is written with what was typed."""
    scopes = "sso:account:access,codewhisperer:completions"
    stage.signed_in_by_cli()

    done = stage.tray(
        "add", "corp-q", "--start-url", DEFAULT_START_URL, "--sso-region", "us-east-1",
        "--scopes", scopes, "--role", "FullAccess", "--name", "{session}-{role_name}",
    )  # fmt: skip

    assert 0 == done.code, done.err
    assert f"sso_registration_scopes = {scopes}\n" in stage.config.read_text()
    added = profiles_of(stage)["corp-q-FullAccess"]
    assert ("corp-q", "eu-west-1") == (added["sso_session"], added["region"])
    assert stage.file_of("corp-q").read_bytes() != stage.file_of("corp").read_bytes()


def test_progress_is_told_account_by_account(stage: Stage) -> None:
    """From none to all of them, on the thread that asked."""
    given = stage.signed_in_by_cli()
    told: list[tuple[int, int]] = []
    code = (
        "import json, sys\n"
        "from tray.aws.api.clients import AwsClients\n"
        "from tray.aws.api.portal import Portal\n"
        "from tray.aws.api.account_roles import list_assignments\n"
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
    assert account_roles.SIDE_BY_SIDE > 1


def test_while_add_signs_in_the_session_is_shown_signing_in(bare: Stage) -> None:
    """The daemon carries it out for a session that is new to it, and a second sign-in joins."""
    with bare.daemon():
        stalled = bare.center.fault("RegisterClient", "hang")
        with bare.start(*NEW, "--all", "--yes") as process:
            stalled.wait_hit()
            state = bare.status("devto-article")["state"]
            process.terminate()
            process.communicate()
        stalled.release()

    assert "signing-in" == state


def test_a_portal_that_is_not_allowed_is_refused_before_anything_is_written(stage: Stage) -> None:
    """An administrator's start URLs hold for new sessions and sign-ins; doctor names the file."""
    site = stage.home / "xdg/sso-tray/config.toml"
    site.parent.mkdir(parents=True)
    site.write_text('locked = ["allowed_start_urls"]\nallowed_start_urls = ["else"]\n')
    stage.environ["XDG_CONFIG_DIRS"] = str(stage.home / "xdg")
    before = stage.config.read_bytes()

    added, login = stage.tray(*NEW, "--all"), stage.tray("login", "corp")
    doctor = stage.tray("doctor", "--json").json()

    assert [1, 1] == [added.code, login.code]
    assert "not allowed" in added.err
    assert "not allowed" in login.err
    assert before == stage.config.read_bytes()
    assert [] == stage.opened()
    said = [one["sentence"] for one in doctor["findings"]]
    assert f"Set by your administrator in {site}: allowed_start_urls." in said


def test_one_role_in_two_regions(stage: Stage) -> None:
    """A second name for a role that has a profile; without one it is said how."""
    stage.signed_in_by_cli()
    role = ("add", "corp", "--account", "123456789011", "--role", "FullAccess")

    without = stage.tray(*role, "--region", "us-east-1")
    second = stage.tray(*role, "--region", "us-east-1", "--name", "dev-us")
    again = stage.tray(*role, "--region", "us-east-1", "--name", "dev-us")
    slash = stage.tray(*role, "--name", "{account_name}/{role_name}")

    assert [0, 0, 0, 2] == [one.code for one in (without, second, again, slash)]
    assert "--name NAME" in without.err
    found = profiles_of(stage)
    assert ("eu-west-1", "us-east-1") == (found["dev"]["region"], found["dev-us"]["region"])
    assert found["dev"]["sso_role_name"] == found["dev-us"]["sso_role_name"]
    assert "Nothing to add: 1 profile already exists." in again.out
    assert "JavaScript" in slash.err
