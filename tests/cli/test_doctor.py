"""``doctor`` beside real programs: what it says, how long it may take, what its archive holds."""

from __future__ import annotations

import base64
import json
import socket
import stat
import zipfile
from urllib.parse import quote

from tests import schema
from tests.cli.stage import Stage
from tests.keyring_session import keyring_session

CANARY = "canary-4f9c0d2b7a61e8f35c-PLANTED/secret+value=="


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
        told["keyring"]["sentence"].startswith("Secret Service, locked"),
    )


def test_what_hangs_keeps_nothing_else_from_being_told(stage: Stage) -> None:
    """A bus that never answers costs its own lines alone."""
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(stage.home / "mute"))
        mute.listen()
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={stage.home}/mute"
        document = stage.tray("doctor", "--json").json()

    areas = {one["area"] for one in document["findings"]}
    assert {"resident", "keyring", "config", "AWS", "aws cli"} <= areas


def test_the_archive_holds_no_secret_in_any_form(stage: Stage) -> None:
    """Canaries in config, credentials, token file, environment, log and history stay out of it."""
    stage.signed_in_by_cli()
    stage.tray("renew", "corp")
    forms = [
        CANARY,
        base64.b64encode(CANARY.encode()).decode(),
        quote(CANARY, safe=""),
        json.dumps({"k": CANARY}).replace("/", "\\/"),
    ]
    with stage.config.open("a") as file:
        file.write(f"[profile planted]\naws_secret_access_key = {CANARY}\nregion = {CANARY}\n")
        file.write(f"[{CANARY}]\n{CANARY} = {CANARY}\n")
    (stage.home / ".aws/credentials").write_text(f"[x]\naws_session_token = {CANARY}\n")
    for name in ("sso-tray.log", "history.jsonl"):
        with (stage.state / name).open("a") as file:
            file.writelines(f"2026-01-01T00:00:00Z INFO x: {form}\n" for form in forms)
    archive = stage.home / "report.zip"

    done = stage.tray("doctor", "--bundle", str(archive), AWS_SESSION_TOKEN=CANARY, LANG=CANARY)
    again = stage.tray("doctor", "--bundle", str(archive))

    with zipfile.ZipFile(archive) as held:
        texts = {name: held.read(name).decode() for name in held.namelist()}
    whole = "\n".join(texts.values())
    assert (0, 1, 0o600) == (done.code, again.code, stat.S_IMODE(archive.stat().st_mode))
    assert {"doctor.json", "environment.json", "config.txt", "history.jsonl"} <= set(texts)
    assert "renewed" in texts["history.jsonl"]
    assert [] == [form for form in (*forms, "canary-4f9c0d2b7a61e8f35c") if form in whole]
    assert [] == [secret for secret in stage.center.secrets() if secret in whole]
    assert "awsapps.com" not in texts["config.txt"]
    assert "123456789011" not in texts["config.txt"]
