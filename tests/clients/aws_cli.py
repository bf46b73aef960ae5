"""
Runs the real AWS CLI v2 and boto3 as a user's terminal would, but in a home of its own.

Only loopback can be reached: Identity Center, portal and STS are pointed at one http URL, and any
call to AWS itself, being https, would end at a closed port that is named as its proxy.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tests.components import Component, require

Version = Literal["newest", "debian"]
"""AWS's own bundle, and Debian's package (2.9.19 on Debian 12: device code only)."""

TIMEOUT = 60.0
"""Seconds after which a client that should have answered long ago fails the test."""

API_VERSIONS: Mapping[str, str] = {
    "sso": "2019-06-10",
    "sso-oidc": "2019-06-10",
    "sts": "2011-06-15",
}

_COMPONENTS: Mapping[Version, Component] = {"newest": "aws-newest", "debian": "aws-debian"}

_CLOSED_PORT = "http://127.0.0.1:1"

_BROWSER = """\
import sys
import urllib.request

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with direct.open(sys.argv[1], timeout=30) as page:
    page.read()
"""

_IDENTITY = """\
import json
import sys

import boto3

answer = boto3.Session(profile_name=sys.argv[1]).client("sts").get_caller_identity()
print(json.dumps({name: answer[name] for name in ("Account", "Arn", "UserId")}))
"""


def client_environment(home: Path, url: str) -> dict[str, str]:
    """
    Return the whole environment for AWS clients, with nothing of the developer's in it.

    Args:
        home: becomes ``HOME``; created, with what the clients need in it.
        url: where Identity Center, portal and STS are served: ``http://127.0.0.1:port``.
    """
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "AWS_CLI_AUTO_PROMPT": "off",
        "AWS_DATA_PATH": str(endpoint_data_path(home / ".endpoints", url)),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_SSO": url,
        "AWS_ENDPOINT_URL_SSO_OIDC": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_PAGER": "",
        "BROWSER": browser_command(home),
        "HTTPS_PROXY": _CLOSED_PORT,
        "NO_PROXY": "127.0.0.1",
    }


def endpoint_data_path(directory: Path, url: str) -> Path:
    """
    Write rule sets that send sso, sso-oidc and sts to ``url``; return what AWS_DATA_PATH gets.

    An AWS CLI before 2.13 knows no ``AWS_ENDPOINT_URL_*``, but reads its endpoint rule sets from
    this directory before its own (botocore's loader; measured with 2.9.19).
    """
    for service, api_version in API_VERSIONS.items():
        place = directory / service / api_version
        place.mkdir(parents=True, exist_ok=True)
        rules = json.dumps(_rule_set(url), indent=2)
        (place / "endpoint-rule-set-1.json").write_text(rules, encoding="utf-8")
    return directory


def _rule_set(url: str) -> dict[str, object]:
    """Return a rule set that takes every parameter botocore gives and answers one URL."""
    flags = {"UseDualStack": "AWS::UseDualStack", "UseFIPS": "AWS::UseFIPS"}
    texts = {"Region": "AWS::Region", "Endpoint": "SDK::Endpoint"}
    return {
        "version": "1.0",
        "parameters": {
            **{
                name: {
                    "builtIn": source,
                    "required": False,
                    "documentation": name,
                    "type": "String",
                }
                for name, source in texts.items()
            },
            **{
                name: {
                    "builtIn": source,
                    "required": True,
                    "default": False,
                    "documentation": name,
                    "type": "Boolean",
                }
                for name, source in flags.items()
            },
        },
        "rules": [
            {
                "conditions": [],
                "endpoint": {"url": url, "properties": {}, "headers": {}},
                "type": "endpoint",
            }
        ],
    }


def browser_command(directory: Path) -> str:
    """
    Return a ``$BROWSER`` that fetches the page and follows every redirect.

    It ends in ``&``: the AWS CLI serves its callback only once the browser command has returned,
    and Python's ``webbrowser`` waits for a command without the ``&``.
    """
    script = directory / ".browser.py"
    script.write_text(_BROWSER, encoding="utf-8")
    return f"{shlex.join([sys.executable, '-I', str(script)])} %s &"


def aws_cli(
    version: Version, *arguments: str, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """
    Run ``aws`` with these arguments; the test is skipped where that AWS CLI is missing.

    Args:
        version: which of the two.
        arguments: as typed.
        env: the whole environment; see :func:`client_environment`.
    """
    return _run([str(require(_COMPONENTS[version])), *arguments], env)


def boto3_identity(env: Mapping[str, str], profile: str) -> subprocess.CompletedProcess[str]:
    """Ask STS who we are, with boto3 in a process of its own; stdout as :func:`aws_cli`'s."""
    return _run([sys.executable, "-I", "-c", _IDENTITY, profile], env)


def _run(command: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=dict(env),
        cwd=env["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def release(version: Version, *, env: Mapping[str, str]) -> tuple[int, ...]:
    """Return ``(2, 9, 19)``."""
    told = aws_cli(version, "--version", env=env).stdout
    found = re.match(r"aws-cli/(\d+)\.(\d+)\.(\d+)", told)
    assert found is not None, told
    return tuple(int(number) for number in found.groups())


def device_code_options(version: Version, *, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return what makes ``aws sso login`` use a device code; before 2.22 it knew nothing else."""
    asked = ("--use-device-code",) if release(version, env=env) >= (2, 22) else ()
    return ("--no-browser", *asked)
