"""``apply``: what a bare aws sees, and what becomes of the user's own file."""

from __future__ import annotations

import json

import pytest

from tests.cli.stage import CONFIG, Stage
from tray.ipc.agent_client import AgentClient
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.paths import Paths
from tray.system.paths import world as world_of

_ARN = "print(session.client('sts', region_name='eu-west-1').get_caller_identity()['Arn'])"
ARN = f"import boto3; session = boto3.Session(); {_ARN}"


def default_of(stage: Stage) -> dict[str, str]:
    """Return the keys of ``[default]`` as boto3 reads them."""
    code = (
        "import botocore.session, json; s = botocore.session.Session()\n"
        "print(json.dumps(s.full_config['profiles'].get('default', {})))"
    )
    found: dict[str, str] = json.loads(stage.python(code))
    return found


def world(stage: Stage) -> ManagedContext:
    """Return what managed sections depend on, at a stage."""
    return ManagedContext(
        Paths.from_environment(stage.environ), (), lambda: ("/usr/bin/python3", "x")
    )


def of_the_user(stage: Stage) -> dict[str, bytes]:
    """Return the AWS files that are the user's own: all but the token cache."""
    aws = stage.config.parent
    return {
        str(path.relative_to(aws)): path.read_bytes()
        for path in aws.rglob("*")
        if path.is_file() and not path.is_relative_to(aws / "sso")
    }


@pytest.mark.parametrize("target", ["default", "process"])
def test_the_hosts_of_the_profile_follow(stage: Stage, target: str) -> None:
    """A government account's bare client calls FIPS hosts, as with the profile itself."""
    keys = {
        "use_fips_endpoint": "true",
        "use_dualstack_endpoint": "false",
        "services": "own",
        "endpoint_url": "https://all.example",
        "ca_bundle": "/etc/ca.pem",
        "sts_regional_endpoints": "regional",
    }
    own = "".join(f"{key} = {value}\n" for key, value in keys.items())
    text = stage.config.read_text().replace("[profile dev]\n", f"[profile dev]\n{own}")
    stage.config.write_text(text)
    stage.tray("use", "dev")

    stage.tray("apply", target)

    name = "default" if target == "default" else "sso-tray"
    code = (
        "import botocore.session, json; s = botocore.session.Session()\n"
        f"print(json.dumps(s.full_config['profiles'].get({name!r}, {{}})))"
    )
    assert keys.items() <= json.loads(stage.python(code)).items()


def test_default_follows_and_leaves_no_trace(either: Stage) -> None:
    """After one ``apply`` each ``use`` turns a bare boto3; ``--off`` restores every byte."""
    before = either.config.read_bytes()
    either.signed_in_by_cli()
    files = of_the_user(either)
    either.tray("use", "dev")
    untouched = either.config.read_bytes()
    assert files == of_the_user(either)

    applied_ = either.tray("apply", "default")
    first = either.python(ARN)
    either.tray("use", "reader")
    second = either.python(ARN)
    either.tray("use", "-")
    third = default_of(either)["sso_role_name"]
    status = either.tray("status", "--json").json()
    off = either.tray("apply", "default", "--off")

    assert (before, 0, 0) == (untouched, applied_.code, off.code)
    assert ["FullAccess", "ReadOnly"] == [arn.split("_")[1] for arn in (first, second)]
    assert ("FullAccess", ["default"]) == (third, status["applies"])
    assert before == either.config.read_bytes()


def test_the_managed_default_is_no_profile_of_the_session(stage: Stage) -> None:
    """It is "other", of no session, and cannot be picked: it would follow itself (S3, A7)."""
    stage.tray("use", "dev")
    stage.tray("apply", "default")

    listed = stage.tray("profiles", "--json").json()["profiles"]
    refused = stage.tray("use", "default")

    kinds = {one["name"]: (one["kind"], one["session"]) for one in listed}
    assert (("other", None), ("sso", "corp")) == (kinds["default"], kinds["dev"])
    assert "default" not in stage.status()["profiles"]
    assert (1, "dev") == (refused.code, stage.tray("status", "--json").json()["active_profile"])


@pytest.mark.parametrize(
    ("file", "line"),
    [(".aws/config", len(CONFIG.splitlines()) + 1), (".aws/credentials", 2)],
)
def test_a_default_with_credentials_is_refused_by_its_line(
    stage: Stage, file: str, line: int
) -> None:
    """Nobody's own credentials are replaced; file and line are named."""
    path = stage.home / file
    head = CONFIG if file.endswith("config") else "# mine\n"
    path.write_text(head + "[default]\naws_access_key_id = AKIAX\naws_secret_access_key = y\n")
    before = path.read_bytes()

    done = stage.tray("apply", "default")

    assert (1, before) == (done.code, path.read_bytes())
    assert f"{path}, line {line}: [default]" in done.err


