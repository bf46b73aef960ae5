"""What a report's texts lose, and what they keep."""

from __future__ import annotations

import pytest

from tests.leaks.canaries import Canaries
from tests.leaks.canaries import forms as known_forms
from tray.cli.doctor.masking import PLAIN_KEYS, PLAIN_VARIABLES, Mask, own_words, plain

SECRET = 'p4ss"w\u00f6rd/with+all\\signs'
OURS = frozenset({
    "a", "and", "at", "aws", "com", "config", "cut", "is", "keyring", "login", "of", "oidc",
    "renewed", "role", "secret_service", "session", "sso", "to", "too", "tray", "worker", "write",
    "https", "amazonaws",
})  # fmt: skip


def _mask() -> Mask:
    mask = Mask(OURS, "/home/ada")
    mask.word("session", "corp")
    mask.word("profile", "my dev")
    mask.word("profile", "dev")
    mask.word("account", "123456789011")
    mask.url("https://corp.awsapps.com/start")
    return mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("corp: renewed, my dev and dev.", "session-1: renewed, profile-1 and profile-2."),
        ("corporate development of dev-2", "(cut) (cut) of (cut)"),
        ("at https://corp.awsapps.com/start.", "at url-1"),
        ("at corp.awsapps.com too", "at url-1 too"),
        ("at https://oidc.eu-west-2.amazonaws.com/token?x=y", "at https://oidc.eu-west-2.amazonaws.com"),
        ("at https://a:b@proxy.acme.example:3128", "at url-2"),
        ("at other.awsapps.com", "at url-2"),
        ("role of 123456789011 and 210987654321", "role of account-1 and account-2"),
        ("session 'bygone' and \"dev\"", "session 'name-1' and \"profile-2\""),
        ("/home/ada/.aws/config and /home/adam", "~/.aws/config and (cut)"),
        (
            'dev ("123456789011/Admin"), to aws (17)', 'profile-2 ("name-1"), to aws (17)',
        ),
        ("write to ada@acme.example.", "write to (cut)."),
        ("AKIAIOSFODNN7EXAMPLE and aoaAbCdEf12345678", "(cut) and (cut)"),
        ("is 0123456789abcdef 0123456789abcdef?", "is fingerprint-1 fingerprint-1?"),
        ("a correct-horse of 12345678, 1234 (17 s)", "a (cut) of (cut), 1234 (17 (cut))"),
        ("sso-tray login corp", "sso-tray login session-1"),
        ("tray.worker.keyring.secret_service: short", "tray.worker.keyring.secret_service: (cut)"),
        ("(SSLError at 2026-01-01T00:00:00Z)", "(SSLError at 2026-01-01T00:00:00Z)"),
    ],
)  # fmt: skip
def test_names_become_words_and_only_our_own_words_stay(text: str, expected: str) -> None:
    """Known names, what looks like one, and all that is no word of this program."""
    assert expected == _mask().text(text)


def test_a_secret_goes_in_every_form() -> None:
    """Raw, in JSON, in a URL and in base64, whatever stands before and behind."""
    mask = _mask()

    texts = [mask.text(f"x {form.decode()} y") for form in known_forms(SECRET)]

    assert [set()] * len(texts) == [Canaries([SECRET]).in_text(text) for text in texts]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("region", "eu-west-2", "eu-west-2"),
        ("region", "AKIAIOSFODNN7EXAMPLE", "(set)"),
        ("region", "hunter-two-1x", "(set)"),
        ("output", "json", "json"),
        ("output", "hunter2", "(set)"),
        ("role_arn", "eu-west-2", "(set)"),
        ("region", {"a": "b"}, "(set)"),
    ],
)
def test_a_value_is_told_if_it_looks_as_it_should(
    name: str, value: object, expected: str
) -> None:  # fmt: skip
    """By its shape, whatever the key promises."""
    assert expected == plain(name, value, PLAIN_KEYS)


def test_a_variable_is_told_likewise() -> None:
    """A desktop's name is; a password in its place is not."""
    names = [("XDG_CURRENT_DESKTOP", "ubuntu:GNOME"), ("XDG_CURRENT_DESKTOP", "hunter2")]

    assert ["ubuntu:GNOME", "(set)"] == [plain(*one, PLAIN_VARIABLES) for one in names]


def test_our_own_words_hold_no_name_of_the_demo() -> None:
    """What we log is known, errors of the system included; nobody's account or role is."""
    words = own_words()

    assert {"renewed", "effect_runner", "permission", "aws_profile", "keyerror"} <= words
    assert set() == words & {"123456789011", "fullaccess", "x", "7"}
