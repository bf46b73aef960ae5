from __future__ import annotations

import base64
import json
import reprlib
import textwrap
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.leaks.canaries import Canaries
from tray.fake_aws.identity_center import IdentityCenter

SECRET = 'aorAAAAA/9k+"q=\\Zx' + "".join(chr(48 + n % 75) for n in range(0, 1000, 7))

PLANTED: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "in a sentence": lambda text: f"the token {text}, they say".encode(),
    "JSON": lambda text: json.dumps({"a": {"b": text}}).encode(),
    "JSON with escaped slashes": lambda text: json.dumps(text).replace("/", "\\/").encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})).encode(),
    "URL": lambda text: b"https://x/?code=" + quote(text, safe="").encode() + b"&state=1",
    "URL with slashes": lambda text: b"https://x/" + quote(text).encode(),
    "repr": lambda text: repr({"a": text}).encode(),
    "bytes": lambda text: repr([text.encode()]).encode(),
    "shortened repr": lambda text: reprlib.repr([text]).encode(),
    "beginning": lambda text: text[:15].encode(),
    "end": lambda text: b"..." + text[-15:].encode(),
    "middle": lambda text: text[101:116].encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 in lines": lambda text: base64.encodebytes(b"so: " + text.encode()),
    "wrapped": lambda text: "\n  ".join(textwrap.wrap(text, 76, break_on_hyphens=False)).encode(),
    "headers": lambda text: base64.b64encode(b"user:" + text.encode()),
}


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_secret_is_found(form: str) -> None:
    """Whatever form it has been given, whole or shortened, the secret is named."""
    canaries = Canaries([SECRET, "another secret, of no importance"])

    assert {SECRET} == canaries.in_text(b"before\n" + PLANTED[form](SECRET) + b"\nafter")


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("behind", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("secret", [SECRET, SECRET[20:50], SECRET[3:44]])
def test_base64_is_found_at_any_alignment(
    before: int, behind: int, encode: Callable[[bytes], bytes], secret: str
) -> None:
    """Among other bytes a secret looks different by where it begins."""
    text = encode(b"\xff" * before + secret.encode() + b"\xff" * behind)

    assert {secret} == Canaries([secret]).in_text(text)


def test_each_secret_of_a_session_is_found() -> None:
    """Tokens, client secrets and codes alike: what AWS gives is found where it is planted."""
    with IdentityCenter() as center:
        for _ in range(3):
            center.sign_in()
        secrets = sorted(center.secrets())
    canaries = Canaries(secrets)

    assert 9 == len(secrets)
    assert [{one} for one in secrets] == [canaries.in_text(one[45:]) for one in secrets]


def test_what_is_no_secret_is_not_found() -> None:
    """Ordinary text, and secrets of others, are let through."""
    canaries = Canaries([SECRET])
    ordinary = json.dumps({"state": "signed-in", "a": "aorAAAAA", "b": SECRET[::-1]})

    assert set() == canaries.in_text(ordinary + "Traceback (most recent call last):\n" * 100)