def test_the_users_own_keys_stay(stage: Stage) -> None:
    """A region of theirs wins over the profile's; taking ours back leaves their lines."""
    own = CONFIG + "[default]\n# mine\nregion = ap-south-1\ncli_pager =\n"
    stage.config.write_text(own)
    stage.tray("use", "dev")

    stage.tray("apply", "default")
    mine = default_of(stage)
    stage.tray("apply", "default", "--off")

    assert ("ap-south-1", "FullAccess", "") == (
        mine["region"],
        mine["sso_role_name"],
        mine["cli_pager"],
    )
    assert own == stage.config.read_text()


def test_while_a_guarded_profile_is_active_nothing_of_it_stands_there(stage: Stage) -> None:
    """A bare aws never is production by a click on another day (A3, A7)."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["READ*"]\n')
    stage.tray("use", "dev")
    stage.tray("apply", "default")

    stage.tray("use", "reader")
    guarded = stage.config.read_text()
    stage.tray("use", "dev")
    again = default_of(stage)

    assert (CONFIG, "FullAccess") == (guarded, again["sso_role_name"])


@pytest.mark.parametrize("settings", ['[warnings]\nminutes_before = "15"\n', "[warnings"])
def test_a_mistake_in_the_settings_never_leaves_another_account(
    stage: Stage, settings: str
) -> None:
    """A1: a bad key does not keep ``use`` from its work; where it cannot work, it fails."""
    stage.tray("use", "dev")
    stage.tray("apply", "default")
    file = stage.home / ".config/sso-tray/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(settings)

    done = stage.tray("use", "reader")
    status = stage.tray("status", "--json").json()

    role = default_of(stage)["sso_role_name"]
    right = {0: ("reader", "ReadOnly"), 1: ("dev", "FullAccess")}
    assert right[done.code] == (status["active_profile"], role)
    assert (1 if settings == "[warnings" else 0) == done.code
    assert str(file) in status["problems"][0]


@pytest.mark.parametrize("settings", ["guarded = 3", "[warnings"])
def test_the_last_good_guard_holds_while_the_settings_are_broken(
    either: Stage, settings: str
) -> None:
    """A7: the guard outlives a mistake, and a guarded profile is never picked by "-"."""
    file = either.home / ".config/sso-tray/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('guarded = ["READ*"]\n')
    either.tray("use", "dev")
    either.tray("apply", "default")
    file.write_text(settings)

    picked = either.tray("use", "reader")
    guarded = either.config.read_text()
    either.tray("use", "dev")
    back = either.tray("use", "-")

    assert (0, CONFIG) == (picked.code, guarded)
    assert (1, "FullAccess") == (back.code, default_of(either)["sso_role_name"])
    assert "sso-tray use reader" in back.err


def test_without_any_good_guard_what_stands_is_left_alone(either: Stage) -> None:
    """A7: nothing is picked or applied until the settings are fixed; nothing is taken out."""
    file = either.home / ".config/sso-tray/config.toml"
    file.parent.mkdir(parents=True)
    either.tray("use", "dev")
    either.tray("apply", "default")
    file.write_text("gone = 1\nguarded = 3")
    either.until(lambda: str(file) in either.tray("status", "--json").out)

    done = [either.tray("use", "reader"), either.tray("use", "dev")]
    role = default_of(either)["sso_role_name"]
    either.tray("apply", "default", "--off")
    done.append(either.tray("apply", "default"))

    assert [1, 0, 1] == [one.code for one in done]
    assert ("FullAccess", {}) == (role, default_of(either))
    assert "guarded must be a list of name patterns. SSO Tray doesn't know" in done[0].err


def test_a_pick_that_cannot_be_written_fails(stage: Stage) -> None:
    """With a daemon as without one: on a full disk, or while another process holds the lock."""
    with stage.daemon():
        stage.tray("use", "dev")
        stage.tray("apply", "default")
        with FileLock(lock_path(stage.state, "state")):
            done = stage.tray("use", "reader")
        active = stage.tray("status", "--json").json()["active_profile"]

    assert (1, "") == (done.code, done.out)
    assert ("dev", "FullAccess") == (active, default_of(stage)["sso_role_name"])


def test_use_fails_where_default_is_somebody_elses(stage: Stage) -> None:
    """Never success in words alone: our keys go out, the other's stay, and the way out is said."""
    stage.tray("use", "dev")
    stage.tray("apply", "default")
    changed = stage.config.read_text().replace(
        "[default]\nsso_session = corp", "[default]\nsso_session = other"
    )
    stage.config.write_text(changed)

    moved = stage.tray("use", "reader")
    left = default_of(stage)
    again = stage.tray("use", "dev")
    told = stage.tray("status", "--json").json()["problems"]
    refused = stage.tray("apply", "default")
    off = stage.tray("apply", "default", "--off")
    after = stage.tray("use", "reader")

    assert {"sso_session": "other", "region": "eu-west-1"} == left
    assert [1, 1, 1, 0, 0] == [one.code for one in (moved, again, refused, off, after)]
    assert "sso-tray apply default --off" in moved.err
    assert any("[default]" in one for one in told)
    assert {"sso_session": "other"} == default_of(stage)


