"""Credentials for programs: what comes out, what never does, and whose they are."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.stage import CONFIG, Stage
from tests.e2e.desk import until

CHAIN = """\
[profile chain]
role_arn = arn:aws:iam::123456789012:role/Deploy
source_profile = dev
region = eu-west-1
"""
ARN = "print(session.client('sts').get_caller_identity()['Arn'])"


@pytest.mark.parametrize(
    ("profile", "session"), [("dev", "corp"), ("old", "https://legacy.awsapps.com/start")]
)
def test_the_document_is_credential_process_and_nothing_else(
    either: Stage, profile: str, session: str
) -> None:
    """One JSON object on stdout, its members those that SDKs read; for both config styles."""
    either.signed_in_by_cli(session)

    done = either.tray("credentials", "--profile", profile, "--format", "process")

    assert (0, "") == (done.code, done.err)
    assert {
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
        "AccountId",
    } == set(done.json())
    assert (1, "123456789011") == (done.json()["Version"], done.json()["AccountId"])


def test_boto3_takes_them_through_credential_process(either: Stage) -> None:
    """An SDK in a process of its own gets the role that the profile names."""
    either.signed_in_by_cli()
    either.config.write_text(
        CONFIG + "[profile by-tray]\nregion = eu-west-1\n"
        f"credential_process = {sys.executable} -m tray credentials --profile reader\n"
    )

    arn = either.boto3("by-tray", ARN)

    assert ":assumed-role/AWSReservedSSO_ReadOnly_" in arn
    assert arn.endswith("/ada")


def test_a_chain_is_handed_out_as_the_role_at_its_end(either: Stage) -> None:
    """The token is kept lean: the SDK's own chain and ours both end at the assumed role."""
    either.signed_in_by_cli(lean=True)
    either.config.write_text(
        f"{CONFIG}{CHAIN}[profile by-tray]\nregion = eu-west-1\n"
        f"credential_process = {sys.executable} -m tray credentials --profile chain\n"
    )

    ours, own = either.boto3("by-tray", ARN), either.boto3("chain", ARN)
    document = either.tray("credentials", "--profile", "chain").json()

    roles = {arn.rpartition("/")[0] for arn in (ours, own)}
    assert {"arn:aws:sts::123456789012:assumed-role/Deploy"} == roles
    assert {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} < set(document)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_chain_without_a_region_takes_the_terminals(stage: Stage, variable: str) -> None:
    """Either variable counts, as for the AWS CLI; without one the remedy is the profile's."""
    stage.signed_in_by_cli()
    stage.config.write_text(CONFIG + CHAIN.replace("region = eu-west-1\n", ""))

    given = stage.tray("credentials", "chain", **{variable: "eu-west-1"})
    without = stage.tray("credentials", "chain")

    assert (0, "SessionToken" in given.json()) == (given.code, True), given.err
    assert (1, True) == (without.code, "add region to the profile." in without.err)


def test_nobody_signed_in_is_3_with_the_command_to_type(either: Stage) -> None:
    """Reading credentials never signs in: no page opens, one line says what to do (L6)."""
    done = either.tray("credentials", "--profile", "dev")

    assert (3, "") == (done.code, done.out)
    assert done.err.endswith("Run: sso-tray login corp\n")
    assert 1 == len(done.err.splitlines())
    assert [] == either.opened()


def test_a_dead_session_is_3(either: Stage) -> None:
    """A token that AWS has killed gives no credentials, whatever its expiresAt says (R6)."""
    either.signed_in_by_cli()
    either.center.revoke()

    done = either.tray("credentials", "--profile", "dev")

    assert (3, "") == (done.code, done.out)


def test_a_dead_token_of_a_live_session_is_renewed_once(stage: Stage) -> None:
    """One refresh decides about a portal 401; then the credentials come (R6)."""
    stage.signed_in_by_cli()
    stage.center.kill_access_tokens()

    done = stage.tray("credentials", "--profile", "dev")

    assert 0 == done.code
    assert 1 == stage.center.count("CreateToken", grant_type="refresh_token")


