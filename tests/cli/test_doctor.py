"""``doctor`` beside real programs: what it says, how long it may take, what its archive holds."""

from __future__ import annotations

import json
import socket
import stat
import threading
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from tests import schema
from tests.cli.stage import CONFIG, Stage
from tests.keyring_session import keyring_session
from tests.leaks.canaries import Canaries, forms
from tray.cli.doctor.probes import side_by_side
from tray.system.paths import Paths
from tray.worker.profile_credentials import asked_for

CANARY = "canary-4f9c0d2b7a61e8f35c-PLANTED/secret+value=="
SHORT = "hunter2:pa/ss?"
KEY_ID = "AKIAIOSFODNN7CANARY1"
NAME = "wjalrxutnfemi"


def test_a_signed_in_desk_is_told_line_by_line(either: Stage) -> None:
    """Session, config, clock and files are judged; the document keeps to its schema."""
    either.signed_in_by_cli()
    either.tray("use", "dev")

    document = either.tray("doctor", "--json").json()

    schema.validate("doctor", document)
    told = {one["area"]: one for one in document["findings"]}
    assert ("ok", "ok") == (told["corp"]["verdict"], told["AWS"]["verdict"])
    assert "apply default" in told["profile"]["remedy"]


def test_a_screen_fits_and_needs_no_colour(stage: Stage) -> None:
    """Eighty columns, a sign for each verdict, the next step behind an arrow; exit code 1."""
    stage.config.write_text("[profile a]\nregion = x\n[profile a]\n")

    done = stage.tray("doctor", NO_COLOR="1", AWS_ACCESS_KEY_ID="AKIAX")

    lines = done.out.splitlines()
    assert 1 == done.code
    assert [] == [line for line in lines if len(line) > 80 and str(stage.config) not in line]
    assert any(line.startswith("x config") for line in lines)
    assert any("> unset AWS_ACCESS_KEY_ID" in line for line in lines)
    assert "\x1b" not in done.out
    assert "AKIAX" not in done.out


def test_a_locked_keyring_is_said_without_a_prompt(stage: Stage) -> None:
    """Looking at a keyring never asks a person for a password."""
    with keyring_session("locked") as keyring:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
        prompter = keyring.start_silent_prompter()
        document = stage.tray("doctor", "--json").json()
        prompter.terminate()
        assert prompter.stdout is not None
        prompts = prompter.stdout.read().splitlines()

    told = {one["area"]: one for one in document["findings"]}
    assert ([], "problem", True) == (
        prompts,
        told["keyring"]["verdict"],
        told["keyring"]["sentence"].startswith("Secret Service is locked"),
    )


def test_what_hangs_keeps_nothing_else_from_being_told(stage: Stage) -> None:
    """A bus and a daemon that never answer cost their own lines; what hangs is not "none"."""
    agent = Paths.from_environment(stage.environ).runtime_sockets[0]
    agent.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as bus, socket.socket(socket.AF_UNIX) as daemon:
        for mute, place in ((bus, stage.home / "mute"), (daemon, agent)):
            mute.bind(str(place))
            mute.listen()
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={stage.home}/mute"
        document = stage.tray("doctor", "--json").json()

    told = {one["area"]: one for one in document["findings"]}
    assert {"keyring", "config", "corp", "AWS", "aws cli"} <= told.keys()
    assert "does not answer" in told["d-bus"]["sentence"]
    assert ("problem", True) == (
        told["sso-tray"]["verdict"],
        "doesn't answer" in told["sso-tray"]["sentence"],
    )


def test_a_probe_that_fails_or_hangs_is_one_line() -> None:
    """The rest is told, and of each of these only its kind: its text may hold anything."""
    never = threading.Event()

    def hang() -> Mapping[str, Any]:
        never.wait()
        return {}

    def fail() -> Mapping[str, Any]:
        raise ValueError(CANARY)

    found, unknown = side_by_side({"a": hang, "b": fail, "c": lambda: {"active": "dev"}}, 0.2)
    never.set()

    assert {"active": "dev"} == found
    assert {"a": "no answer within 0 s", "b": "ValueError"} == unknown