@pytest.mark.parametrize("record", ["{", '{"version": 9}'])
def test_use_fails_where_the_record_cannot_be_read(stage: Stage, record: str) -> None:
    """Without knowing what is ours nothing is written, and ``use`` says so with exit code 1."""
    stage.tray("use", "dev")
    stage.tray("apply", "default")
    (stage.state / "applied.json").write_text(record)

    done = stage.tray("use", "reader")

    assert (1, "FullAccess") == (done.code, default_of(stage)["sso_role_name"])
    assert str(stage.state / "applied.json") in done.err


def test_a_profile_that_vanishes_takes_default_along(stage: Stage) -> None:
    """A daemon follows a pick in its menu, and the config: never another account (A7)."""
    stage.signed_in_by_cli()
    stage.tray("use", "reader")
    stage.tray("apply", "default")
    with stage.daemon():
        with AgentClient(
            Paths.from_environment(stage.environ).runtime_sockets, world_of(stage.environ)
        ) as menu:
            menu.done("use", profile="dev")
        stage.until(lambda: default_of(stage).get("sso_role_name") == "FullAccess")
        gone = stage.config.read_text().replace("[profile dev]", "[profile renamed]")
        stage.config.write_text(gone)
        stage.until(lambda: "[default]" not in stage.config.read_text())
        document = stage.tray("status", "--json").json()

    assert None is document["active_profile"]
    assert ["default"] == document["applies"]


def test_other_kinds_and_chains_follow_too(stage: Stage) -> None:
    """A chain by its own keys, anything else by the hand-out (A3)."""
    stage.config.write_text(
        CONFIG + "[profile chain]\nrole_arn = arn:aws:iam::123456789012:role/x\n"
        "source_profile = dev\nexternal_id = e\nregion = eu-west-1\n"
    )
    stage.tray("use", "chain")
    stage.tray("apply", "default")
    chained = default_of(stage)
    stage.tray("use", "plain")
    other = default_of(stage)

    assert {
        "role_arn": "arn:aws:iam::123456789012:role/x",
        "source_profile": "dev",
        "external_id": "e",
        "region": "eu-west-1",
    } == chained
    assert ["credential_process"] == list(other)
    assert stage.python("import boto3; print(boto3.Session().get_credentials().access_key)") == (
        "AKIAIOSFODNN7EXAMPLE"
    )


def test_the_profile_sso_tray_always_is_the_active_one(either: Stage) -> None:
    """AWS_PROFILE=sso-tray is set once; its region follows, and it goes without a trace."""
    before = either.config.read_bytes()
    either.signed_in_by_cli()
    either.tray("use", "dev")
    either.tray("apply", "process")
    first = either.boto3("sso-tray", "print(session.region_name)\n" + _ARN)
    either.tray("use", "reader")
    second = either.boto3("sso-tray", "print(session.region_name)\n" + _ARN)
    again = either.tray("apply", "process")
    either.tray("apply", "process", "--off")

    assert ["eu-west-1", "FullAccess"] == [first.split()[0], first.split("_")[1]]
    assert ["None", "ReadOnly"] == [second.split()[0], second.split("_")[1]]
    assert (0, before) == (again.code, either.config.read_bytes())


@pytest.mark.parametrize("step", ["noted", "backed-up", "temp-written", "renamed"])
def test_killed_at_any_step_it_can_be_repeated_and_taken_back(stage: Stage, step: str) -> None:
    """What was written is known as ours whenever a process dies."""
    before = stage.config.read_bytes()
    stage.tray("use", "dev")
    managed_sections.apply(world(stage), "default")
    stage.tray("use", "reader")

    def die(name: str) -> None:
        if name == step:
            raise KeyboardInterrupt

    managed_sections.take_back(world(stage), "default")
    with pytest.raises(KeyboardInterrupt):
        managed_sections.apply(world(stage), "default", seam=die)
    managed_sections.apply(world(stage), "default")
    role = default_of(stage)["sso_role_name"]
    with pytest.raises(KeyboardInterrupt):
        managed_sections.take_back(world(stage), "default", seam=die)
    managed_sections.take_back(world(stage), "default")

    assert ("ReadOnly", before) == (role, stage.config.read_bytes())