@pytest.mark.parametrize("command", ["whoami", "credentials"])
def test_a_dead_token_without_refresh_data_is_known_to_all(stage: Stage, command: str) -> None:
    """R6: what AWS has refused to one command ``status`` shows as over, not as signed in."""
    stage.signed_in_by_cli(lean=True)
    stage.center.kill_access_tokens()

    done = stage.tray(command, "--profile", "dev")

    assert 3 == done.code
    assert "expired" == stage.status()["state"]


@pytest.mark.parametrize(
    "words",
    [
        ("credentials", "--profile", "dev"),
        ("credentials", "--profile", "chain"),
        ("whoami", "dev"),
        ("exec", "dev", "--", "true"),
    ],
)
def test_a_token_file_of_another_portal_serves_nobody(
    either: Stage, words: tuple[str, ...]
) -> None:
    """Botocore uses such a token; here the session is signed out, and no role comes of it."""
    either.config.write_text(CONFIG + CHAIN)
    either.signed_in_by_cli()
    document = json.loads(either.file_of("corp").read_text())
    document["startUrl"] = "https://other.awsapps.com/start"
    either.write("corp", json.dumps(document).encode())

    done = either.tray(*words)

    assert 3 == done.code
    assert "signed-out" == either.status()["state"]
    assert 0 == either.center.count("GetRoleCredentials")


def _one_by_one(stage: Stage) -> int:
    """Ask for one role's credentials; return how often AWS has been asked for some so far."""
    done = stage.tray("credentials", "--profile", "dev")
    assert (0, "") == (done.code, done.err)
    return stage.center.count("GetRoleCredentials", role_name="FullAccess")


def test_a_renewal_fetches_no_role_anew_and_another_sign_in_does(stage: Stage) -> None:
    """Credentials outlive the token they were asked for with, but not the person who signed in."""
    stage.signed_in_by_cli()
    with stage.daemon():
        asked = [_one_by_one(stage)]
        stage.tray("renew", "corp")
        asked.append(_one_by_one(stage))
        before = stage.status()["token_expires_at"]
        stage.center.token_life = 7200.0
        stage.signed_in_by_cli()
        stage.until(lambda: stage.status()["token_expires_at"] != before)
        asked.append(_one_by_one(stage))

    assert [1, 1, 2] == asked
    assert 1 == stage.center.count("CreateToken", grant_type="refresh_token")


def test_good_credentials_are_given_while_aws_cannot_be_reached(stage: Stage) -> None:
    """A token that ended on the train takes no role along that is good for hours yet."""
    stage.center.token_life = 3.0
    stage.signed_in_by_cli()
    with stage.daemon():
        before = stage.tray("credentials", "--profile", "dev")
        for operation in ("CreateToken", "GetRoleCredentials", "ListAccounts"):
            stage.center.fault(operation, "reset", times=None)
        stage.wait_until_expired("corp")
        again = stage.tray("credentials", "--profile", "dev")
        other = stage.tray("credentials", "--profile", "reader")

    assert (0, "") == (before.code, before.err)
    assert (0, before.json()) == (again.code, again.json())
    assert (1, "") == (other.code, other.out)  # nothing was kept of that one


def test_an_expired_token_is_renewed_once_for_all_who_ask_at_once(stage: Stage) -> None:
    """Several programs that find the same old token make one renewal, and all get credentials."""
    stage.center.token_life = 0.5
    stage.signed_in_by_cli()
    stage.center.token_life = 3600.0
    stage.wait_until_expired("corp")
    running = [stage.start("credentials", "--profile", "dev") for _ in range(4)]

    outputs = [process.communicate()[0] for process in running]

    assert [0] * 4 == [process.returncode for process in running]
    assert all(json.loads(output)["Version"] == 1 for output in outputs)
    assert 1 == stage.center.count("CreateToken", grant_type="refresh_token")


def test_a_role_that_is_not_assigned_fails_and_leaves_the_session(either: Stage) -> None:
    """403 speaks of the role alone: exit code 1, and the session stays signed in (R6)."""
    either.signed_in_by_cli()

    done = either.tray("credentials", "--profile", "forbidden")

    assert (1, "") == (done.code, done.out)
    assert 1 == len(done.err.splitlines())
    assert "signed-in" == either.status()["state"]


