"""``exec --endpoint`` beside every client that may run in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.desk import ACCOUNT, Desk
from tests.clients.identity import ClientName
from tests.components import ROOT, require

NAMES: list[ClientName] = ["aws-newest", "boto3", "js-chain"]
BOTO3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
JS = """\
const { GetCallerIdentityCommand, STSClient } = require("@aws-sdk/client-sts");
new STSClient({}).send(new GetCallerIdentityCommand({})).then((who) => console.log(who.Account));
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_client_takes_the_endpoints_credentials(desk: Desk, name: ClientName) -> None:
    """A5: it knows of no profile and no key, and is who the endpoint says."""
    desk.keep("lean", minutes=60)
    script = Path(desk.env["HOME"], "who.cjs")
    script.write_text(JS)
    command = {
        "aws-newest": lambda: [str(require("aws-newest")), "sts", "get-caller-identity"],
        "boto3": lambda: [sys.executable, "-I", "-c", BOTO3],
        "js-chain": lambda: [str(require("js-sdk")), str(script)],
    }[name]()

    done = subprocess.run(
        [sys.executable, "-m", "tray", "exec", "--profile", "dev", "--endpoint", "--", *command],
        env={
            **desk.env,
            "PYTHONPATH": str(ROOT),
            "NODE_PATH": str(ROOT / ".tools/js/node_modules"),
        },
        cwd=desk.env["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert (0, True) == (done.returncode, ACCOUNT in done.stdout), done.stderr
