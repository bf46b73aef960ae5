"""``exec`` as a script uses it: what the child finds, how it ends, and what ends it."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.stage import CONFIG, PATIENCE, Stage
from tests.components import require
from tests.system.test_transport import ROOT_ONLY, SECOND_USER, as_second_user
from tray.cli.exec.exec_command import without_credentials

ENVIRON = "import json, os; print(json.dumps(dict(os.environ)))"
WHO = (
    "import boto3; s = boto3.Session(); "
    "print(s.get_credentials().method, s.region_name, "
    "s.client('sts').get_caller_identity()['Arn'])"
)
PYTHON = sys.executable

SHADOWS: dict[str, str | None] = {
    "AWS_PROFILE": "reader",
    "AWS_ACCESS_KEY_ID": "AKIASHADOW",
    "AWS_SECRET_ACCESS_KEY": "shadow",
    "AWS_SESSION_TOKEN": "shadow",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789011:role/shadow",
}


def test_the_child_has_the_credentials_and_nothing_that_shadows_them(either: Stage) -> None:
    """Keys, token and region are those of the profile; the caller's own are gone."""
    either.signed_in_by_cli()

    done = either.given_out("exec", "--profile", "dev", "--", PYTHON, "-c", WHO, **SHADOWS)
    environ = either.given_out(
        "exec", "--profile", "dev", "--", PYTHON, "-c", ENVIRON, **SHADOWS
    ).json()

    method, region, arn = done.out.split()
    assert (0, "env", "eu-west-1") == (done.code, method, region)
    assert ":assumed-role/AWSReservedSSO_FullAccess_" in arn
    assert {"AWS_PROFILE", "AWS_ROLE_ARN"}.isdisjoint(environ)
    assert "shadow" not in " ".join(environ.values()).lower()


def test_the_child_calls_the_hosts_of_the_profile(stage: Stage) -> None:
    """FIPS, dual-stack, CA bundle and endpoints of the profile follow; an exported one wins."""
    stage.signed_in_by_cli()
    own = "use_fips_endpoint = true\nuse_dualstack_endpoint = true\nservices = own\n"
    text = stage.config.read_text().replace("[profile dev]\n", f"[profile dev]\n{own}")
    stage.config.write_text(f"{text}\n[services own]\ns3 =\n  endpoint_url = https://s3.example\n")

    environ = stage.given_out(
        "exec", "--profile", "dev", "--", PYTHON, "-c", ENVIRON, AWS_USE_DUALSTACK_ENDPOINT="false"
    ).json()

    assert ("true", "false", "https://s3.example") == (
        environ["AWS_USE_FIPS_ENDPOINT"],
        environ["AWS_USE_DUALSTACK_ENDPOINT"],
        environ["AWS_ENDPOINT_URL_S3"],
    )


def test_the_endpoint_begins_with_what_was_fetched_for_it(stage: Stage) -> None:
    """Without a daemon, too, the first request waits for no process of ours."""
    stage.signed_in_by_cli()

    done = stage.tray("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c", WHO)

    assert (0, "container-role") == (done.code, done.out.split()[0])
    assert 1 == stage.center.count("GetRoleCredentials")


@pytest.mark.parametrize("how", [(), ("--endpoint",)], ids=["environment", "endpoint"])
def test_it_ends_as_env_does(stage: Stage, how: tuple[str, ...]) -> None:
    """The child's status is ours; 127 and 126 for a command that is not, or cannot be run."""
    stage.signed_in_by_cli()
    (stage.home / "text").write_text("no program")
    run = ("exec", "--profile", "dev", *how, "--")

    ended = [
        stage.tray(*run, "sh", "-c", "exit 42"),
        stage.tray(*run, "no-such-command"),
        stage.tray(*run, str(stage.home / "text")),
    ]

    assert [42, 127, 126] == [done.code for done in ended]
    assert ["", 1, 1] == [ended[0].err, *[len(done.err.splitlines()) for done in ended[1:]]]


def test_what_fails_before_the_child_starts_is_3_or_125(stage: Stage) -> None:
    """A sign-in that is needed, a profile that is not, wrong use: no command is run."""
    told = [
        stage.tray("exec", "--profile", "dev", "--", "touch", "ran"),
        stage.tray("exec", "--profile", "nobody", "--", "touch", "ran"),
        stage.tray("exec", "--profile", "around", "--", "touch", "ran"),
        stage.tray("exec", "--", "touch", "ran"),
        stage.tray("exec", "--profile", "dev"),
    ]

    assert [3, 125, 125, 125, 125] == [done.code for done in told]
    assert "sso-tray login corp" in told[0].err
    assert not (stage.home / "ran").exists()
    assert [] == stage.opened()