def test_the_active_profile_is_meant_where_none_is_named(either: Stage) -> None:
    """Without ``--profile``: AWS_PROFILE, else the active one, else it must be said."""
    either.signed_in_by_cli()
    unnamed = either.tray("credentials")
    either.tray("use", "reader")

    active = either.tray("credentials")
    exported = either.tray("credentials", AWS_PROFILE="dev")

    assert 2 == unnamed.code
    assert "123456789012" == active.json()["AccountId"]
    assert "123456789011" == exported.json()["AccountId"]


def test_keys_of_a_user_are_handed_out_as_they_are(either: Stage) -> None:
    """A profile of another kind is boto3's to resolve; user keys do not expire."""
    done = either.tray("credentials", "--profile", "plain")

    assert {"Version", "AccessKeyId", "SecretAccessKey"} == set(done.json())


def test_a_circle_is_refused_by_name(either: Stage) -> None:
    """A profile whose credentials come from us would ask us for ever (F3)."""
    done = either.tray("credentials", "--profile", "around")

    assert (1, "") == (done.code, done.out)
    assert '"circle"' in done.err


def test_a_process_that_asks_for_another_profile_is_no_circle(either: Stage) -> None:
    """The name in its command is followed, and that profile gives the credentials."""
    either.signed_in_by_cli()
    own = f"{sys.executable} -m tray credentials --profile"
    either.config.write_text(
        f"{CONFIG}[profile other]\ncredential_process = {own} dev\n"
        f"[profile one]\ncredential_process = {own} two\n"
        f"[profile two]\ncredential_process = {own} one\n"
    )

    assert "SessionToken" in either.tray("credentials", "--profile", "other").json()
    assert '"two"' in either.tray("credentials", "--profile", "one").err


def test_a_process_that_asks_for_a_profile_without_sign_in_says_so(either: Stage) -> None:
    """The name is followed also to what it lacks: exit code and sentence are its own."""
    own = f"{sys.executable} -m tray credentials --profile"
    either.config.write_text(f"{CONFIG}[profile other]\ncredential_process = {own} dev\n")

    done = either.tray("credentials", "--profile", "other")

    assert (3, True) == (done.code, "sso-tray login corp" in done.err)


def test_a_profile_that_wants_a_code_is_refused(either: Stage) -> None:
    """Nobody is ever asked for an MFA code on a terminal that an SDK has taken."""
    done = either.tray("credentials", "--profile", "careful")

    assert (1, "") == (done.code, done.out)
    assert "MFA" in done.err


def test_unreachable_aws_is_1_in_a_sentence(stage: Stage) -> None:
    """Without a network the answer is short, and says who was not reached."""
    stage.signed_in_by_cli()

    done = stage.tray("credentials", "--profile", "dev", **stage.unreachable())

    assert (1, "") == (done.code, done.out)
    assert 1 == len(done.err.splitlines())
    assert "127.0.0.1" in done.err


def test_an_unreadable_file_is_named(stage: Stage) -> None:
    """A token cache file without a token fails by its name, and only a sign-in mends it."""
    stage.write("corp", b'{"expiresAt": "2030-01-01T00:00:00Z"}')

    done = stage.tray("credentials", "--profile", "dev")

    assert 3 == done.code
    assert stage.file_of("corp").name in done.err


def test_whoami_tells_user_account_and_role(either: Stage) -> None:
    """STS is asked, and its answer is taken apart for people."""
    either.signed_in_by_cli()

    done = either.tray("whoami", "--profile", "dev")

    lines = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert 0 == done.code
    assert ("ada", "123456789011", "FullAccess") == (
        lines["user"],
        lines["account"],
        lines["role"],
    )
    assert lines["arn"].startswith("arn:aws:sts::123456789011:assumed-role/")


def test_whoami_of_a_chain_names_its_role_session_not_a_user(either: Stage) -> None:
    """Whoever assumes a role names the session as he likes: that name is no user's."""
    either.signed_in_by_cli()
    either.config.write_text(CONFIG + CHAIN)

    done = either.tray("whoami", "--profile", "chain")

    lines = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert (0, {"session", "account", "role", "arn"}) == (done.code, set(lines)), done.err
    assert ("123456789012", "Deploy") == (lines["account"], lines["role"])
    assert lines["session"].startswith("botocore-session-")