def test_the_archive_holds_no_secret_in_any_form(stage: Stage) -> None:
    """Canaries in config, credentials, token files, environment, log, history, memory stay out."""
    with keyring_session("unlocked") as keyring:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
        stage.signed_in_by_cli()
        assert 0 == stage.tray("renew", "corp").code  # into the keyring, by adoption
        stage.tray("credentials", "--profile", "reader")  # of a role that the history names
        planted = _plant(stage)
        archive = stage.home / "report.zip"

        done = stage.tray(
            "doctor",
            "--bundle",
            str(archive),
            **{"AWS_SESSION_TOKEN": CANARY, "LANG": SHORT, "MY_PASSWORD": SHORT, NAME: "x"},
        )
        again = stage.tray("doctor", "--bundle", str(archive))

    with zipfile.ZipFile(archive) as held:
        texts = {name: held.read(name).decode() for name in held.namelist()}
    whole = "\n".join(texts.values())
    secrets = Canaries([*stage.center.secrets(), CANARY, SHORT, KEY_ID, NAME])
    assert (0, 1, 0o600) == (done.code, again.code, stat.S_IMODE(archive.stat().st_mode))
    assert set() == secrets.in_text(whole)
    assert planted <= secrets.in_text(_everything(stage)), "the search finds what was planted"
    assert r"(\"name-" in texts["history.jsonl"]
    told = ("awsapps.com", "123456789011", "FullAccess", "ReadOnly", "bygone", str(stage.home))
    assert [] == [line for line in whole.splitlines() if any(one in line for one in told)]


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("sso-tray credentials --profile 'two words'", "two words"),
        ("sso-tray credentials --profile=dev", "dev"),
        ("sso-tray credentials --active", None),
        ("sso-tray credentials", "me"),
        ("/usr/bin/python3 -I -S /x/credentials.py dev", "dev"),
        ("/usr/bin/python3 -I -S /x/credentials.py", None),
        ("sso-tray credentials 'unfinished", None),
    ],
)
def test_whose_credentials_a_command_asks_for(command: str, asked: str | None) -> None:
    """However it names it; without a name AWS_PROFILE decides, which may be the profile itself."""
    assert asked == asked_for(command, "me", {"AWS_PROFILE": "me"})


def test_what_cannot_be_taken_apart_is_cut_word_by_word(stage: Stage) -> None:
    """A credentials file that no tool reads may hold secrets all the same; so may any variable."""
    secrets = ("broken!5secret", "/hunter2!x")
    (stage.config.parent / "credentials").write_text(
        f"[default\naws_secret_access_key={secrets[0]}\n"
    )
    stage.tray("status")
    log = stage.state / "sso-tray.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"2026-01-01T00:00:00Z WARNING tray.x: said {secrets[0]} and {secrets[1]}.\n")
    archive = stage.home / "report.zip"

    done = stage.tray("doctor", "--bundle", str(archive), MY_PASSWORD=secrets[1])
    both = stage.tray("doctor", "--bundle", str(archive), "--json")

    with zipfile.ZipFile(archive) as held:
        whole = "\n".join(held.read(name).decode() for name in held.namelist())
    assert (0, 2) == (done.code, both.code)
    assert [] == [one for one in secrets if one in whole]
    assert "said (cut) and (cut)" in whole


