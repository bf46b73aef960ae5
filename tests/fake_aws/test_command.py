"""The center as a program of its own, for trying by hand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

PROGRAM = (sys.executable, "-m", "tray.fake_aws")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_exports_serves_and_ends(how: signal.Signals) -> None:
    """One line of exports, a page behind it, and exit 0 on either signal."""
    with subprocess.Popen(
        [*PROGRAM, "--auto-approve", "--accounts", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        found = re.fullmatch(
            r"export AWS_ENDPOINT_URL_SSO=(http://127\.0\.0\.1:\d+) "
            r"AWS_ENDPOINT_URL_SSO_OIDC=\1 AWS_ENDPOINT_URL_STS=\1 AWS_ENDPOINT_URL_SIGNIN=\1\n",
            line,
        )
        if found is None:
            process.kill()
        assert found is not None, line
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{found[1]}/device", timeout=20) as page:
            status = page.status
        process.send_signal(how)
        rest = process.stdout.read() + process.stderr.read()

    assert (200, "", 0) == (status, rest, process.returncode)


def test_a_taken_port_is_one_sentence() -> None:
    """A port in use is one line on stderr and exit 1."""
    with subprocess.Popen([*PROGRAM], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        port = first.stdout.readline().strip().rpartition(":")[2]

        second = subprocess.run(
            [*PROGRAM, "--port", port], capture_output=True, text=True, timeout=60, check=False
        )

        os.kill(first.pid, signal.SIGTERM)
    assert (1, f"port {port}: Address already in use\n") == (second.returncode, second.stderr)