def test_whoami_tells_of_the_credentials_that_are_given_out(stage: Stage) -> None:
    """It asks the portal for none where some are in memory; revoked ones are fetched anew."""
    stage.signed_in_by_cli()
    with stage.daemon():
        stage.tray("credentials", "--profile", "dev")
        held = stage.tray("whoami", "--profile", "dev")
        asked = [stage.center.count("GetRoleCredentials")]
        stage.center.fault("GetCallerIdentity", "InvalidClientTokenId", status=403)
        anew = stage.tray("whoami", "--profile", "dev")
        asked.append(stage.center.count("GetRoleCredentials"))

    assert [(0, ""), (0, "")] == [(done.code, done.err) for done in (held, anew)]
    assert [1, 2] == asked


def test_whoami_without_a_sign_in_is_3(either: Stage) -> None:
    """As with credentials: the command to type, and no page."""
    done = either.tray("whoami", "--profile", "dev")

    assert (3, "") == (done.code, done.out)
    assert "sso-tray login corp" in done.err


def test_who_asked_is_in_the_history(either: Stage) -> None:
    """The history knows which program got which profile's credentials, and no secret (F1)."""
    either.signed_in_by_cli()
    either.tray("credentials", "--profile", "dev")
    path = either.state / "history.jsonl"
    # The daemon writes it down after its answer, which we have already.
    until(lambda: path.exists() and '"credentials"' in path.read_text(), "it is written down")

    history = path.read_text()

    last = json.loads(history.splitlines()[-1])
    name = Path("/proc/self/comm").read_text().strip()
    assert ("credentials", "corp") == (last["what"], last["session"])
    assert f'dev ("123456789011/FullAccess"), to {name} ({os.getpid()})' == last["detail"]
    assert not [secret for secret in either.center.secrets() if secret in history]


def test_a_profile_just_added_works_at_once(either: Stage) -> None:
    """What the config says counts for the next command, whether a daemon has read it or not."""
    either.signed_in_by_cli()
    fresh = "[profile fresh]\nsso_session = corp\n"
    fresh += "sso_account_id = 123456789012\nsso_role_name = ReadOnly\n"
    either.config.write_text(CONFIG + fresh)

    done = either.tray("credentials", "--profile", "fresh")

    assert (0, "123456789012") == (done.code, done.json()["AccountId"])


def test_the_profile_may_be_an_argument(stage: Stage) -> None:
    """``whoami dev``, ``credentials dev`` and ``console dev`` are ``--profile dev``; once only."""
    stage.signed_in_by_cli()

    pairs = [
        (stage.tray(*command, "dev"), stage.tray(*command, "--profile", "dev"))
        for command in (["whoami"], ["console", "--print"])
    ]
    given = stage.given_out("credentials", "dev").json()
    twice = stage.tray("whoami", "dev", "--profile", "dev")

    assert [(0, True)] * 2 == [(one.code, one.out == two.out) for one, two in pairs]
    assert "AccessKeyId" in given
    assert (2, True) == (twice.code, "Give the profile once." in twice.err)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("credential_process = /no/such/program", "a file or program it names doesn't exist."),
        (
            "credential_process = sh -c 'exit 4'",
            "its credential_process failed; run that command ",
        ),
        (
            """credential_process = echo '{"Version":1}'""",
            "its credential_process doesn't print what",
        ),
        (
            """credential_process = echo '{"Version":2}'""",
            "its credential_process doesn't print what",
        ),
        ("credential_process = echo '[]'", "its credential_process doesn't print what AWS tools"),
        ("credential_process = echo no json", "its credential_process doesn't print JSON; run "),
        (
            "credential_process = printf '\\377'",
            "its credential_process doesn't print UTF-8; run that command ",
        ),
        (
            """credential_process = echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","""
            """"Expiration":"soon"}'""",
            "the Expiration that its credential_process prints isn't a date; run ",
        ),
        ("credential_process = echo 'x", "a value in it isn't valid, such as an unclosed quote"),
        (
            "role_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Environment",
            "its credential_source is Environment, but AWS_ACCESS_KEY_ID and AWS_SECRET_",
        ),
        (
            "role_arn = arn:aws:iam::123456789012:role/r\ncredential_source = EcsContainer",
            "its credential_source is EcsContainer, but this is no container with a role; ",
        ),
        (
            "role_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Ec2InstanceMetadata",
            "its credential_source is Ec2InstanceMetadata, but this is no EC2 instance ",
        ),
        (
            """credential_process = echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","""
            """"Expiration":"2020-01-01T00:00:00Z"}'""",
            "its source gives only expired credentials.",
        ),
        ("login_session = arn:aws:sts::123456789011:assumed-role/Admin/me", None),
    ],
)
def test_a_source_that_fails_is_explained_without_a_class_name(
    stage: Stage, source: str, why: str | None
) -> None:
    """What a profile's own source lacks is said in words."""
    stage.config.write_text(f"{stage.config.read_text()}\n[profile own]\n{source}\n")

    done = stage.tray("credentials", "own")

    said = f'The profile "own" has no credentials: {why}'
    if why is None:
        said = 'Nobody is signed in to the profile by "aws login". Run: aws login --profile own'
    assert 1 == done.code
    assert done.err.startswith(f"sso-tray: {said}")


