"""A secret that is pasted as an argument is not repeated by the error that it causes."""

from __future__ import annotations

import re

import pytest

from tests.cli.stage import CONFIG, Stage
from tray.cli.front.secret_words import HIDDEN, without_secrets

# Shaped as AWS's are, and made up: a secret access key, an access token.
KEY = "wJa1rXUtnFEMIzzzMDENGzbPxRfiCYzzzzzzzKEY"
TOKEN = "aoaAAAAAGabcdefghijklmnop1234567890ABCDEFGHIJ" * 8


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("status", "dev", KEY), 2),
        (("use", KEY), 2),
        (("use", "dev", TOKEN), 2),
        (("logout", "corp", KEY), 2),
        (("login", f"--{KEY}"), 2),
        (("login", "corp", f"AWS_SESSION_TOKEN={KEY[:12]}"), 2),
        (("credentials", "--format", KEY), 2),
        (("log", "--lines", KEY), 2),
        (("autostart", KEY), 2),
        (("guide", KEY), 2),
        (("settings", KEY), 0),
        (("exec", f"--{KEY}"), 125),
        (("exec", "--profile", KEY, "--", "true"), 125),
        (("export", f"AWS_SECRET_ACCESS_KEY={KEY}"), 2),
        ((f"[profile {KEY}]",), 2),
        ((KEY,), 2),
        ((f"--{TOKEN}",), 2),
    ],
)
def test_no_error_repeats_it(stage: Stage, line: tuple[str, ...], code: int) -> None:
    """Neither ours nor click's, nor head or tail of a long one."""
    stage.config.write_text(CONFIG)

    done = stage.tray(*line)

    secret = TOKEN if any(TOKEN in word for word in line) else KEY
    pieces = {secret[:12], secret[-12:]}
    assert code == done.code
    assert "" != done.err
    assert not [piece for piece in pieces if piece in done.out + done.err]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("logout", "corp", "again"), r"unexpected extra argument \(again\)"),
        (("login", "--method", "smoke"), r"No such option '--method'"),
        (("log", "--lines", "many"), r"Error: Invalid value for '-n' / '--lines': 'many' is"),
        (
            ("use", "MyCompany-Production-Account-123456789012-AdministratorAccess"),
            "MyCompany-Production-Account-123456789012-Admin",
        ),
        (("export", "AWS_ACCESS_KEY_ID=x"), "Those are temporary keys"),
        (("[sso-session corp2]",), "That's a section of an AWS config"),
    ],
)
def test_what_is_no_secret_is_named(stage: Stage, line: tuple[str, ...], told: str) -> None:
    """Long names and mistyped options are told as they were typed."""
    done = stage.tray(*line)

    assert 2 == done.code
    assert re.search(told, done.err), done.err
    assert HIDDEN not in done.err


def test_a_text_without_the_lines_secrets_stays() -> None:
    """Only words of the line are looked for."""
    assert f"a {KEY}" == without_secrets(f"a {KEY}", ("use", "dev"))


def test_a_token_with_dashes_is_hidden_whole() -> None:
    """Tokens are in base64 for URLs, which "-" and "_" break into short runs."""
    token = "aoaAAAAA" + "h7X-m0Yi_G5ho" * 12

    assert f'No session is called "{HIDDEN}".' == without_secrets(
        f'No session is called "{token}".', ("status", token)
    )
