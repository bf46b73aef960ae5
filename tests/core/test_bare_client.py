"""What a client that names no profile gets, by the rules alone; the clients agree (A3)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.core.bare_rows import PROCESS, ROWS, SSO, Sections, expected, keys
from tray.core.profiles.bare_client import CLIENTS, AwsFiles, bare_client
from tray.core.text.bare_text import bare_clients


def files(config: Sections, credentials: Sections) -> AwsFiles:
    """Merge as botocore does."""
    names = [*config, *credentials]
    merged = {name: {**config.get(name, {}), **credentials.get(name, {})} for name in names}
    return AwsFiles(merged, [name for name in credentials if "aws_access_key_id" in merged[name]])


@pytest.mark.parametrize(("config", "credentials", "environ", "words"), ROWS)
def test_a_bare_client_gets(
    config: Sections, credentials: Sections, environ: Mapping[str, str], words: str
) -> None:
    """``tests/clients/test_bare_client.py`` puts the same rows to the real ones."""
    found = [bare_client(one, environ, files(config, credentials)) for one in CLIENTS]

    ways = [f"{one.way}:{one.profile}" if one.way == "keys" else one.way for one in found]
    assert expected(words) == ways


DEV = {"dev": SSO}
TWO = {"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": "a"}
NAMED = {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "a"}


@pytest.mark.parametrize(
    ("config", "credentials", "environ", "told"),
    [
        ({"default": SSO, **DEV}, {}, {}, 'aws, boto3 and the JavaScript SDK use "dev"'),
        ({"default": PROCESS, **DEV}, {}, {}, 'aws, boto3 and the JavaScript SDK use "dev"'),
        (DEV, {}, {}, "aws, boto3 and the JavaScript SDK find no credentials"),
        (
            {"default": SSO, **DEV}, {"default": keys("f")}, {},
            'aws and boto3 use "dev"; the JavaScript SDK uses the keys of [default]',
        ),
        (
            {**DEV, "a": keys("a")}, {}, TWO,
            'aws and the JavaScript SDK use "dev" (AWS_PROFILE); boto3 uses the keys of "a" '
            "(AWS_DEFAULT_PROFILE)",
        ),
        (
            {**DEV, "a": keys("a")}, {}, NAMED,
            'aws fails (AWS_PROFILE is empty); boto3 uses the keys of "a" (AWS_DEFAULT_PROFILE); '
            "the JavaScript SDK finds no credentials",
        ),
        (
            DEV, {}, {"AWS_PROFILE": "x"},
            'aws and boto3 fail (no profile "x" (AWS_PROFILE)); the JavaScript SDK finds no '
            "credentials",
        ),
        (
            DEV, {}, {"AWS_ACCESS_KEY_ID": "A"},
            "aws and boto3 fail (AWS_ACCESS_KEY_ID or AWS_WEB_IDENTITY_TOKEN_FILE is incomplete); "
            "the JavaScript SDK finds no credentials",
        ),
    ],
)  # fmt: skip
def test_who_that_is_is_said_for_each_client(
    config: Sections, credentials: Sections, environ: Mapping[str, str], told: str
) -> None:
    """Two tools in one terminal can be two different people, and the sentence says which."""
    sentence, effective = bare_clients(environ, files(config, credentials), "dev", {"default"})

    assert f"Without --profile, {told}." == sentence
    assert effective == (told == 'aws, boto3 and the JavaScript SDK use "dev"')