def test_what_aws_login_keeps_is_used_and_never_written(stage: Stage) -> None:
    """While it lasts, ``credentials``, ``use`` and ``[default]`` work as in the AWS CLI."""
    name = "arn:aws:sts::123456789011:assumed-role/Admin/me"
    stage.config.write_text(f"{stage.config.read_text()}\n[profile own]\nlogin_session = {name}\n")
    kept = stage.home / f".aws/login/cache/{hashlib.sha256(name.encode()).hexdigest()}.json"
    kept.parent.mkdir(parents=True)
    token = {
        "accessKeyId": "ASIALOGIN",
        "secretAccessKey": "made-up",
        "sessionToken": "made-up-too",
        "accountId": "123456789011",
        "expiresAt": "2099-01-01T00:00:00Z",
    }
    rest = {"refreshToken": "r", "dpopKey": "k", "clientId": "c"}
    kept.write_text(json.dumps({"accessToken": token, **rest}))
    before = kept.read_bytes()

    given = stage.given_out("credentials", "own").json()
    stage.tray("use", "own")
    stage.tray("apply", "default")
    told, only = stage.tray("status").out, stage.tray("status", "corp").out
    after = kept.read_bytes()
    kept.write_text(json.dumps({"accessToken": {**token, "expiresAt": "2020-01-01T00:00:00Z"}}))
    expired, late = stage.tray("credentials", "own"), stage.tray("status").out
    kept.unlink()
    out, found = stage.tray("status").out, stage.tray("doctor", "--json").json()["findings"]

    assert ("ASIALOGIN", "2099-01-01T00:00:00Z") == (given["AccessKeyId"], given["Expiration"])
    assert stage.config.read_text().endswith(f"\n[default]\nlogin_session = {name}\n")
    assert 'use "own".' in told
    assert ' signed in by "aws login", keys until ' in told
    assert "aws login" not in only
    assert 'by "aws login", keys ended at ' in late
    assert " signed out; to sign in, run: aws login --profile own\n" in out
    assert "aws login --profile own" in {one["remedy"] for one in found}
    assert before == after
    assert (1, True) == (expired.code, "aws login --profile own" in expired.err)


@pytest.mark.parametrize("account", ['"123456789011"', "12345", "1234-5678-9011"])
def test_an_account_id_that_is_none_is_named(either: Stage, account: str) -> None:
    """AWS would only say that some value is wrong; it is not asked."""
    either.signed_in_by_cli()
    section = f"[profile odd]\nsso_session = corp\nsso_account_id = {account}\nsso_role_name = R\n"
    either.config.write_text(either.config.read_text() + section)

    done = either.tray("credentials", "odd")

    assert 1 == done.code
    assert 'The sso_account_id of the profile "odd" must be 12 digits' in done.err
    assert 0 == either.center.count("GetRoleCredentials")
