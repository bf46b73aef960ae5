"""What a client that names no profile gets: files, environment, and each client's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Sections = Mapping[str, Mapping[str, str]]

SSO: Final = {"sso_session": "corp", "sso_account_id": "1", "sso_role_name": "r"}
ROLE: Final = {"role_arn": "arn:aws:iam::1:role/x", "source_profile": "a"}
ENV: Final = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
WEB: Final = {"AWS_WEB_IDENTITY_TOKEN_FILE": "token"}


def keys(name: str) -> dict[str, str]:
    """Return static keys that tell whose they are."""
    return {"aws_access_key_id": f"AKIA{name.upper()}", "aws_secret_access_key": "s"}


PROCESS: Final = {
    "credential_process": """echo '{"Version":1,"AccessKeyId":"AKIAPROC","SecretAccessKey":"s"}'"""
}
ID: Final = {"aws_access_key_id": "AKIAX"}
D: Final = {"default": keys("default")}
A: Final = {"a": keys("a")}
B: Final = {"b": keys("b")}
OURS: Final = {"sso-tray": PROCESS}

ROWS: Final[list[tuple[Sections, Sections, Mapping[str, str], str]]] = [
    # config, credentials file, environment; then aws, boto3 and JavaScript, one word if all agree
    ({}, {}, {}, "nothing"),
    ({"default": {"region": "us-east-1"}}, {}, {}, "nothing"),
    ({"default": SSO}, {}, {}, "sso"),
    (D, {}, {}, "keys:default"),
    ({}, D, {}, "keys:default"),
    ({"default": SSO}, D, {}, "sso sso keys:default"),
    ({"default": PROCESS}, D, {}, "keys:default"),
    ({"default": {**PROCESS, **keys("default")}}, {}, {}, "process process keys:default"),
    ({"default": ROLE, **A}, {}, {}, "role"),
    ({"default": {**ROLE, **SSO}, **A}, D, {}, "role"),
    ({"default": {"role_arn": "arn:aws:iam::1:role/x"}}, {}, {}, "fails fails nothing"),
    ({"default": {"sso_session": "corp"}}, {}, {}, "nothing nothing fails"),
    ({"default": {"sso_session": "corp"}}, D, {}, "keys:default"),
    ({"default": {"sso_account_id": "1"}}, {}, {}, "fails"),
    ({"default": ID}, {}, {}, "fails fails nothing"),
    ({}, {"default": ID}, {}, "fails fails nothing"),
    ({"default": {"login_session": "arn"}}, {}, {}, "login"),
    ({"default": {"login_session": "arn"}}, D, {}, "keys:default"),
    ({"default": {"login_session": "arn", **PROCESS}}, {}, {}, "login login process"),
    ({"default": SSO}, {}, ENV, "environment"),
    (A, {}, {**ENV, "AWS_PROFILE": "a"}, "environment environment keys:a"),
    (A, {}, {**ENV, "AWS_DEFAULT_PROFILE": "a"}, "environment"),
    ({}, {}, {**ENV, "AWS_PROFILE": "gone"}, "missing missing nothing"),
    ({}, {}, {**ENV, "AWS_PROFILE": ""}, "missing missing environment"),
    (D, {}, {"AWS_ACCESS_KEY_ID": "AKIAENV"}, "fails fails keys:default"),
    (D, {}, {"AWS_SECRET_ACCESS_KEY": "s"}, "keys:default"),
    (D, {}, dict.fromkeys(ENV, ""), "keys:default"),
    ({**D, **A}, {}, {"AWS_PROFILE": "a"}, "keys:a"),
    ({**D, **A}, {}, {"AWS_DEFAULT_PROFILE": "a"}, "keys:a keys:a keys:default"),
    ({**A, **B}, {}, {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, "keys:a keys:b keys:a"),
    (
        {**D, **B}, {}, {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "b"},
        "missing keys:b keys:default",
    ),
    ({**D, **B}, {}, {"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": ""}, "keys:b missing keys:b"),
    (D, {}, {"AWS_PROFILE": ""}, "missing missing keys:default"),
    (D, {}, {"AWS_DEFAULT_PROFILE": ""}, "missing missing keys:default"),
    (D, {}, {"AWS_PROFILE": "gone"}, "missing missing nothing"),
    (A, {}, {"AWS_PROFILE": "default"}, "missing missing nothing"),
    ({}, A, {"AWS_PROFILE": "a"}, "keys:a"),
    ({**OURS, **D}, {}, {"AWS_PROFILE": "sso-tray"}, "process"),
    ({**OURS, **D}, {}, {**ENV, "AWS_PROFILE": "sso-tray"}, "environment environment process"),
    (D, {}, {**WEB, "AWS_ROLE_ARN": "arn"}, "web-identity web-identity keys:default"),
    (D, {}, WEB, "fails fails keys:default"),
    ({"default": ROLE, **A}, {}, {**WEB, "AWS_ROLE_ARN": "arn"}, "role"),
    ({}, {}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"}, "container"),
]  # fmt: skip


def expected(words: str) -> list[str]:
    """Return what aws, boto3 and JavaScript get, each a way and for keys whose they are."""
    return words.split() if " " in words else [words] * 3