def test_the_archive_tells_what_a_report_needs(stage: Stage) -> None:
    """The same name is the same word in every file; our own words and plain values stay."""
    stage.signed_in_by_cli()
    stage.tray("renew", "corp")
    stage.tray("use", "reader")
    archive = stage.home / "report.zip"

    stage.tray("doctor", "--bundle", str(archive))

    with zipfile.ZipFile(archive) as held:
        texts = {name: held.read(name).decode() for name in held.namelist()}
    history = [json.loads(line) for line in texts["history.jsonl"].splitlines()]
    document = json.loads(texts["doctor.json"])
    schema.validate("doctor", document)
    assert (
        "[sso-session session-1]\nsso_start_url = url-1\nsso_region = us-east-1"
        in (texts["config.txt"])
    )
    assert ("renewed", "session-1") in [(one["what"], one.get("session")) for one in history]
    assert "session-1" in json.loads(texts["state.json"])["sessions"]
    assert {"session-1", "session-2", "keyring"} <= {one["area"] for one in document["findings"]}
    assert any('"profile-2"' in one["sentence"] for one in document["findings"])


def _plant(stage: Stage) -> set[str]:
    """Put canaries wherever somebody could, and return those that are in files now."""
    with stage.config.open("a") as file:
        file.write(f"[profile planted]\naws_secret_access_key = {CANARY}\nregion = {KEY_ID}\n")
        file.write(f"[{CANARY}]\n{NAME} = {CANARY}\noutput = {SHORT}\n")
    (stage.home / ".aws/credentials").write_text(f"[x]\naws_session_token = {CANARY}\n")
    with (stage.state / "sso-tray.log").open("a") as log:
        for canary in (CANARY, SHORT, KEY_ID, NAME):
            log.writelines(
                f"2026-01-01T00:00:00Z INFO tray.x: for {form.decode()}, then\n"
                for form in forms(canary)
            )
        log.write(f"2026-01-01T00:00:00Z INFO tray.x: session 'bygone' {stage.home}/x\n")
        log.write(f"Traceback: {CANARY}\n")
    with (stage.state / "history.jsonl").open("a") as history:
        for what, detail in (("refused", CANARY), ("active-profile", "bygone"), (NAME, SHORT)):
            line = {"at": "2026-01-01T00:00:00Z", "what": what, "session": "bygone"}
            history.write(json.dumps({**line, "detail": detail, "more": CANARY}) + "\n")
    state = json.loads((stage.state / "state.json").read_text())
    state["sessions"]["corp"]["mine"] = [CANARY, {SHORT: KEY_ID}]
    (stage.state / "state.json").write_text(json.dumps(state))
    return {CANARY, SHORT, KEY_ID, NAME}


def _everything(stage: Stage) -> str:
    files = [path for path in stage.home.rglob("*") if path.is_file() and path.suffix != ".zip"]
    return "\n".join(path.read_text(errors="replace") for path in files)


@pytest.mark.parametrize(
    ("more", "others"),
    [
        ("[profile dev]\n", True),
        ("region = eu-west-1\nregion = eu-west-2\n", True),
        ("[cut\n", False),
    ],
    ids=["section", "key", "cut"],
)
def test_only_what_stands_there_twice_is_read_by_other_sdks(
    stage: Stage, more: str, others: bool
) -> None:
    """Go, Rust, Java and C++ go on with the last value; nobody reads any other broken line."""
    stage.config.write_text(CONFIG + "[profile last]\n" + more)

    said = " ".join(stage.tray("doctor").out.split())

    assert others == ("Every other SDK and Terraform go on, with the last value" in said), said


def test_a_session_of_two_configs_is_said(stage: Stage) -> None:
    """Both use one token file; under one name may even be two portals."""
    second = stage.home / "second-config"
    second.write_text(stage.config.read_text().replace("https://other.", "https://another."))

    found = stage.tray("doctor", "--json", AWS_CONFIG_FILE=str(second)).json()["findings"]
    alone = stage.tray("doctor", "--json").json()["findings"]

    said = {one["area"]: one for one in found if "one token file" in one["sentence"]}
    assert "note" == said["corp"]["verdict"]
    assert "problem" == said["other"]["verdict"]
    assert [] == [one for one in alone if "one token file" in one["sentence"]]