@pytest.mark.parametrize("how", [(), ("--endpoint",)], ids=["environment", "endpoint"])
def test_the_profile_may_stand_before_the_command(stage: Stage, how: tuple[str, ...]) -> None:
    """``exec PROFILE -- COMMAND``; a mistyped profile runs nothing, and ``ls -- -x`` is ``ls``."""
    stage.signed_in_by_cli()

    named = stage.tray("exec", *how, "dev", "--", PYTHON, "-c", WHO)
    mistyped = stage.tray("exec", *how, "dve", "--", "touch", "ran")
    stage.tray("use", "dev")
    dashes = stage.tray("exec", *how, "printf", "--", "%s", "--")

    assert (0, True) == (named.code, ":assumed-role/AWSReservedSSO_FullAccess_" in named.out)
    assert (125, True) == (mistyped.code, 'Did you mean "dev"' in mistyped.err)
    assert not (stage.home / "ran").exists()
    assert (0, "--") == (dashes.code, dashes.out)


@pytest.mark.parametrize("given", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_pass_to_the_child_of_an_endpoint(stage: Stage, given: signal.Signals) -> None:
    """What we are told reaches the child, which decides what it means."""
    stage.signed_in_by_cli()
    child = (
        "import signal, sys\n"
        f"signal.pthread_sigmask(signal.SIG_BLOCK, [{int(given)}])\n"
        "print('ready', flush=True)\n"
        f"signal.sigwait([{int(given)}])\nsys.exit(7)"
    )

    with stage.start(
        "exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c", child
    ) as running:
        assert running.stdout is not None
        assert "ready\n" == running.stdout.readline()
        running.send_signal(given)
        code = running.wait(PATIENCE)

    assert 7 == code


def test_a_child_ended_by_a_signal_is_told_as_a_shell_does(stage: Stage) -> None:
    """128 and the signal's number, with an endpoint; without one we were the child."""
    stage.signed_in_by_cli()
    command = ("sh", "-c", "kill -9 $$")

    beside = stage.tray("exec", "--profile", "dev", "--endpoint", "--", *command)
    became = stage.tray("exec", "--profile", "dev", "--", *command)

    assert (128 + 9, -9) == (beside.code, became.code)


def test_the_endpoint_wins_over_a_default_with_credentials(either: Stage) -> None:
    """boto3 takes the endpoint's where ``[default]`` would give others; other names work."""
    either.signed_in_by_cli()
    either.config.write_text(
        CONFIG + "[default]\naws_access_key_id = AKIASHADOW\naws_secret_access_key = shadow\n"
    )
    before = either.config.read_bytes()
    run = ("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c")

    done = either.tray(*run, WHO, **SHADOWS)
    named = either.tray(
        *run, "import boto3; print(boto3.Session(profile_name='reader').profile_name)"
    )

    method, region, arn = done.out.split()
    assert ("container-role", "eu-west-1") == (method, region)
    assert ":assumed-role/AWSReservedSSO_FullAccess_" in arn
    assert (0, "reader\n") == (named.code, named.out)
    assert before == either.config.read_bytes()
    assert [] == list(either.home.rglob("exec-*"))


KILLED = """
import os, signal, sys
print(os.environ["AWS_CONFIG_FILE"], os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
      flush=True)
sys.stdin.readline()
"""


def test_killed_it_leaves_no_secret_and_the_next_start_tidies_up(stage: Stage) -> None:
    """Killed with -9: the copy of the config has no keys, and is gone after the next start."""
    stage.signed_in_by_cli()
    stage.config.write_text(
        CONFIG + "[default]\naws_access_key_id = AKIASHADOW\naws_session_token: shadow-t\n"
        "AWS_Secret_Access_Key = shadow-s\n"
    )
    run = ("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c")

    with stage.start(*run, KILLED, with_input=True) as running:
        assert running.stdout is not None
        copy, token = (Path(name) for name in running.stdout.readline().split())
        running.kill()
        running.communicate()
    left = copy.read_text()
    before = token.exists()
    done = stage.tray(*run, "")

    assert (0, True, False, False) == (done.code, before, copy.exists(), token.exists())
    assert "shadow" not in left.lower()
    assert "[profile reader]" in left
    assert [] == list(stage.home.rglob("exec-*"))


def test_a_copy_of_a_config_has_no_secrets() -> None:
    """Keys go with their continuation lines, however they are written; all else stays."""
    config = (
        b"[default]\nregion = r\n  aws_secret_access_key=one\naws_session_token =\n  two\n"
        b"\n# comment\n\tthree\n"
        b"[profile x]\nAWS_SECRET_ACCESS_KEY: four\noutput = json\ns3 =\n  a = b\n"
    )

    assert (
        b"[default]\nregion = r\n\n# comment\n[profile x]\noutput = json\ns3 =\n  a = b\n"
    ) == without_credentials(config)


@pytest.mark.parametrize(
    "form",
    [
        "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ReadOnly\n",
        "[default]\n  role_arn = arn:aws:iam::1:role/x\n  source_profile = plain\n",
        "[profile default]\nregion = r\ncredential_process = /bin/false\nsso_region = r\n",
        '[profile "default"]\nlogin_session = arn:aws:iam::1:user/x\n',
        "[default]\naws_access_key_id = AKIASHADOW\naws_secret_access_key = shadow\n",
    ],
)
def test_no_profile_is_named_where_the_endpoint_works_without(stage: Stage, form: str) -> None:
    """Serverless 3 looks for keys in the profile that ``AWS_PROFILE`` names: none is named."""
    stage.signed_in_by_cli()
    stage.config.write_text(f"{CONFIG}{form}[profile last]\noutput = text\n")
    run = ("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c")

    environ = stage.tray(*run, ENVIRON).json()
    who = stage.tray(*run, WHO)
    rest = stage.tray(*run, "import os; print(open(os.environ['AWS_CONFIG_FILE']).read())").out

    assert "AWS_PROFILE" not in environ
    assert ["container-role", "eu-west-1"] == who.out.split()[:2]
    assert "FullAccess_" in who.out
    assert "[profile last]\noutput = text\n" in rest


def test_keys_in_the_credentials_file_need_a_profile(stage: Stage) -> None:
    """Nothing else keeps SDKs from them: one without credentials is named."""
    stage.signed_in_by_cli()
    (stage.home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = AKIASHADOW\naws_secret_access_key = shadow\n"
    )
    run = ("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c")

    environ, who = stage.tray(*run, ENVIRON).json(), stage.tray(*run, WHO)

    assert "sso-tray-exec" == environ["AWS_PROFILE"]
    assert ["container-role", "eu-west-1"] == who.out.split()[:2]


def test_inside_an_endpoint_our_commands_see_the_users_own_config(stage: Stage) -> None:
    """SDKs read a copy; what a command of ours changes there is not lost."""
    stage.signed_in_by_cli()
    stage.config.write_text(CONFIG + "[default]\naws_access_key_id = AKIA\n"
                            "aws_secret_access_key = s\n")  # fmt: skip
    inside = (
        "import os, subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'tray', 'apply', 'process'], check=True); "
        "print(os.environ['AWS_CONFIG_FILE'])"
    )

    done = stage.tray("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c", inside)
    config = stage.tray(
        "exec", "--profile", "dev", "--endpoint", "--",
        PYTHON, "-m", "tray", "doctor", "--json",
    )  # fmt: skip

    assert (0, True) == (done.code, "exec-" in done.out.splitlines()[-1]), done.err
    assert "[profile sso-tray]" in stage.config.read_text()
    assert "exec-" not in config.out


def test_inside_an_endpoint_add_says_when_programs_there_see_it(stage: Stage) -> None:
    """It is in the config at once, and not in the copy that programs there read."""
    stage.signed_in_by_cli()
    stage.tray("use", "dev")
    stage.tray("apply", "default")

    done = stage.tray(
        "exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-m", "tray",
        "add", "corp", "--account", "123456789011", "--role", "ReadOnly", "--region", "eu-west-1",
    )  # fmt: skip

    assert (0, 1) == (done.code, stage.config.read_text().count("-ReadOnly]")), done.err
    assert 'Programs here get them once "exec --endpoint" is started again.' in done.err


def test_inside_an_endpoint_status_says_who_a_bare_client_is(either: Stage) -> None:
    """It is not the active profile, although `[default]` of the user's own config is."""
    either.signed_in_by_cli()
    either.tray("use", "dev")
    either.tray("apply", "default")
    inside = (
        "import boto3, subprocess, sys; s = boto3.Session(region_name='eu-west-1'); "
        "print(s.client('sts').get_caller_identity()['Arn'], flush=True); "
        "[subprocess.run([sys.executable, '-m', 'tray', one]) for one in ('status', 'doctor')]"
    )

    done = either.tray("exec", "--profile", "reader", "--endpoint", "--", PYTHON, "-c", inside)

    told = " ".join(done.out.split())
    assert "AWSReservedSSO_ReadOnly_" in done.out.splitlines()[0]
    assert 2 == told.count("aws, boto3 and the JavaScript SDK use the container's credentials.")
    assert 'JavaScript SDK use "dev"' not in told


def test_loopback_is_kept_from_proxies(stage: Stage) -> None:
    """The child asks no proxy for the endpoint; what the user has excluded stays so."""
    stage.signed_in_by_cli()
    run = ("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c", ENVIRON)

    environ = stage.tray(*run, NO_PROXY="intranet, localhost").json()

    expected = "intranet,localhost,127.0.0.1,::1"
    assert [expected] * 2 == [environ["NO_PROXY"], environ["no_proxy"]]


def test_the_endpoint_has_no_credentials_in_the_environment(stage: Stage) -> None:
    """Only where it is and the token that opens it; a profile without region sets none."""
    stage.signed_in_by_cli()
    run = ("exec", "--profile", "reader", "--endpoint", "--", PYTHON, "-c", ENVIRON)

    environ = stage.tray(*run, **SHADOWS).json()

    aws = {name for name in environ if name.startswith("AWS_")} - set(stage.environ)
    assert {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    } == aws


ANOTHER = """
import json, sys, urllib.error, urllib.request
url, *processes = sys.argv[1:]
told = []
for path in processes:
    try:
        told.append(len(open(path, "rb").read()))
    except OSError as error:
        told.append(type(error).__name__)
for headers in {}, {"Authorization": "x" * 43}, {"Authorization": sys.stdin.readline().strip()}:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            told.append(answer.status)
    except (urllib.error.URLError, ConnectionError) as error:
        told.append("turned away")
print(json.dumps(told))
"""


@ROOT_ONLY
def test_another_user_is_turned_away_even_with_the_token(stage: Stage) -> None:
    """No one else can read it, and it would not help: dropped, said and logged once."""
    stage.signed_in_by_cli()
    child = (
        "import json, os; print(json.dumps([os.getpid(), dict(os.environ)]), flush=True);input()"
    )
    run = ("exec", "--profile", "dev", "--endpoint", "--", PYTHON, "-c", child)

    with stage.start(*run, with_input=True) as running:
        assert running.stdout is not None
        pid, environ = json.loads(running.stdout.readline())
        url = environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        token = environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        lines = b"".join(read_lines(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
        held = Path(f"/proc/{pid}/environ").read_bytes()
        processes = [f"/proc/{one}/environ" for one in (pid, running.pid)]
        his = as_second_user(ANOTHER, url, *processes, typed=token)
        _, said = running.communicate("\n", timeout=PATIENCE)

    away = ["turned away"] * 3
    assert (True, False) == (token.encode() in held, token.encode() in lines)
    assert ["PermissionError", "PermissionError", *away] == json.loads(his.stdout)
    log = (stage.state / "sso-tray.log").read_text()
    told = f"Another user of this computer (uid {SECOND_USER})"
    assert (1, 1) == (said.count(told), log.count(told))


def read_lines(path: Path) -> bytes:
    """Return a process's command line; nothing where it has ended meanwhile."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}


def _given(lines: str) -> dict[str, str]:
    """Return what ``env`` lines say, taken apart without a shell."""
    words = (line.removeprefix("export ").partition("=") for line in lines.splitlines())
    return {name: shlex.split(value)[0] for name, _, value in words if name in _VARIABLES}


def test_every_format_says_the_same(stage: Stage) -> None:
    """json, process, env, fish (by a real fish) and PowerShell: one role's credentials."""
    stage.signed_in_by_cli()
    with stage.daemon():
        said = {
            name: stage.given_out("credentials", "--profile", "dev", "--format", name).out
            for name in ("process", "json", "env", "fish", "powershell")
        }
    script = "".join(f"; echo ${name}" for name in _VARIABLES)
    fish = subprocess.run(
        [require("fish"), "--no-config", "-c", said["fish"] + script],
        env={**stage.environ, "AWS_SESSION_TOKEN": "older"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    document = json.loads(said["process"])
    expected = {name: document[member] for name, member in _VARIABLES.items()}
    assert {**document, "Profile": "dev", "Region": "eu-west-1"} == json.loads(said["json"])
    assert [expected, expected] == [_given(said["env"]), dict(zip(_VARIABLES, fish, strict=True))]
    assert {f"$Env:{name} = '{value}'" for name, value in expected.items()} <= set(
        said["powershell"].splitlines()
    )


def test_the_format_env_is_taken_by_a_posix_shell(stage: Stage) -> None:
    """POSIX shells take ``env``; what older credentials left is unset."""
    stage.signed_in_by_cli()
    script = 'eval "$1"; python3 -c "import json, os; print(json.dumps(dict(os.environ)))"'

    text = stage.given_out("credentials", "--profile", "dev", "--format", "env").out
    user = stage.given_out("credentials", "--profile", "plain", "--format", "env").out
    told = [
        json.loads(
            subprocess.run(
                ["sh", "-c", script, "sh", lines],
                env={**stage.environ, "AWS_SESSION_TOKEN": "older"},
                capture_output=True,
                check=True,
            ).stdout
        )
        for lines in (text, user)
    ]

    assert _given(text) == {name: told[0].get(name) for name in _VARIABLES}
    assert "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" == told[1]["AWS_SECRET_ACCESS_KEY"]
    assert "AWS_SESSION_TOKEN" not in told[1]
