"""What a bare client gets by our rules is what the AWS CLI, botocore and JavaScript say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.components import ROOT, require
from tests.core.bare_rows import ROWS, Sections, expected

SESSION = """\
[sso-session corp]
sso_start_url = https://x.awsapps.com/start
sso_region = us-east-1
"""
NOWHERE = "http://127.0.0.1:1"
BOTOCORE = """\
import json, botocore.session
STATIC = ("env", "shared-credentials-file", "config-file", "custom-process")
try:
    found = botocore.session.Session().get_credentials()
    method = found and found.method
    print(json.dumps({"method": method, "key": found.access_key if method in STATIC else ""}))
except Exception as error:
    print(json.dumps({"error": type(error).__name__ + ": " + str(error)}))
"""
JAVASCRIPT = """\
const { defaultProvider } = require("@aws-sdk/credential-provider-node");
defaultProvider({ clientConfig: { region: "us-east-1" } })().then(
  (found) => console.log(JSON.stringify({ key: found.accessKeyId })),
  (error) => console.log(JSON.stringify({ error: error.message + " " + error.stack })));
"""
WORDS = (
    ("SSO Token", "sso"), ("SSO session token", "sso"),
    ("no credentials found", "nothing"), ("Could not load credentials", "nothing"),
    ("could not be found", "missing"),
    ("has no role ARN", "fails"), ("Partial credentials", "fails"), ("missing required", "fails"),
    ("invalid SSO", "fails"),
    ("login session", "login"), ("MissingDependency", "login"), ("login/cache", "login"),
    ("WebIdentityToken", "web-identity"),
    ("container", "container"), ("ECONNREFUSED", "container"),
    ("proxy URL", "role"), ("sts.us-east-1", "role"),
)  # fmt: skip
METHODS = {
    "sso": "sso", "assume-role": "role", "assume-role-with-web-identity": "web-identity",
    "login": "login", "container-role": "container", None: "nothing",
}  # fmt: skip


# JavaScript does not tell a container that gives nothing from no container.
CASES = [
    (client, *row)
    for row in ROWS
    for client in ("aws", "boto3", "javascript")
    if (client, row[3]) != ("javascript", "container")
]


@pytest.mark.parametrize(("client", "config", "credentials", "environ", "words"), CASES)
def test_the_client_itself_gets(
    tmp_path: Path,
    client: str,
    config: Sections,
    credentials: Sections,
    environ: Mapping[str, str],
    words: str,
) -> None:
    """Each row of ``tests/core/bare_rows.py``, asked of the client in a home of its own."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(_text(config, "profile ") + SESSION)
    (tmp_path / ".aws/credentials").write_text(_text(credentials, ""))
    (tmp_path / "token").write_text("t")
    env = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "HTTPS_PROXY": NOWHERE,
        "NODE_PATH": str(ROOT / ".tools/js/node_modules"),
        **environ,
    }

    command = {
        "aws": lambda: [str(require("aws-newest")), "configure", "export-credentials"],
        "boto3": lambda: [sys.executable, "-I", "-c", BOTOCORE],
        "javascript": lambda: [str(require("js-sdk")), "-e", JAVASCRIPT],
    }[client]()
    done = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    which = ["aws", "boto3", "javascript"].index(client)
    assert expected(words)[which] == _way(done.stdout, done.stderr), done.stdout + done.stderr


def _text(sections: Sections, prefix: str) -> str:
    return "".join(
        f"[{name if name == 'default' else prefix + name}]\n"
        + "".join(f"{key} = {value}\n" for key, value in keys.items())
        for name, keys in sections.items()
    )


def _way(out: str, err: str) -> str:
    told = json.loads(out) if out.startswith("{") else {"error": err}
    key = told.get("key") or told.get("AccessKeyId")
    if key:
        names = {"AKIAENV": "environment", "AKIAPROC": "process"}
        return names.get(key, f"keys:{key.removeprefix('AKIA').lower()}")
    if "error" not in told:
        return METHODS[told["method"]]
    return next((way for words, way in WORDS if words in told["error"]), told["error"])
