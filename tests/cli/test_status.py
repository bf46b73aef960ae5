"""What ``status`` tells, to people and to programs."""

from __future__ import annotations

import json
import signal
import sys

import pytest

from tests.cli.stage import CONFIG, PATIENCE, Stage
from tests.schema import validate


def test_status_reads_files_only_and_asks_nobody(stage: Stage) -> None:
    """Without a daemon neither AWS nor the keyring is asked, even about an old token (C2)."""
    stage.signed_in_by_cli()
    stage.center.advance(7200)

    done = stage.tray("status")

    assert 0 == done.code
    assert "signed in" in done.out
    assert () == stage.center.requests


def test_the_document_keeps_to_its_schema(either: Stage) -> None:
    """``status --json`` is what tests/data/schema/status.json promises (C5)."""
    either.signed_in_by_cli()

    document = either.tray("status", "--json").json()

    validate("status", document)
    assert ["corp", "other", "https://legacy.awsapps.com/start"] == [
        entry["key"] for entry in document["sessions"]
    ]


def test_a_resident_shows_itself(stage: Stage) -> None:
    """``daemon`` holds the pid of the very process that ``run`` became."""
    with stage.daemon() as process:
        document = stage.tray("status", "--json").json()

    assert process.pid == document["resident"]["pid"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((), 0),
        (("corp",), 0),
        (("dev",), 0),
        (("other",), 3),
        (("corp", "other"), 3),
        (("nobody",), 2),
    ],
)
def test_exit_codes(stage: Stage, names: tuple[str, ...], code: int) -> None:
    """0: all named are usable now; 3: one needs a person; 2: no such name (C1, C2)."""
    stage.signed_in_by_cli()

    done = stage.tray("status", *names)

    assert code == done.code
    assert (code == 2) == bool(done.err)


def test_an_unknown_name_is_answered_with_what_there_is(either: Stage) -> None:
    """One sentence lists the sessions that can be named."""
    done = either.tray("status", "crop")

    assert (2, "") == (done.code, done.out)
    assert "crop" in done.err
    assert "corp" in done.err


def test_an_exported_profile_wins_and_status_says_so(either: Stage) -> None:
    """People see which of the two profiles counts in their terminal (F3)."""
    either.tray("use", "dev")

    done = either.tray("status", AWS_PROFILE="far")

    assert "Active profile: dev" in done.out
    assert 'aws, boto3 and the JavaScript SDK use "far" (AWS_PROFILE).' in done.out


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_PROFILE": "far", "AWS_DEFAULT_PROFILE": "plain"},
        {"AWS_PROFILE": "gone\x1b"},
        {"AWS_ACCESS_KEY_ID": "A"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/", "TZ": "Asia/Tokyo"},
    ],
)
def test_the_words_are_the_same_with_a_daemon(stage: Stage, variables: dict[str, str]) -> None:
    """Whether the daemon or the command writes them: of sessions, problems and bare clients."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("unknown = 1\n")
    stage.signed_in_by_cli(lean=True)
    alone = stage.tray("status", **variables)
    with stage.daemon():
        by_daemon = stage.tray("status", **variables)

    started = "SSO Tray isn't running. To start it: sso-tray start\n"
    assert (0, "") == (by_daemon.code, by_daemon.err)
    assert alone.out.replace(started, "") == by_daemon.out
    assert alone.out != by_daemon.out


def test_status_says_what_a_bare_client_gets(stage: Stage) -> None:
    """Computed from the files: nothing, then the active profile, and nothing while guarded."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["READER"]\n')
    told = []
    for words in (("use", "dev"), ("apply", "default"), ("use", "reader"), ("use", "dev")):
        stage.tray(*words)
        told.append(stage.tray("status").out)
    (stage.home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
    )
    told.append(stage.tray("status").out)

    clients = "Without --profile, aws, boto3 and the JavaScript SDK"
    nothing, dev = f"{clients} find no credentials.", f'{clients} use "dev".'
    split = 'aws and boto3 use "dev"; the JavaScript SDK uses the keys of [default].'
    found = [next(one for one in (nothing, dev, split) if one in text) for text in told]
    assert [nothing, dev, nothing, dev, split] == found


def test_a_torn_file_is_never_called_signed_out(stage: Stage) -> None:
    """A cut file is looked at again, and at last named as what it is (K3)."""
    stage.signed_in_by_cli()
    whole = stage.file_of("corp").read_bytes()
    stage.write("corp", whole[: len(whole) // 2])

    entry = stage.status()

    assert ("unreadable", "torn-file") == (entry["state"], entry["reason"])


def test_a_bad_file_is_named(either: Stage) -> None:
    """A whole file without a token is unreadable, not signed out."""
    either.write("corp", b'{"startUrl": "x"}')

    done = either.tray("status", "corp")

    assert 3 == done.code
    assert "token file damaged" in done.out


def test_names_cannot_write_to_the_terminal(stage: Stage) -> None:
    """An escape sequence in the config is shown, not obeyed (fault: hostile names)."""
    stage.config.write_text(CONFIG.replace("[sso-session other]", "[sso-session o\x1b[31mr]"))

    done = stage.tray("status")

    assert 0 == done.code
    assert "\x1b" not in done.out


def test_colours_are_for_terminals(stage: Stage) -> None:
    """What goes into a file or a pipe is plain text."""
    stage.signed_in_by_cli()

    assert "\x1b" not in stage.tray("status").out


def test_an_unusable_setting_is_a_problem_of_the_document(stage: Stage) -> None:
    """A broken config.toml is named, and sessions are shown all the same."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("guarded = 1\n")

    document = stage.tray("status", "--json").json()

    validate("status", document)
    assert 3 == len(document["sessions"])
    assert str(settings) in document["problems"][0]


def test_watch_prints_again_when_something_changed(either: Stage) -> None:
    """``--watch`` tells of a sign-in made by another program, by itself."""
    with either.start("status", "corp", "--json", "--watch") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        either.signed_in_by_cli()
        states = (json.loads(line)["sessions"][0]["state"] for line in process.stdout)
        seen = next(state for state in states if state == "signed-in")
        process.terminate()
        process.communicate(timeout=PATIENCE)

    assert "signed-out" == first["sessions"][0]["state"]
    assert "signed-in" == seen


def test_a_resident_of_another_world_is_not_asked(stage: Stage) -> None:
    """Other endpoints mean another AWS: the command acts alone and says so in a line (C3)."""
    with stage.daemon():
        done = stage.tray("status", "--json", AWS_ENDPOINT_URL_STS="http://127.0.0.1:1")

    assert 0 == done.code
    assert done.json()["resident"] is None
    assert 1 == len(done.err.splitlines())


def test_beside_a_resident_of_another_world_none_is_said_to_be_absent(stage: Stage) -> None:
    """C3: what runs with other endpoints is running; ``status`` and ``login`` say nothing else."""
    other = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
    with stage.daemon():
        signed_in = stage.tray("login", "corp", **other)
        seen = stage.tray("status", **other)

    assert [0, 0] == [signed_in.code, seen.code]
    assert "SSO Tray runs with other files or endpoints; the AWS CLI and SDKs" in signed_in.out
    assert "isn't running" not in signed_in.out + seen.out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows stops no process")
def test_a_daemon_that_hangs_is_not_said_to_be_absent(stage: Stage) -> None:
    """Neither by ``status``: what does not answer runs, and `start` would only find it there."""
    stage.signed_in_by_cli()
    with stage.daemon() as process:
        process.send_signal(signal.SIGSTOP)
        said = stage.tray("status").out
        process.send_signal(signal.SIGCONT)

    assert "SSO Tray is running but doesn't answer. For details, run: sso-tray doctor" in said
    assert "isn't running" not in said


def test_without_a_daemon_nothing_is_said_to_be_tried(stage: Stage) -> None:
    """C3: where no daemon tries again by itself, ``status`` and ``doctor`` name the command."""
    stage.signed_in_by_cli()
    failed = stage.tray("renew", "corp", **stage.unreachable())

    words = [stage.tray(command).out for command in ("status", "doctor")]

    assert 1 == failed.code
    for said in words:
        assert "to try again, run: sso-tray renew" in " ".join(said.split())
        assert "trying now" not in said


def test_profiles_that_disagree_are_named(either: Stage) -> None:
    """The session then uses AWS's defaults, and a setting of its own decides."""
    either.config.write_text(
        CONFIG.replace("[profile reader]", "[profile reader]\nca_bundle = /x.pem")
    )
    sentence = 'The profiles of "corp" disagree on ca_bundle, so the session uses AWS\'s defaults.'
    either.until(lambda: either.status()["disagreement"] == sentence)

    said = either.tray("status").out

    assert f"! {sentence}" in said
